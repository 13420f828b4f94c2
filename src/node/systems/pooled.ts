/**
 * A bi-encoder: one vector for a text, made of its tokens' vectors as the model's 1_Pooling/config.json says, of length 1. Texts
 * that were encoded before come from the embedding cache. What the vectors are compared with it does not know.
 */
import { SelvageError } from '../../errors.ts'
import { sha256Hex } from '../../util.ts'
import { type DiskCache, openEmbeddingCache } from '../embeddingCache.ts'
import { checkKind, hashOfModel, type Pooling, readModelFolder, wrongKind } from './modelFolder.ts'
import type { ModelSpec } from './spec.ts'
import { inRuns, type Output, openGraph } from './transformers.ts'

export interface PooledTexts {
  /** f32 `[texts, dim]`, each of length 1, or 0 where a text has no token. */
  readonly vectors: Float32Array
  readonly dim: number
  readonly fromCache: number
}

export interface BiEncoder {
  readonly name: string
  /** "mean of 384 dimensions, at most 256 tokens" */
  readonly description: string
  encodeQuery(text: string): Promise<Float32Array>
  encodeDocuments(texts: readonly string[], onDone: (done: number) => void): Promise<PooledTexts>
  close(): Promise<void>
}

export interface BiEncoderOptions {
  readonly threads?: number | undefined
  /** Where vectors are kept; none without. */
  readonly cacheFolder?: string | undefined
  /** Whose vectors they are, for the cache: a set's folder. */
  readonly owner: string
}

/** Runs between two writes to the cache: what a call that is stopped has done before is kept. */
const PORTION = 256

/** Errors: those of readModelFolder and openGraph; `invalid-argument` where the model is of another kind. */
export async function openBiEncoder(
  spec: ModelSpec,
  { threads, cacheFolder, owner }: BiEncoderOptions,
): Promise<BiEncoder> {
  const model = await readModelFolder(spec)
  checkKind(model, 'bi-encoder')
  const hash = await hashOfModel(model)
  const graph = await openGraph(model, threads)
  const output = outputOf(graph.outputs)
  if (output === undefined) {
    await graph.close()
    const isRanker = graph.outputs.includes('logits')
    if (isRanker) throw wrongKind(model.folder, 'cross-encoder', 'bi-encoder')
    throw new SelvageError(
      'invalid-argument',
      `bi-encoder: ${model.folder} gives ${graph.outputs.join(', ')}; wanted last_hidden_state, token_embeddings or sentence_embedding.`,
    )
  }
  if (model.hasMoreLayers && output !== 'sentence_embedding') {
    await graph.close()
    throw new SelvageError(
      'model-invalid',
      `bi-encoder: ${model.folder} has a Dense layer behind its pooling, which is not in its graph. Export it with an output "sentence_embedding".`,
    )
  }

  const encode = async (texts: readonly string[], onDone: (done: number) => void = () => {}) => {
    const inputs = texts.map((text) => graph.tokenize(text))
    const vectors = new Array<Float32Array>(texts.length)
    let done = 0
    for (const run of inRuns(inputs)) {
      const { outputs, mask } = await graph.run(run.map((i) => inputs[i]!))
      const found = outputs.find(({ name }) => name === output)
      if (!found) throw new SelvageError('model-invalid', `${model.folder} gives no f32 in its output "${output}".`)
      const pooled = found.dims.length === 2 ? rowsOf(found) : poolRows(found, mask, model.pooling)
      run.forEach((text, i) => {
        vectors[text] = unit(pooled[i]!)
      })
      done += run.length
      onDone(done)
    }
    return vectors
  }

  const probe = await encode([`${model.prompts.document}probe`])
  const dim = probe[0]!.length
  const way = output === 'sentence_embedding' ? 'its own pooling' : model.pooling.join(' and ')
  return {
    name: model.name,
    description: `${model.name}, ${model.graph}: ${way} in ${dim} dimensions, ${model.maxLength} tokens at most, cosine`,
    encodeQuery: async (text) => (await encode([model.prompts.query + text]))[0]!,
    async encodeDocuments(texts, onDone) {
      const cache =
        cacheFolder === undefined ? undefined : await openEmbeddingCache(cacheFolder, { name: model.name, hash })
      const prompted = texts.map((text) => model.prompts.document + text)
      const { vectors, fromCache, keys } = await remembered(prompted, dim, cache, encode, onDone)
      await cache?.keep(owner, keys)
      const all = new Float32Array(texts.length * dim)
      vectors.forEach((vector, i) => {
        all.set(vector, i * dim)
      })
      return { vectors: all, dim, fromCache }
    },
    close: () => graph.close(),
  }
}

type Encode = (texts: readonly string[], onDone: (done: number) => void) => Promise<Float32Array[]>

/** Each text's vector, from the cache or encoded; a text that is there twice is encoded once. */
async function remembered(
  texts: readonly string[],
  dim: number,
  cache: DiskCache | undefined,
  encode: Encode,
  onDone: (done: number) => void,
) {
  const keys = await Promise.all(texts.map(keyOf))
  const textOf = new Map(keys.map((key, i) => [key, texts[i]!]))
  const distinct = [...textOf.keys()]
  const known = new Map<string, Float32Array>()
  const found = (await cache?.get(distinct)) ?? []
  distinct.forEach((key, i) => {
    const vector = found[i] && new Float32Array(found[i].slice().buffer)
    if (vector?.length === dim) known.set(key, vector)
  })
  const fromCache = keys.filter((key) => known.has(key)).length
  const missing = distinct.filter((key) => !known.has(key))
  if (fromCache > 0) onDone(fromCache)
  for (let from = 0; from < missing.length; from += PORTION) {
    const portion = missing.slice(from, from + PORTION)
    const vectors = await encode(
      portion.map((key) => textOf.get(key)!),
      (done) => onDone(fromCache + from + done),
    )
    portion.forEach((key, i) => {
      known.set(key, vectors[i]!)
    })
    // The cache keeps 16-bit words, whatever they mean.
    await cache?.put(new Map(portion.map((key, i) => [key, new Uint16Array(vectors[i]!.buffer)])))
  }
  return { vectors: keys.map((key) => known.get(key)!), fromCache, keys: new Set(keys) }
}

async function keyOf(text: string): Promise<string> {
  return (await sha256Hex(new TextEncoder().encode(text))).slice(0, 32)
}

/** The whole text's vector where the graph gives it, else those of the tokens. */
function outputOf(outputs: readonly string[]): string | undefined {
  return ['sentence_embedding', 'token_embeddings', 'last_hidden_state'].find((name) => outputs.includes(name))
}

function rowsOf({ data, dims: [count = 0, dim = 0] }: Output): Float32Array[] {
  return Array.from({ length: count }, (_, i) => data.slice(i * dim, (i + 1) * dim))
}

/**
 * One vector for each text of a run; where there are several ways, one behind the other, as sentence-transformers has them.
 * @param output `[texts, length, dim]` @param mask `[texts, length]`, 1 where there is a token
 */
export function poolRows(
  { data, dims }: Pick<Output, 'data' | 'dims'>,
  mask: Uint8Array,
  ways: readonly Pooling[],
): Float32Array[] {
  const [count = 0, length = 0, dim = 0] = dims
  return Array.from({ length: count }, (_, text) => {
    const tokens = Array.from({ length }, (_, t) => t).filter((t) => mask[text * length + t] === 1)
    const rows = tokens.map((t) => data.subarray((text * length + t) * dim, (text * length + t + 1) * dim))
    const vector = new Float32Array(ways.length * dim)
    ways.forEach((way, i) => {
      vector.set(poolOne(rows, dim, way), i * dim)
    })
    return vector
  })
}

function poolOne(rows: readonly Float32Array[], dim: number, way: Pooling): Float32Array {
  const none = new Float32Array(dim)
  if (way === 'cls') return rows[0] ?? none
  if (way === 'lasttoken') return rows.at(-1) ?? none
  if (way === 'max') return none.map((_, d) => (rows.length === 0 ? 0 : Math.max(...rows.map((row) => row[d]!))))
  const by = way === 'mean' ? rows.length : Math.sqrt(rows.length)
  return none.map((_, d) => rows.reduce((sum, row) => sum + row[d]!, 0) / Math.max(by, 1e-9))
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.hypot(...vector)
  return length === 0 ? vector : vector.map((value) => value / length)
}
