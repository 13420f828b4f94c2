/**
 * The folders of next-plaid and fast-plaid (LightOn), read into PlaidData and written from it. The two differ in number
 * types and in what metadata says; both are read, next-plaid's is written.
 * Layout and traps: next-plaid 1.8.5 `index.rs`, `codec.rs`, `mmap.rs`; fast-plaid `rust/index/create.rs`.
 */
import { SelvageError } from '../../errors.ts'
import { MAX_DIM, PLAID_BITS, type PlaidBits, type PlaidPart } from '../../ops/ops.ts'
import { lengthsOf } from '../../ops/parts.ts'
import type { BlobSource } from '../../store/store.ts'
import { concat } from '../../util.ts'
import { MAX_PASSAGE_TOKENS, type PlaidData, slicePart } from '../data.ts'
import { type NpyArray, readNpy, writeNpy } from './npy.ts'

/** Documents of a chunk, as next-plaid cuts them. */
const CHUNK_DOCUMENTS = 50_000

/** Errors: `index-missing` without metadata, `index-invalid`, `index-version` for kinds of index that are not PLAID. */
export async function readNextPlaid(source: BlobSource): Promise<PlaidData> {
  const invalid = (what: string) => new SelvageError('index-invalid', `The index at ${source.location}: ${what}.`)
  const optional = (name: string) => source.get(name)
  const needed = async (name: string) => {
    const bytes = await optional(name)
    if (bytes === undefined) throw invalid(`${name} is missing`)
    return bytes
  }
  const json = (bytes: Uint8Array, name: string): unknown => {
    try {
      return JSON.parse(new TextDecoder().decode(bytes))
    } catch {
      throw invalid(`${name} is not JSON`)
    }
  }
  const floatsOf = (bytes: Uint8Array, name: string) => {
    const { shape, data } = readNpy(bytes, name)
    if (!(data instanceof Float32Array)) throw invalid(`${name} holds no floating point numbers`)
    const bad = data.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) throw invalid(`value ${bad} of ${name} is ${data[bad]}`)
    return { shape, data }
  }
  const floats = async (name: string) => floatsOf(await needed(name), name)
  const optionalFloats = async (name: string) => {
    const bytes = await optional(name)
    return bytes && floatsOf(bytes, name).data
  }

  const told = await optional('metadata.json')
  if (told === undefined)
    throw new SelvageError(
      'index-missing',
      `There is no next-plaid or fast-plaid index at ${source.location}: it has no metadata.json.`,
    )
  const metadata = new Map<string, unknown>(Object.entries(Object(json(told, 'metadata.json'))))
  for (const kind of ['binary', 'ternary'])
    if (metadata.get(kind) === true)
      throw new SelvageError(
        'index-version',
        `The index at ${source.location} is ${kind}; only residual indexes can be read. Build it with 1, 2, 4 or 8 bits.`,
      )
  const bits = bitsOf(metadata.get('nbits'), invalid)
  const chunks = metadata.get('num_chunks')
  if (typeof chunks !== 'number' || !Number.isInteger(chunks) || chunks < 0)
    throw invalid('metadata.json has no valid num_chunks')

  // The number of centroids is that of their rows: fast-plaid's num_partitions is an estimate made again.
  const { shape, data: centroids } = await floats('centroids.npy')
  const dim = shape[1]
  if (shape.length !== 2 || dim === undefined || dim < 1) throw invalid('centroids.npy is no matrix')
  if (dim > MAX_DIM) throw invalid(`vectors of ${dim} dimensions; at most ${MAX_DIM} can be searched here`)
  if ((dim * bits) % 8 !== 0) throw invalid(`${dim} dimensions of ${bits} bits do not fill bytes`)
  const toldDim = metadata.get('embedding_dim')
  if (typeof toldDim === 'number' && toldDim !== dim)
    throw invalid(`metadata.json says embedding_dim ${toldDim}, the centroids have ${dim}`)
  const cutoffs = (await floats('bucket_cutoffs.npy')).data
  const weights = (await floats('bucket_weights.npy')).data
  if (cutoffs.length !== 2 ** bits - 1 || weights.length !== 2 ** bits)
    throw invalid(`${cutoffs.length} cutoffs and ${weights.length} weights for ${bits} bits`)
  if (cutoffs.some((cutoff, i) => i > 0 && cutoff < cutoffs[i - 1]!))
    throw invalid('bucket_cutoffs.npy does not ascend')
  const averageResidual = (await optionalFloats('avg_residual.npy')) ?? new Float32Array(dim)
  if (averageResidual.length !== dim) throw invalid(`avg_residual.npy has ${averageResidual.length} values, not ${dim}`)
  const clusterThreshold = (await optionalFloats('cluster_threshold.npy'))?.[0] ?? 0
  const parts: PlaidPart[] = []
  let firstToken = 0
  /** By kind, once read. */
  const merged = new Map<string, NpyArray['data']>()
  for (let i = 0; i < chunks; i++) parts.push(await readChunk(i))
  const documents = parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0)
  for (const [name, count] of [
    ['num_documents', documents],
    ['num_embeddings', firstToken],
  ] as const) {
    const wanted = metadata.get(name)
    if (typeof wanted === 'number' && wanted !== count)
      throw invalid(`metadata.json says ${name} ${wanted}, the chunks hold ${count}`)
  }
  return {
    dim,
    bits,
    centroids,
    cutoffs,
    weights,
    averageResidual,
    clusterThreshold,
    parts,
  }

  async function readChunk(i: number): Promise<PlaidPart> {
    const lengths = json(await needed(`doclens.${i}.json`), `doclens.${i}.json`)
    if (!Array.isArray(lengths)) throw invalid(`doclens.${i}.json is no list`)
    const offsets = new Uint32Array(lengths.length + 1)
    lengths.forEach((length, p) => {
      if (!(Number.isInteger(length) && length >= 0)) throw invalid(`doclens.${i}.json holds ${String(length)}`)
      if (length > MAX_PASSAGE_TOKENS)
        throw invalid(
          `document ${p} of chunk ${i} has ${length} tokens; at most ${MAX_PASSAGE_TOKENS} can be searched here`,
        )
      offsets[p + 1] = offsets[p]! + length
    })
    const tokens = offsets.at(-1)!
    const codes = await rowsOf('codes', i, tokens, 1)
    const residuals = await rowsOf('residuals', i, tokens, (dim! * bits) / 8)
    if (!(codes instanceof Int32Array)) throw invalid(`the codes of chunk ${i} are no integers`)
    if (!(residuals instanceof Uint8Array)) throw invalid(`the residuals of chunk ${i} are no bytes`)
    firstToken += tokens
    if (codes.length !== tokens || residuals.length !== (tokens * dim! * bits) / 8)
      throw invalid(`chunk ${i} has ${codes.length} codes and ${residuals.length} residual bytes for ${tokens} tokens`)
    const count = centroids.length / dim!
    const bad = codes.findIndex((code) => code < 0 || code >= count)
    if (bad >= 0) throw invalid(`chunk ${i} has code ${codes[bad]}, but there are ${count} centroids`)
    return { codes: Uint32Array.from(codes), residuals, offsets }
  }

  /** Of one chunk. Newer fast-plaid deletes a chunk's own file once it is in the merged one, which ends with padding. */
  async function rowsOf(kind: 'codes' | 'residuals', i: number, tokens: number, width: number) {
    const own = await optional(`${i}.${kind}.npy`)
    if (own !== undefined) return readNpy(own, `${i}.${kind}.npy`).data
    const name = `merged_${kind}.npy`
    const bytes = merged.has(kind) ? undefined : await optional(name)
    if (bytes !== undefined) merged.set(kind, readNpy(bytes, name).data)
    const rows = merged.get(kind)
    if (rows === undefined) throw invalid(`${i}.${kind}.npy is missing, and there is no ${name}`)
    return rows.subarray(firstToken * width, (firstToken + tokens) * width)
  }
}

function bitsOf(value: unknown, invalid: (what: string) => SelvageError): PlaidBits {
  const bits = PLAID_BITS.find((allowed) => allowed === value)
  if (bits === undefined) throw invalid(`metadata.json says ${String(value)} bits, wanted 1, 2, 4 or 8`)
  return bits
}

/** Writes file by file through `put`, metadata.json last: without it nobody takes the folder for an index. */
export async function writeNextPlaid(
  data: PlaidData,
  put: (name: string, bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { dim, bits, centroids, cutoffs, weights, averageResidual, clusterThreshold } = data
  const count = centroids.length / dim
  const rowBytes = (dim * bits) / 8
  const putJson = (name: string, value: unknown) => put(name, new TextEncoder().encode(JSON.stringify(value, null, 2)))
  await put('centroids.npy', writeNpy('<f4', [count, dim], centroids))
  await put('bucket_cutoffs.npy', writeNpy('<f4', [cutoffs.length], cutoffs))
  await put('bucket_weights.npy', writeNpy('<f4', [weights.length], weights))
  await put('avg_residual.npy', writeNpy('<f4', [dim], averageResidual))
  await put('cluster_threshold.npy', writeNpy('<f4', [1], [clusterThreshold]))

  const lists: number[][] = Array.from({ length: count }, () => [])
  let documents = 0
  let embeddings = 0
  const chunks = chunksOf(data.parts)
  for (const [i, { codes, residuals, offsets }] of chunks.entries()) {
    const lengths = lengthsOf(offsets)
    await put(`${i}.codes.npy`, writeNpy('<i8', [codes.length], codes))
    await put(`${i}.residuals.npy`, writeNpy('|u1', [codes.length, rowBytes], residuals))
    await putJson(`doclens.${i}.json`, lengths)
    await putJson(`${i}.metadata.json`, {
      num_documents: lengths.length,
      num_embeddings: codes.length,
      embedding_offset: embeddings,
    })
    for (let p = 0; p < lengths.length; p++)
      for (let t = offsets[p]!; t < offsets[p + 1]!; t++) {
        const list = lists[codes[t]!]!
        if (list.at(-1) !== documents + p) list.push(documents + p)
      }
    documents += lengths.length
    embeddings += codes.length
  }
  const flat = concat((length) => new Int32Array(length), lists)
  await put('ivf.npy', writeNpy('<i8', [flat.length], flat))
  await put(
    'ivf_lengths.npy',
    writeNpy(
      '<i4',
      [count],
      lists.map(({ length }) => length),
    ),
  )
  await putJson('plan.json', { nbits: bits, num_chunks: chunks.length })
  await putJson('metadata.json', {
    num_chunks: chunks.length,
    nbits: bits,
    num_partitions: count,
    num_embeddings: embeddings,
    avg_doclen: documents === 0 ? 0 : embeddings / documents,
    num_documents: documents,
    embedding_dim: dim,
    next_plaid_compatible: true,
  })
}

/** Parts joined and cut to chunks of next-plaid's size. */
function chunksOf(parts: readonly PlaidPart[]): PlaidPart[] {
  const chunks: PlaidPart[] = []
  let pending: PlaidPart[] = []
  const flush = () => {
    if (pending.length > 0) chunks.push(join(pending))
    pending = []
  }
  let documents = 0
  for (const part of parts) {
    const size = part.offsets.length - 1
    for (let first = 0; first < size; ) {
      const end = Math.min(size, first + CHUNK_DOCUMENTS - documents)
      pending.push(slicePart(part, first, end))
      documents += end - first
      first = end
      if (documents === CHUNK_DOCUMENTS) {
        flush()
        documents = 0
      }
    }
  }
  flush()
  return chunks
}

function join(parts: readonly PlaidPart[]): PlaidPart {
  if (parts.length === 1) return parts[0]!
  const offsets = new Uint32Array(parts.reduce((sum, part) => sum + part.offsets.length - 1, 1))
  let [token, passage] = [0, 0]
  for (const part of parts) {
    for (let p = 1; p < part.offsets.length; p++) offsets[passage + p] = token + part.offsets[p]!
    token += part.codes.length
    passage += part.offsets.length - 1
  }
  return {
    codes: concat(
      (length) => new Uint32Array(length),
      parts.map(({ codes }) => codes),
    ),
    residuals: concat(
      (length) => new Uint8Array(length),
      parts.map(({ residuals }) => residuals),
    ),
    offsets,
  }
}
