/** Bi-encoders and cross-encoders: what Python's onnxruntime and tokenizers make of the same models, and models of other kinds. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { DEFAULT_MODEL } from '../../../src/node/model.ts'
import { readModelFolder } from '../../../src/node/systems/modelFolder.ts'
import { openPairScorer } from '../../../src/node/systems/pairScorer.ts'
import { openBiEncoder, poolRows } from '../../../src/node/systems/pooled.ts'
import { cut, openGraph } from '../../../src/node/systems/transformers.ts'
import { temporaryFolder } from '../../support/command.ts'

const MODELS = join(import.meta.dirname, '../../fixtures/tiny-models')
const at = (name: string) => join(MODELS, name)

interface Golden {
  pairs: { query: string; document: string; ids: number[]; score: number; noYes: number }[]
  texts: { text: string; query: number[]; document: Record<string, number[]> }[]
}
const golden: Golden = JSON.parse(await readFile(at('golden.json'), 'utf8'))
const folder = temporaryFolder('selvage-models-')
const close: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const one of close.splice(0)) await one()
})

async function biEncoder(model: string, cacheFolder?: string) {
  const encoder = await openBiEncoder({ model }, { owner: 'test', threads: 1, cacheFolder })
  close.push(() => encoder.close())
  return encoder
}

async function pairScorer(model: string) {
  const scorer = await openPairScorer({ model }, 1)
  close.push(() => scorer.close())
  return scorer
}

/** A model's folder that a test may change. */
async function copyOf(name: string, files: Readonly<Record<string, unknown>>): Promise<string> {
  const copy = folder.at(name)
  await cp(at(name), copy, { recursive: true })
  for (const [path, content] of Object.entries(files)) await writeFile(join(copy, path), JSON.stringify(content))
  return copy
}

function expectClose(got: ArrayLike<number>, wanted: readonly number[]): void {
  expect(got.length).toBe(wanted.length)
  for (const [i, value] of wanted.entries()) expect(got[i]).toBeCloseTo(value, 4)
}

describe('a cross-encoder', () => {
  test.each(['cross-encoder', 'cross-encoder-no-yes'] as const)('%s scores pairs as Python does', async (name) => {
    const { score } = await pairScorer(at(name))
    const key = name === 'cross-encoder' ? 'score' : 'noYes'
    for (const query of new Set(golden.pairs.map((pair) => pair.query))) {
      const pairs = golden.pairs.filter((pair) => pair.query === query)
      // More of them than one run takes, of all lengths: padding and order change nothing.
      const many = Array.from({ length: 400 }, (_, i) => golden.pairs[i % golden.pairs.length]!.document)
      const done: number[] = []
      const scores = await score(query, [...pairs.map((pair) => pair.document), ...many], (n) => done.push(n))
      expect(done.length).toBeGreaterThan(1)
      expect(done.at(-1)).toBe(pairs.length + 400)
      expectClose(
        scores.subarray(0, pairs.length),
        pairs.map((pair) => pair[key]),
      )
    }
  })

  test('a pair that is too long is cut at its longer text first, and keeps its special tokens', async () => {
    const graph = await openGraph(await readModelFolder({ model: at('cross-encoder') }), 1)
    close.push(() => graph.close())
    for (const { query, document, ids } of golden.pairs) expect(graph.tokenize(query, document).ids).toEqual(ids)
    const whole = { ids: [1, 7, 7, 7, 2, 8, 8, 3], types: [0, 0, 0, 0, 0, 1, 1, 1] }
    const parts = [
      [7, 7, 7],
      [8, 8],
    ]
    expect(cut(whole, parts, 7)).toEqual({ ids: [1, 7, 7, 2, 8, 8, 3], types: [0, 0, 0, 0, 1, 1, 1] })
    expect(cut(whole, parts, 6)).toEqual({ ids: [1, 7, 7, 2, 8, 3], types: [0, 0, 0, 0, 1, 1] })
    expect(cut(whole, parts, 3).ids).toEqual([1, 2, 3])
  })
})

describe('a bi-encoder', () => {
  test('queries and documents with their prompts, cut, pooled and of length 1, as Python does', async () => {
    const encoder = await biEncoder(at('bi-encoder'))
    expect(encoder.description).toContain('mean in 16 dimensions, 20 tokens at most')
    const texts = golden.texts.map(({ text }) => text)
    const { vectors, dim, fromCache } = await encoder.encodeDocuments([...texts, ...texts], () => {})
    expect([dim, fromCache]).toEqual([16, 0])
    for (const [i, { query, text, document }] of golden.texts.entries()) {
      expectClose(await encoder.encodeQuery(text), query)
      expectClose(vectors.subarray(i * dim, (i + 1) * dim), document['mean']!)
      expect(vectors.subarray((i + texts.length) * dim, (i + texts.length + 1) * dim)).toEqual(
        vectors.subarray(i * dim, (i + 1) * dim),
      )
    }
  })

  test.each([
    ['cls', { pooling_mode_cls_token: true }],
    ['max', { pooling_mode_mean_tokens: false, pooling_mode_max_tokens: true }],
    ['lasttoken', { pooling_mode: 'lasttoken' }],
    ['mean_sqrt_len_tokens', { pooling_mode_mean_sqrt_len_tokens: true }],
  ])('pooling by %s, as its configuration says', async (way, config) => {
    const encoder = await biEncoder(await copyOf('bi-encoder', { '1_Pooling/config.json': config }))
    const texts = golden.texts.map(({ text }) => text)
    const { vectors, dim } = await encoder.encodeDocuments(texts, () => {})
    for (const [i, { document }] of golden.texts.entries())
      expectClose(vectors.subarray(i * dim, (i + 1) * dim), document[way]!)
  })

  test('several ways, one behind the other; what is padding is not pooled', () => {
    const output = { data: Float32Array.of(1, 2, 3, 0, 9, 9), dims: [1, 3, 2] }
    expect(poolRows(output, Uint8Array.of(1, 1, 0), ['mean', 'max', 'cls'])).toEqual([
      Float32Array.of(2, 1, 3, 2, 1, 2),
    ])
    expect(poolRows(output, Uint8Array.of(0, 0, 0), ['mean', 'max', 'cls'])).toEqual([new Float32Array(6)])
  })

  test('vectors are remembered to the bit, for this model as it is', async () => {
    const texts = golden.texts.map(({ text }) => text)
    const cold = await (await biEncoder(at('bi-encoder'), folder.at('cache'))).encodeDocuments(texts, () => {})
    const told: number[] = []
    const warm = await (await biEncoder(at('bi-encoder'), folder.at('cache'))).encodeDocuments(texts, (n) =>
      told.push(n),
    )
    expect(warm.vectors).toEqual(cold.vectors)
    expect([cold.fromCache, warm.fromCache]).toEqual([0, texts.length])
    expect(told).toEqual([texts.length])
    const config = { pooling_mode_cls_token: true }
    const other = await biEncoder(await copyOf('bi-encoder', { '1_Pooling/config.json': config }), folder.at('cache'))
    expect((await other.encodeDocuments(texts, () => {})).fromCache).toBe(0)
  })
})

describe('models that are not what was named', () => {
  const asBi = (model: string, graph?: string) =>
    openBiEncoder({ model, ...(graph !== undefined && { graph }) }, { owner: 'test', threads: 1 })

  test.each([
    [
      'a cross-encoder',
      () => asBi(at('cross-encoder')),
      /^bi-encoder: the model in .*tiny-models\/cross-encoder is a cross-encoder \(cross-encoder takes it\), not a bi-encoder\.$/,
    ],
    [
      'late interaction',
      () => asBi(DEFAULT_MODEL),
      /^bi-encoder: the model in .*selvage-mini is a late-interaction model \(.*--model\), not a bi-encoder\.$/,
    ],
    [
      'late interaction',
      () => openPairScorer({ model: DEFAULT_MODEL }),
      /^cross-encoder: the model in .* is a late-interaction model/,
    ],
    [
      'a bi-encoder',
      () => openPairScorer({ model: at('bi-encoder') }),
      /^cross-encoder: the model in .*bi-encoder is a bi-encoder \(bi-encoder takes it\), not a cross-encoder\.$/,
    ],
    [
      'three labels',
      () => openPairScorer({ model: at('classifier-of-three') }),
      /classifier-of-three gives 3 numbers for a pair; wanted 1, or 2 for no and yes\.$/,
    ],
    ['no folder', () => asBi('/nowhere/model'), /^There is no model in \/nowhere\/model: it has no config\.json\.$/],
    [
      'no such graph',
      () => asBi(at('bi-encoder'), 'onnx/model_q4.onnx'),
      /There is no onnx\/model_q4\.onnx in .*\. Its graphs: onnx\/model\.onnx\.$/,
    ],
  ])('%s', async (_, open, message) => {
    await expect(open()).rejects.toThrow(message)
  })

  test('a configuration that says nothing: the outputs of the graph tell', async () => {
    const bare = await copyOf('cross-encoder', { 'config.json': { model_type: 'bert' } })
    await expect(asBi(bare)).rejects.toThrow(/^bi-encoder: the model in .* is a cross-encoder/)
    const plain = await copyOf('bi-encoder', { 'config.json': { model_type: 'bert' } })
    await rm(join(plain, '1_Pooling'), { recursive: true })
    await expect(openPairScorer({ model: plain })).rejects.toThrow(/^cross-encoder: the model in .* is a bi-encoder/)
    expect((await biEncoder(plain)).description).toContain('mean in 16 dimensions')
  })

  test('files that are damaged or ask for what there is not', async () => {
    const pooled = await copyOf('bi-encoder', { '1_Pooling/config.json': { pooling_mode_weightedmean_tokens: true } })
    await expect(asBi(pooled)).rejects.toThrow(
      /1_Pooling\/config\.json wants "pooling_mode_weightedmean_tokens", which there is not here\. There are cls, mean/,
    )
    await writeFile(join(pooled, '1_Pooling/config.json'), '{')
    await expect(asBi(pooled)).rejects.toThrow(/1_Pooling\/config\.json is no JSON\.$/)
    await writeFile(join(pooled, '1_Pooling/config.json'), '{}')
    await writeFile(join(pooled, 'onnx/model.onnx'), 'no graph')
    await expect(asBi(pooled)).rejects.toThrow(/^The model in .* cannot be loaded: /)
    await rm(join(pooled, 'onnx'), { recursive: true })
    await expect(asBi(pooled)).rejects.toThrow(/^There is no ONNX graph in .*: wanted onnx\/model\.onnx\./)
  })

  test('transformers.js is not installed', async () => {
    vi.doMock('@huggingface/transformers', () => {
      throw new Error("Cannot find package '@huggingface/transformers'")
    })
    try {
      await expect(asBi(at('bi-encoder'))).rejects.toThrow(/Run "npm install @huggingface\/transformers"/)
    } finally {
      vi.doUnmock('@huggingface/transformers')
    }
  })
})
