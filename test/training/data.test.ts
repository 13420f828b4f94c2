/** Lines of training data: what they become, what is said of wrong ones, and which examples are kept apart. */
import { expect, test } from 'vitest'
import { type DataOptions, drawn, holdOut, readExamples, without } from '../../src/training/data.ts'

const withTitle: DataOptions['withTitle'] = (title, text) => `${title}\n${text}`
const read = (lines: readonly unknown[], loss?: DataOptions['loss']) =>
  readExamples([{ name: 'pairs.jsonl', content: asLines(lines) }], { withTitle, loss })
const asLines = (lines: readonly unknown[]) => lines.map(asLine).join('\n')
const asLine = (line: unknown) => (typeof line === 'string' ? line : JSON.stringify(line))
const WHOLE = { query: 'how to stop it', positive: 'Call stop().', negative: 'Call start().' }

test('pairs and triples; a title stands before its text, as in an index', () => {
  const { examples, documents } = read([
    { query: 'q1', positive: 'p1', title: 'Guide', doc: 'guide.html#one', source: 'docs' },
    '',
    { query: 'q2', positive: 'p2', negative: 'n1', negatives: ['n2', { title: 'Other', text: 'n3' }] },
    { query: 'q3', positive: 'p3', negatives: ['n'], scores: [9.5, -1] },
  ])
  expect(examples).toEqual([
    { query: 'q1', positive: 'Guide\np1', negatives: [] },
    { query: 'q2', positive: 'p2', negatives: ['n1', 'n2', 'Other\nn3'] },
    { query: 'q3', positive: 'p3', negatives: ['n'], scores: [9.5, -1] },
  ])
  expect(documents).toEqual(['guide.html#one', undefined, undefined])
})

test('what is said twice counts once, across files too', () => {
  const files = ['a.jsonl', 'b.jsonl'].map((name) => ({ name, content: `${asLine(WHOLE)}\n` }))
  const { examples, doubled } = readExamples(
    [...files, { name: 'c.jsonl', content: asLine({ ...WHOLE, query: 'x' }) }],
    {
      withTitle,
    },
  )
  expect([examples.length, doubled]).toEqual([2, 1])
})

test.each<[what: string, line: unknown, message: RegExp]>([
  ['no JSON', '{"query": ', /not a line of JSON/],
  ['a list', ['a', 'b'], /not a JSON object/],
  ['no query', { positive: 'p' }, /no "query"\. Its fields are "positive"\./],
  ['no positive', { anchor: 'q', query: 'q' }, /no "positive"\. Its fields are "anchor", "query"\./],
  ['an empty query', { ...WHOLE, query: ' \n' }, /"query" is empty/],
  ['an empty positive', { ...WHOLE, positive: '' }, /"positive" is empty/],
  ['an empty negative', { ...WHOLE, negative: '' }, /"negative" is empty/],
  ['an empty one of several', { ...WHOLE, negatives: ['ok', ''] }, /"negatives"\[1\] is empty/],
  ['a number for a text', { ...WHOLE, positive: 3 }, /"positive" is 3, wanted a text/],
  ['a text for a list', { ...WHOLE, negatives: 'n' }, /"negatives" is "n", wanted a list/],
  ['numbered negatives', { ...WHOLE, negative_1: 'n' }, /"negative_1" is not known\. Give "negative"/],
  ['a title that is none', { ...WHOLE, title: ['t'] }, /"title" is \["t"\], wanted a text/],
  [
    'the positive among the negatives',
    { ...WHOLE, negative: ' Call\n stop(). ' },
    /negative 1 of 1 is the positive again/,
  ],
  ['a negative twice', { ...WHOLE, negatives: ['x', 'x'] }, /negative 3 is negative 2 again/],
  ['too few scores', { ...WHOLE, scores: [1] }, /1 scores for 2 texts/],
  ['a score that is none', { ...WHOLE, scores: [1, null] }, /"scores"\[1\] is null, wanted a number/],
])('%s is refused with file and line', (_, line, message) => {
  expect(() => read([WHOLE, line])).toThrow(message)
  expect(() => read([WHOLE, line])).toThrow(/^pairs\.jsonl:2: /)
})

test('distillation wants negatives and scores', () => {
  expect(() => read([{ query: 'q', positive: 'p', scores: [1] }], 'distillation')).toThrow(
    /^pairs\.jsonl:1: no negative\./,
  )
  expect(() => read([WHOLE], 'distillation')).toThrow(/^pairs\.jsonl:1: no "scores"\./)
  expect(read([{ ...WHOLE, scores: [2, 1] }], 'distillation').examples).toHaveLength(1)
})

test('where each is a batch of its own, a negative is wanted', () => {
  const files = [{ name: 'pairs.jsonl', content: asLines([WHOLE, { query: 'q', positive: 'p' }]) }]
  expect(() => readExamples(files, { withTitle, isAlone: true })).toThrow(
    /^pairs\.jsonl:2: no negative, and in a batch of one/,
  )
})

test('more wrong lines are named beside the first', () => {
  const bad = Array.from({ length: 8 }, () => ({ query: 'q' }))
  expect(() => read([WHOLE, ...bad])).toThrow(
    /^pairs\.jsonl:2: no "positive".* Wrong too: pairs\.jsonl:3, .*pairs\.jsonl:7 and 2 more\.$/,
  )
})

test('files without a line are refused', () => {
  expect(() => read(['', '  '])).toThrow(/^pairs\.jsonl: no line with an example\./)
})

const MANY = Array.from({ length: 400 }, (_, i) => ({ query: `query ${i >> 1}`, positive: `p${i}`, negatives: [] }))

test('a share is held out: whole queries, by seed, whatever the order', () => {
  const { training, held } = holdOut(MANY, 0.1, 1, 1000)
  expect(held).toHaveLength(40)
  expect(training).toHaveLength(360)
  const queries = new Set(held.map(({ query }) => query))
  expect(queries.size).toBe(20)
  expect(training.filter(({ query }) => queries.has(query))).toEqual([])
  const turned = holdOut([...MANY].reverse(), 0.1, 1, 1000)
  expect(new Set(turned.held)).toEqual(new Set(held))
  expect(new Set(holdOut(MANY, 0.1, 2, 1000).held)).not.toEqual(new Set(held))
})

test('with more data the same queries are held out first', () => {
  const before = new Set(holdOut(MANY.slice(0, 300), 0.1, 1, 1000).held.map(({ query }) => query))
  const after = new Set(holdOut(MANY, 0.1, 1, 1000).held.map(({ query }) => query))
  const stayed = [...before].filter((query) => after.has(query))
  expect(stayed.length / before.size).toBeGreaterThan(0.6)
})

test('no more than asked for, and none of a share of none', () => {
  expect(holdOut(MANY, 0.5, 1, 10).held).toHaveLength(10)
  expect(holdOut(MANY, 0, 1, 10)).toEqual({ training: MANY, held: [] })
})

test('what is held out in a file of its own is not trained on', () => {
  const held = [{ query: 'query 3', positive: 'another', negatives: [] }]
  const left = without(MANY, held)
  expect(left).toHaveLength(398)
  expect(left.some(({ query }) => query === 'query 3')).toBe(false)
})

test('so many are drawn, in their order, by seed', () => {
  const some = drawn(MANY, 50, 1)
  expect(some).toHaveLength(50)
  expect(MANY.filter((example) => some.includes(example))).toEqual(some)
  expect(drawn(MANY, 50, 1)).toEqual(some)
  expect(drawn(MANY, 50, 2)).not.toEqual(some)
  expect(drawn(MANY, 1000, 1)).toBe(MANY)
  // From everywhere, not from one end.
  const halves = [0, 200].map((from) => MANY.slice(from, from + 200).filter((example) => some.includes(example)).length)
  for (const count of halves) expect(count).toBeGreaterThan(12)
})
