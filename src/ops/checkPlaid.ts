/**
 * What every backend checks of a compressed index and of a search in it, in one place; see check.ts. Afterwards a kernel
 * may rely on: codes below C, integers that stay in integer.ts's ranges, offsets that rise, a filter that is long enough.
 */
import { checkOffsets, checkQueries, checkRows, refused, typeName } from './check.ts'
import { largestCode } from './codes.ts'
import {
  type LoadedPlaid,
  MAX_DIM,
  MAX_MATCHES,
  MAX_QUERY_TOKENS,
  MAX_SHIFT,
  PLAID_BITS,
  type PlaidIndex,
  type PlaidPart,
  type PlaidSearchOptions,
  type QueryBatch,
} from './ops.ts'

export function checkAssignment(tokens: Float32Array, centroids: Float32Array, dim: number): void {
  checkRows('token', tokens, dim)
  checkRows('centroid', centroids, dim)
  if (centroids.length === 0 && tokens.length > 0) throw refused('centroids', 'none', 'at least one')
}

export function checkPlaid(index: PlaidIndex): void {
  const { codec, parts } = index
  const { dim, bits, centroids, weights, shift } = codec
  if (!(Number.isInteger(dim) && dim >= 1 && dim <= MAX_DIM))
    throw refused('dim of the index', dim, `a whole number from 1 to ${MAX_DIM}`)
  if (bits !== 0 && !PLAID_BITS.includes(bits))
    throw refused('bits of the index', bits, `${PLAID_BITS.join(', ')}, or 0 without residuals`)
  if ((dim * bits) % 8 !== 0) throw refused('dim times bits', `${dim} * ${bits}`, 'a multiple of 8')
  if (!(Number.isInteger(shift) && shift >= 0 && shift <= MAX_SHIFT)) throw refused('shift', shift, `0 to ${MAX_SHIFT}`)
  // Kernels that have no residuals do not look at them.
  if (bits === 0 && shift !== 0) throw refused('shift', shift, '0 where there are no residuals')
  if (bits === 0 && weights.some((weight) => weight !== 0))
    throw refused('weights', weights.join(', '), '0 where there are no residuals')
  if (weights.length !== 2 ** bits) throw refused('weights', `${weights.length} values`, `${2 ** bits}`)
  if (centroids.length % dim !== 0) throw refused('centroids', `${centroids.length} values`, `rows of ${dim}`)
  // -128 would break the symmetry that kernels rely on, and no quantiser here writes it.
  if (centroids.includes(-128)) throw refused('centroids', -128, '-127 to 127')
  if (weights.includes(-128)) throw refused('weights', -128, '-127 to 127')
  parts.forEach((part, i) => {
    checkPart(part, i, (dim * bits) / 8, centroids.length / dim)
  })
  const { passages } = plaidSizes(index)
  if (passages >= 2 ** 31) throw refused('passages', passages, 'fewer than 2^31')
}

function checkPart({ codes, residuals, offsets }: PlaidPart, index: number, rowBytes: number, centroids: number): void {
  const part = `part ${index}`
  if (!(codes instanceof Uint16Array || codes instanceof Uint32Array))
    throw refused(`codes of ${part}`, typeName(codes), 'a Uint16Array or Uint32Array')
  if (!(residuals instanceof Uint8Array)) throw refused(`residuals of ${part}`, typeName(residuals), 'a Uint8Array')
  checkOffsets((place) => `offsets${place} of ${part}`, offsets)
  if (offsets.at(-1) !== codes.length)
    throw refused(`last offset of ${part}`, offsets.at(-1), `${codes.length}, the number of codes`)
  if (residuals.length !== codes.length * rowBytes)
    throw refused(`residuals of ${part}`, `${residuals.length} bytes`, `${codes.length * rowBytes}`)
  const largest = largestCode(codes)
  if (largest >= centroids)
    throw refused(
      `code of token ${codes.indexOf(largest)} of ${part}`,
      largest,
      `less than ${centroids}, the number of centroids`,
    )
}

export function checkPlaidSearch(
  queries: QueryBatch,
  { dim, passages }: LoadedPlaid,
  options: PlaidSearchOptions,
): void {
  const { k, candidates, filter, matches = false } = options
  checkQueries(queries, dim)
  if (!(Number.isInteger(k) && k >= 0)) throw refused('k', k, 'a whole number from 0 on')
  const hits = Math.min(k, passages)
  for (let b = 0; b + 1 < queries.offsets.length; b++) {
    const rows = queries.offsets[b + 1]! - queries.offsets[b]!
    if (rows > MAX_QUERY_TOKENS) throw refused(`tokens of query ${b}`, rows, `at most ${MAX_QUERY_TOKENS}`)
    if (matches && hits * rows > MAX_MATCHES)
      throw refused('matches', `${hits} hits of ${rows} tokens`, `at most ${MAX_MATCHES} of both multiplied`)
  }
  if (!(candidates === Infinity || (Number.isInteger(candidates) && candidates >= 0)))
    throw refused('candidates', candidates, 'a whole number from 0 on, or Infinity')
  if (filter === undefined) return
  if (!(filter instanceof Uint32Array)) throw refused('filter', typeName(filter), 'a Uint32Array')
  const words = Math.ceil(passages / 32)
  if (filter.length !== words) throw refused('filter', `${filter.length} words`, `${words}: a bit for each passage`)
}

/** What a handle tells of an index, but for what depends on the backend. */
export function plaidSizes({
  codec,
  parts,
}: PlaidIndex): Pick<LoadedPlaid, 'passages' | 'tokens' | 'dim' | 'centroids' | 'bits'> {
  return {
    passages: parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0),
    tokens: parts.reduce((sum, { codes }) => sum + codes.length, 0),
    dim: codec.dim,
    centroids: codec.centroids.length / codec.dim,
    bits: codec.bits,
  }
}
