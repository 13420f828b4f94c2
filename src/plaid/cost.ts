/**
 * What vectors cost to keep, told before any are made: bytes of a collection as one vector a passage, as one a token, and as
 * an index of each kind. An index's sizes are the format's own (format.ts, pooling.ts, kmeans.ts, residency.ts), put together
 * for passages of which only lengths are known; that they are those of an index that was built, tests hold to the byte.
 * Knows nothing of texts and words, which take the same whatever vectors there are.
 */
import { SelvageError } from '../errors.ts'
import { MAX_DIM, PLAID_BITS, type PlaidBits } from '../ops/ops.ts'
import { packName } from '../store/packs.ts'
import { MAX_PASSAGE_TOKENS } from './data.ts'
import { canStore, codeBytes, codecBytes, cutIntoPacks, PACK_BYTES, type PlaidHeader, residualBytes } from './format.ts'
import { centroidCount } from './kmeans.ts'
import { checkPool, pooledRows } from './pooling.ts'
import { bytesPaged, bytesResident, type Sizes } from './residency.ts'

/** Passages, of which the lengths are known, or only how many tokens they have together: then all are of about one length. */
export interface Collection {
  readonly passages: number
  readonly tokens: number
  /** Tokens of each. */
  readonly lengths?: Uint16Array
}

/** Bytes of an index by kind: its packs, and what its manifest says of them. */
export interface IndexBytes {
  readonly codes: number
  readonly residuals: number
  readonly lengths: number
  readonly centroids: number
  /** Of an import. */
  readonly originals?: number
  readonly codec: number
  readonly manifest: number
}

/** Bytes held where scores are computed, as residency.ts has them. */
export interface IndexMemory {
  /** On a CPU (WASM), with everything loaded. */
  readonly cpu: number
  /** On a CPU where there is no room for that: residuals are read as they are needed, where this saves anything. */
  readonly least: number
  readonly gpu: number
}

export interface Cost {
  readonly system: 'bi-encoder' | 'colbert' | 'plaid'
  /** What a number is kept as; of an index, bits of a residual per dimension. */
  readonly precision: 'f32' | 'f16' | 'int8' | PlaidBits
  /** About one vector for so many tokens. */
  readonly pool: number
  readonly dim: number
  readonly vectors: number
  readonly bytes: number
  /** Of an index only: what has none is searched as it is kept. */
  readonly index?: { readonly centroids: number; readonly bytes: IndexBytes; readonly memory: IndexMemory }
}

export interface IndexCost extends Cost {
  readonly index: NonNullable<Cost['index']>
}

export const POOLS = [1, 2, 3] as const

/** Errors: `invalid-argument` for what no collection can be. */
export function evenCollection(passages: number, tokensEach: number): Collection {
  if (!(Number.isInteger(passages) && passages >= 1 && passages <= MOST_PASSAGES))
    throw new SelvageError(
      'invalid-argument',
      `passages: got ${passages}, wanted a whole number from 1 to ${MOST_PASSAGES}.`,
    )
  if (!(tokensEach >= 1 && tokensEach <= MAX_PASSAGE_TOKENS))
    throw new SelvageError(
      'invalid-argument',
      `tokens: got ${tokensEach} a passage, wanted 1 to ${MAX_PASSAGE_TOKENS}; no more fit into one.`,
    )
  return { passages, tokens: Math.round(passages * tokensEach) }
}

/** Passages have numbers of four bytes. */
const MOST_PASSAGES = 2 ** 32 - 1

export function knownCollection(lengths: Uint16Array): Collection {
  return { passages: lengths.length, tokens: lengths.reduce((sum, length) => sum + length, 0), lengths }
}

/** What is left of it where about one vector is kept for so many tokens. Errors: those of checkPool. */
export function pooled(collection: Collection, factor: number): Collection {
  checkPool(factor)
  if (factor === 1) return collection
  const { passages, tokens, lengths } = collection
  if (lengths !== undefined) return knownCollection(lengths.map((length) => pooledRows(length, factor)))
  // Of whole tokens: some passages have one more than the others.
  const shorter = Math.floor(tokens / passages)
  const longer = tokens - shorter * passages
  const kept = longer * pooledRows(shorter + 1, factor) + (passages - longer) * pooledRows(shorter, factor)
  return { passages, tokens: kept }
}

/** One vector a passage. Of bytes (int8) the scale of each dimension, the same for all passages, is not counted. */
export function biEncoderCost({ passages }: Collection, dim: number, precision: 'f32' | 'int8'): Cost {
  const bytes = passages * dim * (precision === 'f32' ? 4 : 1)
  return { system: 'bi-encoder', precision, pool: 1, dim, vectors: passages, bytes }
}

/** A vector a token, as the model gives them. */
export function colbertCost(collection: Collection, dim: number, precision: 'f32' | 'f16', pool = 1): Cost {
  const { tokens } = pooled(collection, pool)
  const bytes = tokens * dim * (precision === 'f32' ? 4 : 2)
  return { system: 'colbert', precision, pool, dim, vectors: tokens, bytes }
}

export interface PlaidShape {
  readonly dim: number
  readonly bits: PlaidBits
  readonly pool?: number
  /** Default: as many as a build chooses. */
  readonly centroids?: number
  /** Then its centroids are kept as they came, too. Default false. */
  readonly isImported?: boolean
}

/** Errors: `invalid-argument` for dimensions and bits that there is no index of. */
export function plaidCost(
  collection: Collection,
  { dim, bits, pool = 1, centroids, isImported = false }: PlaidShape,
): IndexCost {
  if (!canStore({ dim, bits }))
    throw new SelvageError(
      'invalid-argument',
      `An index of dim ${dim} and bits ${bits} cannot be: wanted 1 to ${MAX_DIM} dimensions, 1, 2, 4 or 8 bits, and a product that is a multiple of 8.`,
    )
  const kept = pooled(collection, pool)
  const { passages, tokens } = kept
  const sizes: Sizes = { dim, bits, passages, tokens, centroidCount: centroids ?? centroidCount(tokens, dim) }
  const packs = {
    codes: tokens * codeBytes(sizes),
    residuals: tokens * residualBytes(sizes),
    lengths: passages * LENGTH_BYTES,
    centroids: sizes.centroidCount * dim,
    ...(isImported && { originals: sizes.centroidCount * dim * 4 }),
    codec: codecBytes(sizes),
  }
  const bytes = { ...packs, manifest: manifestBytes(sizes, packs, packsOf(kept, sizes)) }
  const cpu = bytesResident(sizes, 'wasm')
  const memory = { cpu, least: Math.min(cpu, bytesPaged(sizes, 'wasm')), gpu: bytesResident(sizes, 'webgpu') }
  return {
    ...{ system: 'plaid', precision: bits, pool, dim, vectors: tokens },
    bytes: Object.values(bytes).reduce((sum, size) => sum + size, 0),
    index: { centroids: sizes.centroidCount, bytes, memory },
  }
}

/** u16 */
const LENGTH_BYTES = 2

/** Every kind, from one vector a passage to the coarsest index; without those that there is no index of. */
export function costs(collection: Collection, dim: number, biEncoderDim: number): Cost[] {
  const bits = PLAID_BITS.filter((one) => canStore({ dim, bits: one })).reverse()
  return [
    ...(['f32', 'int8'] as const).map((precision) => biEncoderCost(collection, biEncoderDim, precision)),
    ...(['f32', 'f16'] as const).flatMap((precision) =>
      POOLS.map((pool) => colbertCost(collection, dim, precision, pool)),
    ),
    ...bits.flatMap((one) => POOLS.map((pool) => plaidCost(collection, { dim, bits: one, pool }))),
  ]
}

/** So many packs of codes of so many tokens each, and as many of residuals. */
interface PackCount {
  readonly tokens: number
  readonly count: number
}

function packsOf({ passages, tokens, lengths }: Collection, sizes: Sizes): PackCount[] {
  if (tokens === 0) return []
  if (lengths !== undefined)
    return cutIntoPacks(passages, (p) => lengths[p]!, sizes)
      .map(({ first, end }) => ({ tokens: knownCollection(lengths.subarray(first, end)).tokens, count: 1 }))
      .filter((pack) => pack.tokens > 0) // nothing is written of those
  // Where passages are alike packs are too, but for the last: it is enough to cut the first.
  const mean = tokens / passages
  const enough = Math.min(passages, Math.ceil(PACK_BYTES / (mean * residualBytes(sizes))) + 1)
  const each = cutIntoPacks(enough, () => mean, sizes)[0]!.end
  const [count, rest] = [Math.floor(passages / each), passages % each]
  const packs = [
    { tokens: Math.round(each * mean), count },
    { tokens: Math.round(rest * mean), count: 1 },
  ]
  return packs.filter((pack) => pack.tokens > 0 && pack.count > 0)
}

/** What a manifest says of vectors, in JSON: mostly names and hashes of packs, of which only the digits of sizes differ. */
function manifestBytes(
  sizes: Sizes,
  { lengths, centroids, originals, codec }: Omit<IndexBytes, 'manifest'>,
  packs: readonly PackCount[],
): number {
  const header: PlaidHeader = {
    ...{ kind: 'plaid', ...sizes },
    ...{ codec: refOf('codec', codec), centroids: refOf('centroids', centroids), lengths: refOf('lengths', lengths) },
    ...(originals !== undefined && { originals: refOf('originals', originals) }),
    ...{ codes: [], residuals: [] },
  }
  const listed = (kind: 'codes' | 'residuals', rowBytes: number) => {
    const commas = Math.max(0, packs.reduce((sum, { count }) => sum + count, 0) - 1)
    const length = (tokens: number) => JSON.stringify(refOf(kind, tokens * rowBytes)).length
    return packs.reduce((sum, { tokens, count }) => sum + count * length(tokens), commas)
  }
  return JSON.stringify(header).length + listed('codes', codeBytes(sizes)) + listed('residuals', residualBytes(sizes))
}

function refOf(kind: string, bytes: number) {
  const sha256 = '0'.repeat(64)
  return { file: packName(kind, sha256), bytes, sha256 }
}
