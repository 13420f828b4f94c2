/** Ranking in Node with real models: PyLate's scores of the same texts, and bad input. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { openReranker, type Reranker, type RerankerOptions } from '../../src/node/rerank.ts'
import { GOLDEN_MODELS, type Golden } from '../encoder/support.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/golden')
const read = (name: string, file: string) => JSON.parse(readFileSync(join(FOLDER, name, file), 'utf8'))

const opened: Reranker[] = []
afterEach(async () => {
  for (const reranker of opened.splice(0)) await reranker.close()
})

async function open(options: RerankerOptions = {}): Promise<Reranker> {
  const reranker = await openReranker({ threads: 1, ...options })
  opened.push(reranker)
  return reranker
}

interface Furthest {
  readonly score: number
  readonly wanted: number
}

/** Our scores of a golden file's texts beside PyLate's: blank texts, which PyLate ranks and we do not, left out. */
async function compare(reranker: Reranker, name: string): Promise<{ furthest: Furthest; pairs: number }> {
  const { queries, documents }: Golden = read(name, 'golden.json')
  const wanted: number[][] = read(name, 'scores.json')
  const texts = documents.map(({ text }) => text)
  const { scores } = await reranker.scores(
    queries.map(({ text }) => text),
    texts,
  )
  let furthest: Furthest = { score: 0, wanted: 0 }
  let pairs = 0
  for (const [q, query] of queries.entries())
    for (const [p, text] of texts.entries()) {
      const score = scores[q * texts.length + p]!
      if (text.trim() === '') expect(score).toBe(Number.NEGATIVE_INFINITY)
      else if (query.text.trim() === '') expect(score).toBe(0)
      else {
        pairs++
        const pair = { score, wanted: wanted[q]![p]! }
        if (Math.abs(pair.score - pair.wanted) > Math.abs(furthest.score - furthest.wanted)) furthest = pair
      }
    }
  return { furthest, pairs }
}

const off = ({ score, wanted }: Furthest) => Math.abs(score - wanted)

describe("PyLate's scores of its own encodings", () => {
  test.each(GOLDEN_MODELS)('%s: the same but for rounding', async (name) => {
    const reranker = await open({ model: join(FOLDER, name) })
    const { furthest, pairs } = await compare(reranker, name)
    console.log(`${name}: ${pairs} pairs, furthest ${off(furthest).toExponential(1)}`)
    expect(pairs).toBeGreaterThan(80)
    expect(off(furthest)).toBeLessThan(1e-4) // a sum over 32 tokens, each off by f32 rounding
  })

  test('bert-expansion: the order of its rerank', async () => {
    const name = 'bert-expansion'
    const reranker = await open({ model: join(FOLDER, name) })
    const { queries, documents }: Golden = read(name, 'golden.json')
    const scores: number[][] = read(name, 'scores.json')
    const texts = documents.map(({ text }) => text)
    let compared = 0
    for (const [q, { text }] of queries.entries()) {
      if (text.trim() === '') continue
      const { hits } = await reranker.rerank(text, texts)
      const wanted = [...texts.keys()].filter((p) => texts[p]!.trim() !== '')
      wanted.sort((a, b) => scores[q]![b]! - scores[q]![a]! || a - b)
      hits.forEach(({ index }, rank) => {
        expect(scores[q]![index]).toBeCloseTo(scores[q]![wanted[rank]!]!, 2)
      })
      expect(hits[0]!.index).toBe(wanted[0])
      compared++
    }
    expect(compared).toBeGreaterThan(8)
  })

  test('the default model: as near as its 8-bit weights allow', async () => {
    const { furthest, pairs } = await compare(await open(), 'selvage-mini')
    console.log(`selvage-mini: ${pairs} pairs, furthest ${furthest.score.toFixed(3)} for ${furthest.wanted.toFixed(3)}`)
    expect(pairs).toBe(49)
    expect(off(furthest)).toBeLessThan(0.3)
  })
})

test("a page's runtime gives scores near those of Node's, and the same order", { timeout: 120_000 }, async () => {
  const [node, wasm] = [await open(), await open({ encoder: 'wasm' })]
  const passages = [
    'The patient has no history of cardiac disease.',
    'Use ALTER TABLE ... RENAME COLUMN to change the name of a column.',
    'High blood pressure is treated with a low-salt diet and medicine.',
    'A bridge carries a road over a river.',
  ]
  const question = 'What causes high blood pressure, and how is it treated?'
  const [one, other] = [await node.rerank(question, passages), await wasm.rerank(question, passages)]
  expect(one.encoder).toBe('node')
  expect(other.encoder).toBe('wasm')
  expect(one.hits[0]!.index).toBe(2)
  expect(other.hits.map(({ index }) => index)).toEqual(one.hits.map(({ index }) => index))
  const far = one.hits.map(({ score }, rank) => Math.abs(score - other.hits[rank]!.score))
  console.log(`node and wasm: at most ${Math.max(...far).toFixed(3)} apart`)
  expect(Math.max(...far)).toBeLessThan(0.5)
})

test('on all cores the same scores, to the bit; a heat map adds up to its score', async () => {
  const passages = Array.from({ length: 20 }, (_, i) => `Passage ${i} tells of ${['rivers', 'cats', 'roads'][i % 3]}.`)
  const [one, two] = [await open(), await open({ threads: 2 })]
  const alone = await one.scores(['cats', 'a road'], passages)
  const pooled = await two.scores(['cats', 'a road'], passages)
  expect(pooled.scores).toEqual(alone.scores)
  expect(alone).toMatchObject({ queries: 2, passages: 20, cut: [], encoder: 'node', scorer: 'wasm' })
  const map = await one.heatMap('cats', { title: 'Pets', text: passages[1]! })
  const [score] = (await one.scores(['cats'], [{ title: 'Pets', text: passages[1]! }])).scores
  expect(map.queryTokens.reduce((sum, { best }) => sum + best, 0)).toBeCloseTo(score!, 3)
  const texts = map.passageTokens.filter(({ start }) => start >= 0)
  expect(texts.map(({ start, end }) => passages[1]!.slice(start, end)).join('')).toContain('cats')
})

test('a long passage is cut at what the model reads, and said to be', async () => {
  const reranker = await open()
  const long = `Cats sleep. ${'A word and another one. '.repeat(200)}`
  const { hits } = await reranker.rerank('cats', [long, 'Cats sleep.'])
  expect(hits.map(({ index, isCut = false }) => [index, isCut])).toEqual(
    expect.arrayContaining([
      [0, true],
      [1, false],
    ]),
  )
})

test('an abort ends it; after close it says so; options are checked', async () => {
  const reranker = await open()
  const stop = new AbortController()
  const many = Array.from({ length: 400 }, (_, i) => `Passage number ${i}`)
  const ranking = reranker.rerank('number', many, { signal: stop.signal, onProgress: () => stop.abort() })
  await expect(ranking).rejects.toMatchObject({ code: 'aborted' })
  expect((await reranker.rerank('number', ['one'])).hits).toHaveLength(1) // it is of use still
  await reranker.close()
  await expect(reranker.rerank('q', ['a'])).rejects.toMatchObject({ code: 'closed' })
  await expect(reranker.heatMap('q', 'a')).rejects.toMatchObject({ code: 'closed' })
  expect((await reranker.rerank('q', [])).hits).toEqual([])
  const wrong: RerankerOptions = JSON.parse('{"backend": "node"}')
  await expect(openReranker(wrong)).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(openReranker({ model: join(DEFAULT_MODEL, 'nowhere') })).rejects.toMatchObject({ code: 'model-missing' })
})
