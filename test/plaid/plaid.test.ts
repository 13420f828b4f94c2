/** Vectors to packs to answers: builder, format and reader together, on the kernels of this machine. */
import { afterAll, describe, expect, test } from 'vitest'
import type { SelvageError } from '../../src/errors.ts'
import { createOps } from '../../src/ops/create.ts'
import { PlaidBuilder, type PlaidOptions } from '../../src/plaid/builder.ts'
import { type PlaidHeader, parsePlaidHeader, plaidPacks, readPlaidIndex } from '../../src/plaid/format.ts'
import { centroidCount, cluster } from '../../src/plaid/kmeans.ts'
import { sampleOf, seeded } from '../../src/plaid/random.ts'
import { bitsetOf, openPlaid } from '../../src/plaid/search.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { writePack } from '../../src/store/packs.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { topK } from '../../src/util.ts'
import { syntheticCorpus } from '../bench/synthetic.ts'
import { offsetsOf } from '../ops/data.ts'

const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())
const assign = ops.assignCentroids.bind(ops)

async function build(passages: readonly TokenMatrix[], dim: number, options: PlaidOptions = {}) {
  const store = memoryStore()
  const builder = new PlaidBuilder(store, { dim, assign, ...options })
  for (const passage of passages) builder.add(passage)
  return { store, header: await builder.finish() }
}

const matrix = (rows: readonly (readonly number[])[], dim: number): TokenMatrix => ({
  data: Float32Array.from(rows.flat()),
  rows: rows.length,
  dim,
})

const unit = (row: readonly number[]): number[] => row.map((x) => x / Math.hypot(...row))

const corpus = syntheticCorpus(600, 60, 32, 20)

describe('an index of clustered passages', () => {
  const exact = async (query: TokenMatrix) => {
    const offsets = offsetsOf(corpus.passages.map(({ rows }) => rows))
    const vectors = new Float32Array(offsets.at(-1)! * corpus.dim)
    corpus.passages.forEach(({ data }, p) => {
      vectors.set(data, offsets[p]! * corpus.dim)
    })
    const loaded = await ops.load({ vectors, offsets, dim: corpus.dim })
    const batch = { vectors: query.data, offsets: Uint32Array.of(0, query.rows), dim: corpus.dim }
    const { scores } = await ops.maxSim(batch, loaded)
    loaded.release()
    return topK(scores, 10)
  }

  // Shares of exact MaxSim's ten best. Seeded, so they are always the same: .915, .925, .975 and 1 when this was written.
  test.each([
    [1, 0.88],
    [2, 0.9],
    [4, 0.95],
    [8, 0.98],
  ] as const)('%i bits: finds what exact MaxSim finds, with about its scores', async (bits, least) => {
    const { store, header } = await build(corpus.passages, corpus.dim, { bits })
    const index = await openPlaid(store, header, ops)
    let shared = 0
    let worst = 0
    for (const query of corpus.queries) {
      const want = await exact(query)
      const { passages } = await index.search(query, { k: 10 })
      const all = await index.search(query, { k: 10, candidates: Infinity })
      expect(passages.map(({ id }) => id)).toEqual(all.passages.map(({ id }) => id)) // 128 of 600 are plenty
      const found = new Map(passages.map(({ id, score }) => [id, score]))
      for (const { id, score } of want) {
        if (!found.has(id)) continue
        shared++
        worst = Math.max(worst, Math.abs(score - found.get(id)!))
      }
    }
    index.close()
    expect(shared / (10 * corpus.queries.length)).toBeGreaterThan(least)
    if (bits === 8) expect(worst).toBeLessThan(0.15) // of a sum of 32 cosines; .088
  })

  test('matches tell the token, and the cosine that the score sums', async () => {
    const { store, header } = await build(corpus.passages, corpus.dim, { bits: 8 })
    const index = await openPlaid(store, header, ops)
    const query = corpus.queries[0]!
    const { passages } = await index.search(query, { k: 3, matches: true })
    for (const { id, score, positions, similarities } of passages) {
      expect(similarities!.reduce((sum, value) => sum + value, 0)).toBeCloseTo(score, 3)
      const { data, dim } = corpus.passages[id]!
      positions!.forEach((row, q) => {
        let cosine = 0
        for (let e = 0; e < dim; e++) cosine += query.data[q * dim + e]! * data[row * dim + e]!
        expect(Math.abs(cosine - similarities![q]!)).toBeLessThan(0.03)
      })
    }
    index.close()
  })

  test('a filter leaves only its passages; k larger than the index gives all', async () => {
    const { store, header } = await build(corpus.passages, corpus.dim)
    const index = await openPlaid(store, header, ops)
    const ids = [3, 40, 41, 599]
    const filtered = await index.search(corpus.queries[0]!, { k: 10, filter: bitsetOf(ids, 600) })
    expect(filtered.passages.map(({ id }) => id).sort((a, b) => a - b)).toEqual(ids)
    const none = await index.search(corpus.queries[0]!, { k: 10, filter: bitsetOf([], 600) })
    expect(none.passages).toEqual([])
    expect((await index.search(corpus.queries[0]!, { k: 5000 })).passages).toHaveLength(600)
    index.close()
  })

  test('the same vectors give the same bytes', async () => {
    const [first, second] = [await build(corpus.passages, 32), await build(corpus.passages, 32)]
    expect(first.header).toEqual(second.header)
    const other = await build(corpus.passages, 32, { seed: 43 })
    expect(other.header.centroids.sha256).not.toBe(first.header.centroids.sha256)
  })
})

test('clustering in two levels is near to clustering in one', async () => {
  const vectors = new Float32Array(40_000 * 16)
  const random = seeded(3)
  for (let i = 0; i < vectors.length; i++) vectors[i] = random() + random() + random() - 1.5
  for (let t = 0; t < 40_000; t++) {
    const row = vectors.subarray(t * 16, (t + 1) * 16)
    const norm = Math.hypot(...row)
    row.forEach((value, e) => {
      row[e] = value / norm
    })
  }
  const closeness = async (centroids: Float32Array) => {
    const codes = await assign(vectors, centroids, 16)
    let sum = 0
    codes.forEach((code, t) => {
      for (let e = 0; e < 16; e++) sum += vectors[t * 16 + e]! * centroids[code * 16 + e]!
    })
    return sum / codes.length
  }
  const options = { dim: 16, assign, random: seeded(1) }
  const two = await cluster(vectors, 1024, options)
  const one = await cluster(vectors, 1023, options)
  expect(two.centroids.length / 16).toBeGreaterThan(950)
  // On noise without any structure, where cells' borders matter most, two levels lose little.
  expect(await closeness(two.centroids)).toBeGreaterThan((await closeness(one.centroids)) - 0.01)
})

describe('token-aware clustering', () => {
  // Words of 32 dimensions: 5 frequent ones, whose tokens make groups of their own, and many rare ones.
  const random = seeded(9)
  const words = Array.from({ length: 200 }, () => unit(Array.from({ length: 32 }, () => random() - 0.5)))
  const passages = Array.from({ length: 60 }, () => {
    const ids = Array.from({ length: 30 }, () => Math.floor(random() < 0.5 ? random() * 5 : 5 + random() * 195))
    const rows = ids.map((id) => unit(words[id]!.map((x) => x + (random() - 0.5) * 0.2)))
    return { ids, passage: matrix(rows, 32) }
  })

  test('finds the passage that a query repeats, as clustering by vectors does', async () => {
    const store = memoryStore()
    const builder = new PlaidBuilder(store, { dim: 32, assign, clustering: 'tokens' })
    for (const { ids, passage } of passages) builder.add(passage, ids)
    const header = await builder.finish()
    expect(header.centroidCount).toBeGreaterThan(400)
    expect(header.centroidCount).toBeLessThan(560) // 512 wanted; shares of groups are rounded
    const index = await openPlaid(store, header, ops)
    for (const [id, { passage }] of passages.entries()) {
      const found = await index.search(passage, { k: 1 })
      expect(found.passages[0]!.id).toBe(id)
      expect(found.passages[0]!.score).toBeGreaterThan(0.95 * passage.rows)
    }
    index.close()
  })

  test.each([
    // 1,024 groups at most stand alone, 64 tokens or more each: two of these have to be clustered with others.
    ['very many words', 1026, 64, () => 0],
    // Half of all tokens are one word, which then gets more than 1,024 centroids of its own: two levels.
    ['a word that is everywhere', 200, 120, (t: number) => t % 2],
  ] as const)('%s: every passage finds itself, progress only rises', async (_, wordCount, perWord, everywhere) => {
    const tokens = wordCount * perWord
    const groups = Array.from({ length: tokens }, (__, t) => (everywhere(t) ? 0 : t % wordCount))
    const directions = Array.from({ length: wordCount }, () => unit(Array.from({ length: 8 }, () => random() - 0.5)))
    const options = { dim: 8, assign, clustering: 'tokens', bits: 8, centroids: 4000 } as const
    const store = memoryStore()
    const builder = new PlaidBuilder(store, options)
    const own: TokenMatrix[] = []
    for (let t = 0; t < tokens; t += 12) {
      const ids = groups.slice(t, t + 12)
      own.push(
        matrix(
          ids.map((id) => unit(directions[id]!.map((x) => x + (random() - 0.5) * 0.4))),
          8,
        ),
      )
      builder.add(own.at(-1)!, ids)
    }
    const shares: number[] = []
    const header = await builder.finish({
      onProgress: ({ stage, loaded }) => stage === 'cluster' && shares.push(loaded),
    })
    expect(shares).toEqual([...shares].sort((a, b) => a - b))
    expect(shares.at(-1)).toBe(tokens)
    expect(header.tokens).toBe(tokens)
    expect(header.centroidCount).toBeGreaterThan(3000)
    expect(header.centroidCount).toBeLessThan(5000)
    const index = await openPlaid(store, header, ops)
    for (let id = 0; id < own.length; id += 97) {
      const { passages } = await index.search(own[id]!, { k: 1 })
      expect(passages[0]!.id).toBe(id)
    }
    index.close()
  })

  test('token ids are asked for, and may be any numbers', async () => {
    const options = { dim: 8, assign, clustering: 'tokens' } as const
    const builder = new PlaidBuilder(memoryStore(), options)
    const row = matrix([[1, 0, 0, 0, 0, 0, 0, 0]], 8)
    expect(() => builder.add(row)).toThrow(
      'Passage 0 has 1 rows and no token ids; clustering by tokens wants one for each.',
    )
    expect(() => builder.add(row, [1, 2])).toThrow('Passage 0 has 1 rows and 2 token ids;')
    builder.add(row, [4_000_000_000])
    builder.add(matrix([], 8), [])
    await expect(builder.finish()).resolves.toMatchObject({ tokens: 1, centroidCount: 1 })
    await expect(new PlaidBuilder(memoryStore(), options).finish()).resolves.toMatchObject({ tokens: 0 })
  })
})

describe('small indexes', () => {
  test.each([
    ['nothing at all', []],
    ['only empty passages', [matrix([], 8), matrix([], 8)]],
  ])('%s: no hits', async (_, passages) => {
    const { store, header } = await build(passages, 8)
    const index = await openPlaid(store, header, ops)
    expect(index).toMatchObject({ passages: passages.length, tokens: 0 })
    expect((await index.search(matrix([[1, 0, 0, 0, 0, 0, 0, 0]], 8), { k: 3 })).passages).toEqual([])
    index.close()
  })

  test('one token', async () => {
    const row = [0.6, 0.8, 0, 0, 0, 0, 0, 0]
    const { store, header } = await build([matrix([], 8), matrix([row], 8)], 8)
    const index = await openPlaid(store, header, ops)
    const { passages } = await index.search(matrix([row], 8), { k: 3 })
    expect(passages).toHaveLength(1)
    expect(passages[0]!.id).toBe(1)
    expect(passages[0]!.score).toBeCloseTo(1, 1)
    index.close()
  })

  test('the number of centroids is that of ColBERT, or twice that where it costs little', () => {
    const counts = (dim: number, tokens: number[]) => tokens.map((n) => centroidCount(n, dim))
    expect(counts(64, [0, 1, 100, 148_506, 262_144])).toEqual([0, 1, 100, 4096, 8192])
    // From here on 2 · 8,192 · 64 bytes are an eighth of 18 bytes a token.
    expect(counts(64, [466_033, 466_034, 603_219, 1_097_734])).toEqual([8192, 16_384, 16_384, 32_768])
    expect(counts(128, [300_000, 600_000])).toEqual([8192, 16_384])
    // Codes of four bytes would take more than the centroids are worth.
    expect(counts(64, [16_000_000, 20_000_000, 100_000_000])).toEqual([65_536, 65_536, 131_072])
  })

  test('a sample is ascending and without repeats', () => {
    expect([...sampleOf(seeded(1), 5, 9)]).toEqual([0, 1, 2, 3, 4])
    const sample = sampleOf(seeded(1), 1000, 100)
    expect(new Set(sample).size).toBe(100)
    expect([...sample]).toEqual([...sample].sort((a, b) => a - b))
  })
})

describe('large passages and packs', () => {
  test('a passage of as many tokens as fit', async () => {
    const rows = 65_535
    const data = new Float32Array(rows * 8)
    // All that point to where the query does are near the end, past what a signed number of two bytes holds.
    for (let t = 0; t < rows; t++) data[t * 8 + (t < 65_000 ? t % 7 : 7)] = 1
    const { store, header } = await build([matrix([], 8), { data, rows, dim: 8 }, matrix([], 8)], 8)
    const index = await openPlaid(store, header, ops)
    const query = matrix([[0, 0, 0, 0, 0, 0, 0, 1]], 8)
    const { passages } = await index.search(query, { k: 3, matches: true })
    expect(passages).toHaveLength(1)
    expect(passages[0]).toMatchObject({ id: 1, positions: Uint32Array.of(65_000) })
    index.close()
  })

  test('packs that end in empty passages', async () => {
    // Residuals of 24,000 tokens of 256 dimensions and 8 bits are more than a pack; every second passage is empty.
    const rows = 400
    const random = seeded(4)
    const passages = Array.from({ length: 120 }, (_, p) =>
      p % 2 === 1
        ? matrix([], 256)
        : { data: Float32Array.from({ length: rows * 256 }, () => (random() < 0.5 ? -1 : 1) / 16), rows, dim: 256 },
    )
    const { store, header } = await build(passages, 256, { bits: 8, centroids: 16 })
    expect(header.residuals.length).toBeGreaterThan(1)
    const index = await openPlaid(store, header, ops)
    for (const id of [0, 2, 58, 118]) {
      const query = { data: passages[id]!.data.slice(0, 32 * 256), rows: 32, dim: 256 }
      const found = await index.search(query, { k: 100 })
      expect(found.passages).toHaveLength(60)
      expect(found.passages[0]!.id).toBe(id)
    }
    index.close()
  })
})

describe('bad input', () => {
  test.each([
    ['another dim', matrix([[1, 2]], 2), /2 values for 1 x 2; the index wants rows of 8/],
    ['a value that is no number', matrix([[0, 0, 0, Number.NaN, 0, 0, 0, 0]], 8), /token 0: got NaN/],
    ['an infinite value', matrix([[0, 0, 0, Infinity, 0, 0, 0, 0]], 8), /token 0: got Infinity/],
    ['too many tokens', { data: new Float32Array(65_536 * 8), rows: 65_536, dim: 8 }, /65536 tokens; at most 65535/],
  ])('%s is refused', (_, passage, message) => {
    const builder = new PlaidBuilder(memoryStore(), { dim: 8, assign })
    expect(() => builder.add(passage)).toThrow(message)
  })

  test('a dim that the bits do not fill, and an option that is none', () => {
    expect(() => new PlaidBuilder(memoryStore(), { dim: 7, assign })).toThrow(/dim 7 and 2 bits/)
    const options = { dim: 8, assign, bit: 2 }
    expect(() => new PlaidBuilder(memoryStore(), options)).toThrow(/unknown option "bit"/)
  })

  test('cancelled while it clusters: rejects, and a second build works', async () => {
    const controller = new AbortController()
    const builder = new PlaidBuilder(memoryStore(), { dim: corpus.dim, assign })
    for (const passage of corpus.passages) builder.add(passage)
    const onProgress = () => controller.abort()
    await expect(builder.finish({ onProgress, signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' })
    await expect(builder.finish()).resolves.toMatchObject({ passages: 600 })
  })

  const damaged = async (
    change: (header: PlaidHeader, store: ReturnType<typeof memoryStore>) => Promise<PlaidHeader>,
  ) => {
    const { store, header } = await build(corpus.passages.slice(0, 20), corpus.dim)
    const reading = readPlaidIndex(store, await change(header, store))
    return reading.then(
      () => undefined,
      (error: SelvageError) => error,
    )
  }
  test.each<[string, Parameters<typeof damaged>[0], RegExp]>([
    [
      'a flipped byte',
      async (header, store) => {
        const bytes = (await store.get(header.residuals[0]!.file))!.slice()
        bytes[5]! ^= 1
        await store.put(header.residuals[0]!.file, bytes)
        return header
      },
      /residuals-.* has other content/,
    ],
    [
      'a truncated pack',
      async (header, store) => {
        await store.put(header.codes[0]!.file, (await store.get(header.codes[0]!.file))!.slice(2))
        return header
      },
      /codes-.* has \d+ bytes, the manifest says/,
    ],
    [
      'a missing pack',
      async (header, store) => {
        await store.delete(header.codec.file)
        return header
      },
      /codec-.* is missing/,
    ],
    [
      'a code past the centroids',
      async (header, store) => {
        const bytes = (await store.get(header.codes[0]!.file))!.slice().fill(255)
        return { ...header, codes: [await writePack(store, 'codes', bytes)] }
      },
      /a token has code 65535, but there are \d+ centroids/,
    ],
    ['a wrong number of tokens', async (header) => ({ ...header, tokens: 7 }), /lengths sum to \d+, not to 7 tokens/],
    ['a wrong number of passages', async (header) => ({ ...header, passages: 7 }), /20 lengths for 7 passages/],
    ['another dim', async (header) => ({ ...header, dim: 64 }), /the codec has \d+ bytes, not/],
    ['a dim that is none', async (header) => ({ ...header, dim: 0 }), /0 dimensions of 2 bits/],
    ...(['codes', 'lengths'] as const).map((kind): [string, Parameters<typeof damaged>[0], RegExp] => [
      `${kind} that are no whole numbers`,
      async (header, store) => {
        const ref = [header[kind]].flat()[0]!
        const bytes = await store.get(ref.file)
        const pack = await writePack(store, kind, bytes!.slice(1))
        return { ...header, [kind]: kind === 'codes' ? [pack] : pack }
      },
      /a pack of numbers has \d+ bytes, not a multiple of 2/,
    ]),
    ...(
      [
        [0, /scale NaN and shift/],
        [8, /scale [\d.]+ and shift NaN/],
      ] as const
    ).map(([at, message]): [string, Parameters<typeof damaged>[0], RegExp] => [
      `a codec with NaN at ${at}`,
      async (header, store) => {
        const bytes = (await store.get(header.codec.file))!.slice()
        new DataView(bytes.buffer).setFloat64(at, Number.NaN, true)
        return { ...header, codec: await writePack(store, 'codec', bytes) }
      },
      message,
    ]),
    ['residuals without codes', async (header) => ({ ...header, codes: [] }), /0 packs of codes for 1 of residuals/],
  ])('%s is told', async (_, change, message) => {
    expect(await damaged(change)).toMatchObject({ code: 'index-invalid', message: expect.stringMatching(message) })
  })

  test('a header that is none, of another kind, with strange bits', async () => {
    const { header } = await build(corpus.passages.slice(0, 20), corpus.dim)
    expect(parsePlaidHeader(JSON.parse(JSON.stringify(header)), 'x')).toEqual(header)
    expect(plaidPacks(header)).toHaveLength(5)
    expect(() => parsePlaidHeader({ ...header, bits: 3 }, 'x')).toThrow(/says 3 bits/)
    expect(() => parsePlaidHeader({ ...header, kind: 'flat' }, 'x')).toThrow(/kind "flat"/)
    expect(() => parsePlaidHeader({}, 'x')).toThrow(/vectors\.kind/)
  })
})
