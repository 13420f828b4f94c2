/** Sections that are like another, and heat maps, by stored vectors: against every vector of the index, compared one by one. */
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { evenLayout } from '../../src/engine/layout.ts'
import type { HitPlace } from '../../src/engine/locate.ts'
import { passageText } from '../../src/engine/texts.ts'
import { createOps } from '../../src/ops/create.ts'
import { decompress } from '../../src/plaid/data.ts'
import { readPlaidData } from '../../src/plaid/format.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { contextualText } from '../../src/text/context.ts'
import type { Input } from '../../src/text/document.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const kernels = await createOps({ backend: 'wasm' })
const encoder = fakeEncoder({ documentTokens: 30 })

function record(id: string, text: string): Input {
  return { path: `data.jsonl:${id}`, record: { id, url: `/${id}`, title: id, text, format: 'plain' } }
}

const WORDS = 'apple bread cheese date egg flour garlic honey ice jam kale lemon mint nut oil pear'.split(' ')
/** A repeatable text of so many words. */
const textOf = (seed: number, length: number) =>
  Array.from({ length }, (_, i) => WORDS[(seed * 7 + i * i * 3 + i) % WORDS.length]).join(' ')

const sources = [
  record('soup', 'onion\n  garlic   stock'),
  record('stew', 'onion garlic beef'),
  record('cake', 'sugar flour onion'),
  record('long', Array.from({ length: 6 }, (_, i) => textOf(i, 12)).join('\n\n')),
  ...Array.from({ length: 30 }, (_, i) => record(`dish${i}`, textOf(i, 8))),
]

async function opened(pool: number, of: Input[] = sources) {
  const store = memoryStore()
  const { manifest } = await buildIndex({
    ...{ sources: of, encoder, store, assign: kernels.assignCentroids.bind(kernels), fingerprint: '' },
    plaid: { pool },
  })
  const { vectors } = manifest
  if (vectors.kind !== 'plaid') throw new Error('A built index is compressed.')
  const engine = await Engine.open(store)
  await engine.loadVectors(kernels)
  const remembered = [...decompress(await readPlaidData(store, vectors))]
  const passages = await engine.segments.texts(remembered.map((_, id) => id))
  return { engine, remembered, passages, store }
}

const plain = await opened(1)
const pooled = await opened(2)
type Opened = typeof plain

/** The first passage of a page, as its hit says of itself where it is. */
function placeOf(
  { passages }: Opened,
  id: string,
): HitPlace & { readonly text: string; readonly headings: readonly string[] } {
  const passage = passages.find(({ section }) => section.page.id === id)!
  const { headings, url } = passage.section
  return { ref: String(passage.id), url, text: passageText(passage).text, headings }
}

function layoutOf({ headings, text }: { readonly headings: readonly string[]; readonly text: string }) {
  return encoder.layoutDocument(contextualText(headings, text).text)
}

const row = ({ data, dim }: TokenMatrix, at: number) => data.subarray(at * dim, (at + 1) * dim)
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, e) => sum + value * b[e]!, 0)

/** Urls of the other sections, by brute force: for each of the query's rows the best cosine in each passage, summed. */
function ranked({ remembered, passages }: Opened, query: readonly Float32Array[], without: string) {
  const best = new Map<string, number>()
  for (const [id, matrix] of remembered.entries()) {
    const { url } = passages[id]!.section
    if (url === without) continue
    const all = Array.from({ length: matrix.rows }, (_, at) => row(matrix, at))
    const score = query.reduce((sum, q) => sum + Math.max(...all.map((token) => dot(q, token))), 0)
    best.set(url, Math.max(score, best.get(url) ?? Number.NEGATIVE_INFINITY))
  }
  return [...best].sort((a, b) => b[1] - a[1])
}

/**
 * Kernels compute with query values rounded to 127 steps of the largest: each is off by 1/254 of it at most, and their sum with
 * a unit row by sqrt(E)/254 of it (Cauchy and Schwarz), E = 16; row lengths are kept to 16 bits, which is less than .001.
 */
const COSINE_TOLERANCE = Math.sqrt(16) / 254 + 0.001

describe.each([
  ['each token its own row', plain],
  ['two tokens to a row', pooled],
] as const)('with %s', (_, index) => {
  test.each(['soup', 'stew', 'dish3', 'dish17'])('the sections like %s are those of brute force', async (id) => {
    const place = placeOf(index, id)
    const matrix = index.remembered[Number(place.ref)]!
    const query = Array.from({ length: matrix.rows }, (_, at) => row(matrix, at))
    const expected = ranked(index, query, place.url)
    const { hits } = await index.engine.similar([place], { k: 10 })
    expect(hits).toHaveLength(10)
    const scores = new Map(expected)
    for (const [i, { passage, score }] of hits.entries()) {
      expect(passage.section.url).not.toBe(place.url)
      const off = Math.abs(score - scores.get(passage.section.url)!)
      expect(off).toBeLessThan(query.length * COSINE_TOLERANCE)
      expect(Math.abs(score - expected[i]![1])).toBeLessThan(query.length * COSINE_TOLERANCE)
    }
  })

  test('some characters are the rows of their tokens', async () => {
    const place = placeOf(index, 'soup')
    const start = place.text.indexOf('garlic')
    const layout = layoutOf(place)
    const token = [...layout.starts].findIndex((at, t) => {
      const { text } = contextualText(place.headings, place.text)
      return text.slice(at, layout.ends[t]) === 'garlic'
    })
    const rowOf = index.passages[Number(place.ref)]!.rowOf ?? [...layout.starts.keys()]
    const query = [row(index.remembered[Number(place.ref)]!, rowOf[token]!)]
    const range = { start: start + 1, end: start + 3 } // a part of a token is the token
    const { hits } = await index.engine.similar([{ ...place, range }], { k: 5 }, [layout])
    expect(hits[0]!.matches!.similarities).toHaveLength(1)
    const expected = ranked(index, query, place.url)
    for (const [i, { score }] of hits.entries())
      expect(Math.abs(score - expected[i]![1])).toBeLessThan(COSINE_TOLERANCE)
  })

  test('a heat map has the cosine of every pair, and its rows are largest where the hit says so', async () => {
    const text = 'onion honey garlic'
    const { matrix } = await encoder.encodeQuery(text)
    const { hits } = await index.engine.search({ text, matrix, k: 5, mode: 'semantic' })
    for (const { passage, matches } of hits) {
      const place = { ref: String(passage.id), url: passage.section.url, text: passageText(passage).text }
      const { similarities, tokens } = await index.engine.cosines(place, matrix)
      const { starts } = layoutOf({ headings: passage.section.headings, text: place.text })
      expect(tokens).toBe(starts.length)
      const stored = index.remembered[passage.id]!
      for (let q = 0; q < matrix.rows; q++) {
        const own = similarities.subarray(q * tokens, (q + 1) * tokens)
        for (let t = 0; t < tokens; t++) {
          const expected = dot(row(matrix, q), row(stored, passage.rowOf?.[t] ?? t))
          expect(Math.abs(own[t]! - expected)).toBeLessThan(1e-5) // sums of 16 products in f32 and in f64
        }
        expect(Math.abs(Math.max(...own) - matches!.similarities[q]!)).toBeLessThan(COSINE_TOLERANCE)
      }
    }
  })
})

test('without a tokenizer characters are spread evenly over the tokens', async () => {
  expect(evenLayout(4, 20)).toEqual({ starts: Int32Array.of(0, 5, 10, 15), ends: Int32Array.of(5, 10, 15, 20) })
  expect(evenLayout(3, 1).ends.every((end, t) => end > evenLayout(3, 1).starts[t]!)).toBe(true)
  const place = placeOf(plain, 'soup')
  const { hits, tokens } = await plain.engine.similar([{ ...place, range: { start: 0, end: 5 } }], { k: 3 })
  expect(hits[0]!.matches!.similarities.length).toBeLessThanOrEqual(2) // "onion", or a bit of what is beside it
  for (const { passage } of hits) expect(tokens.get(passage.id)).toBe(plain.remembered[passage.id]!.rows)
})

describe('where a text is', () => {
  const textOfPlace = (places: Awaited<ReturnType<Engine['locate']>>) =>
    places.map(({ passage, range }) => passageText(passage).text.slice(range.start, range.end))

  test('white space does not matter, case does', async () => {
    expect(textOfPlace(await plain.engine.locate('/soup', ' garlic\tstock '))).toEqual(['garlic   stock'])
    await expect(plain.engine.locate('/soup', 'Garlic Stock')).rejects.toMatchObject({ code: 'section-missing' })
  })

  test.each([
    '/soup#part',
    'https://example.org/soup',
    'https://example.org/docs/soup.html',
    'soup/index.html',
    'soup/',
  ])('the page may be called %s', async (url) =>
    expect(textOfPlace(await plain.engine.locate(url, 'onion'))).toEqual(['onion']),
  )

  test('a text across passages is all of them that have a part of it', async () => {
    const { section } = plain.passages.find(({ section }) => section.page.id === 'long')!
    const own = plain.passages.filter((passage) => passage.section.id === section.id)
    expect(own.length).toBeGreaterThan(1)
    const border = own[1]!.range.start
    const wanted = section.text.slice(border - 15, border + 15)
    const parts = textOfPlace(await plain.engine.locate('/long', wanted))
    expect(parts).toHaveLength(2)
    expect(parts.join(' ').replace(/\s+/g, ' ').trim()).toBe(wanted.replace(/\s+/g, ' ').trim())
  })

  test('of a text that is not there as a whole, the nearest', async () => {
    const places = await plain.engine.locate('/stew', 'with onion garlic beef and more')
    expect(textOfPlace(places)).toEqual(['onion garlic beef'])
  })

  test('an unknown page, an unknown text and no text are told apart', async () => {
    await expect(plain.engine.locate('/nowhere', 'onion')).rejects.toMatchObject({ code: 'section-missing' })
    await expect(plain.engine.locate('/soup', 'nothing of it')).rejects.toThrow(/no such text on \/soup/)
    await expect(plain.engine.locate('/soup', ' \n')).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

describe('a hit of an index that has changed', () => {
  test('is found again by its address and text', async () => {
    const place = placeOf(plain, 'cake')
    const asItIs = await plain.engine.similar([place], { k: 3 })
    const moved = await plain.engine.similar([{ ...place, ref: '0' }], { k: 3 })
    expect(moved.hits.map(({ passage }) => passage.id)).toEqual(asItIs.hits.map(({ passage }) => passage.id))
    for (const ref of ['', '999999', 'x', '-1']) await plain.engine.similar([{ ...place, ref }], { k: 1 })
  })

  test('is told where it has gone', async () => {
    const place = placeOf(plain, 'cake')
    const gone = plain.engine.similar([{ ...place, text: 'another text' }], { k: 3 })
    await expect(gone).rejects.toMatchObject({ code: 'section-missing' })
    await expect(gone).rejects.toThrow(/Search again/)
  })

  test('and a range outside of it is refused', async () => {
    const place = placeOf(plain, 'cake')
    for (const range of [
      { start: 0, end: 999 },
      { start: 3, end: 3 },
      { start: -1, end: 2 },
    ])
      await expect(plain.engine.similar([{ ...place, range }], { k: 3 })).rejects.toMatchObject({
        code: 'invalid-argument',
      })
  })
})

test('a section that is only a heading is like others by its heading', async () => {
  const index = await opened(1, [...sources, { path: 'bare.md', content: '# onion garlic\n\n## soup\n\nstock\n' }])
  const bare = index.passages.find(({ section }) => section.page.url.includes('bare'))!
  expect(passageText(bare).text).toBe('')
  const { hits } = await index.engine.similar([{ ref: String(bare.id), url: bare.section.url, text: '' }], { k: 3 })
  expect(hits).toHaveLength(3)
})

test('hidden pages are not found, and vectors of another model are told', async () => {
  const { index } = plain.engine
  const [segment] = index.segments
  const place = placeOf(plain, 'cake')
  const hidden = new Engine({ ...index, segments: [{ ...segment!, hidden: ['cake', 'stew'] }] })
  await hidden.loadVectors(kernels)
  await expect(hidden.similar([place], { k: 3 })).rejects.toMatchObject({ code: 'section-missing' })
  const { hits } = await hidden.similar([placeOf(plain, 'soup')], { k: 100 })
  expect(hits.map(({ passage }) => passage.section.url)).not.toContain('/stew')
  expect(hits.length).toBe(sources.length - 3)
  const foreign = new Engine({ ...index, segments: [{ ...segment!, isForeign: true }] })
  await foreign.loadVectors(kernels)
  await expect(foreign.similar([place], { k: 3 })).rejects.toMatchObject({ code: 'vectors-missing' })
})
