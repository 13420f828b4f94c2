/** Which found texts are hard negatives. */
import { expect, test } from 'vitest'
import { chooseNegatives, inTurn } from '../../src/training/negatives.ts'

const POSITIVE = 'To cancel a request, call abort on the controller that you gave to fetch before.'
const TEXTS = [
  { text: 'Requests can be made with fetch, which takes an address and options.', score: 20 },
  { text: 'A controller has a signal that can be given to several requests.', score: 19 },
  { text: 'Responses are streams of bytes that can be read once and no more.', score: 18 },
]
const choose = (
  candidates: readonly { text: string; score: number }[],
  more: { negatives?: number; margin?: number } = {},
) => chooseNegatives(candidates, [POSITIVE], 25, { negatives: 2, margin: 0.95, ...more })

test('the first that are wanted, in their order', () => {
  expect(choose(TEXTS)).toEqual({ chosen: [0, 1], alike: 0, tooGood: 0 })
  expect(choose(TEXTS, { negatives: 9 }).chosen).toEqual([0, 1, 2])
})

test.each([
  ['itself', POSITIVE],
  ['in other case, spaces and signs', `  ${POSITIVE.toUpperCase().replaceAll(' ', '\n')}!!`],
  ['with a heading before it', `Guide > Requests\n${POSITIVE} There is more to be said of that, as follows below.`],
  ['a part of it', 'To cancel a request, call abort on the controller that you gave'],
  ['but for a word', POSITIVE.replace('before', 'earlier')],
])('the positive %s is none', (_, text) => {
  expect(choose([{ text, score: 3 }, ...TEXTS])).toEqual({ chosen: [1, 2], alike: 1, tooGood: 0 })
})

test('texts with a few words in common are not alike', () => {
  const near = 'To cancel a subscription, write to the people that you bought it from before.'
  expect(choose([{ text: near, score: 3 }]).chosen).toEqual([0])
})

test('of two that say the same one is taken; a text without words is none', () => {
  const [first] = TEXTS
  expect(choose([...TEXTS.slice(0, 1), { text: `${first?.text} `, score: 1 }, { text: '---', score: 1 }])).toEqual({
    chosen: [0],
    alike: 2,
    tooGood: 0,
  })
})

test('scripts without spaces are compared by characters', () => {
  const chosen = (text: string) =>
    chooseNegatives([{ text, score: 1 }], ['要求を取り消すには中止を呼びます'], 9, { negatives: 1, margin: 1 }).chosen
  expect(chosen('要求を取り消すには中止を呼びます。')).toEqual([])
  expect(chosen('応答は一度だけ読むことができます')).toEqual([0])
})

test("what scores above the margin is left out, the positive's own score with margin 1 kept", () => {
  const near = [{ text: 'Nearly as good an answer as the one that was marked.', score: 23.76 }, ...TEXTS]
  expect(choose(near)).toEqual({ chosen: [1, 2], alike: 0, tooGood: 1 })
  expect(choose(near, { margin: 0.951 }).chosen).toEqual([0, 1])
  expect(choose([{ text: 'Just as good an answer as the marked one.', score: 25 }], { margin: 1 }).chosen).toEqual([0])
})

test('rankings take turns; each text once; what any has among the first is skipped in all', () => {
  expect(
    inTurn(
      [
        [1, 2, 3],
        [4, 1, 5, 6],
      ],
      0,
    ),
  ).toEqual([1, 4, 2, 3, 5, 6])
  expect(
    inTurn(
      [
        [1, 2, 3],
        [4, 1, 5, 6],
      ],
      1,
    ),
  ).toEqual([2, 3, 5, 6])
  expect(inTurn([[], [7]], 0)).toEqual([7])
  expect(inTurn([[1]], 5)).toEqual([])
})
