/**
 * Which segments are loaded with their residuals, and of which residuals stay in the store, where memory is short. Arithmetic
 * on headers, before anything is read; what a backend really took, its handle tells (`LoadedPlaid.bytes`).
 */
import { type LoadedBits, MAX_DIM } from '../ops/ops.ts'
import type { OpsBackend } from '../types.ts'
import { codeBytes, type PlaidHeader } from './format.ts'
import { defaultCacheBytes } from './paged.ts'
import { defaultCandidates } from './reader.ts'

/** Bytes that all segments together may take. */
export interface Budget {
  /** Where the GPU computes. */
  readonly gpuBytes: number
  /** Where the CPU does. */
  readonly cpuBytes: number
}

export type Residence = 'resident' | 'paged'

export type Sizes = Pick<PlaidHeader, 'dim' | 'bits' | 'passages' | 'tokens' | 'centroidCount'>
type LoadedSizes = Omit<Sizes, 'bits'> & { readonly bits: LoadedBits }

/**
 * For each segment, in order. Codes are loaded of all of them, within the budget or not, for without them there is no search.
 * What is left goes to residuals: first those that save a query most of its reading for each byte that they take, which are
 * those of the smallest segments, since every segment is asked for as many candidates. The earlier segment first on ties.
 */
export function planResidence({
  segments,
  backend,
  budget,
}: {
  readonly segments: readonly PlaidHeader[]
  readonly backend: OpsBackend
  readonly budget: Budget
}): Residence[] {
  const costs = segments.map((header) => bytesResident(header, backend) - bytesPaged(header, backend))
  let left = backend === 'webgpu' ? budget.gpuBytes : budget.cpuBytes
  for (const header of segments) left -= bytesPaged(header, backend)
  // Nothing is saved where the cache would hold all of them.
  const plan = costs.map((cost): Residence => (cost <= 0 ? 'resident' : 'paged'))
  for (const cost of costs) left -= Math.min(0, cost)
  const gains = segments.map((header, i) => savedReading(header) / costs[i]!)
  const order = costs.flatMap((cost, i) => (cost > 0 ? [i] : [])).sort((a, b) => gains[b]! - gains[a]! || a - b)
  for (const i of order) {
    if (costs[i]! > left) continue
    plan[i] = 'resident'
    left -= costs[i]!
  }
  return plan
}

/** Residuals that a query of ten hits reads of a segment, about. */
function savedReading({ dim, bits, passages, tokens }: Sizes): number {
  return Math.min(1, defaultCandidates(10) / Math.max(1, passages)) * tokens * ((dim * bits) / 8)
}

/** What a segment takes where scores are computed, all of it loaded. */
export function bytesResident(header: Sizes, backend: OpsBackend): number {
  return BYTES_LOADED[backend](header)
}

/** What it takes there with its codes alone (`residuals: 'none'`). */
export function bytesCodes(header: Sizes, backend: OpsBackend): number {
  return BYTES_LOADED[backend]({ ...header, bits: 0 })
}

/** As bytesCodes; where that is the CPU, with what paged.ts holds besides. */
export function bytesPaged(header: Sizes, backend: OpsBackend): number {
  const codes = bytesCodes(header, backend)
  if (backend === 'webgpu') return codes
  const { dim, bits, passages, tokens, centroidCount } = header
  const all = tokens * (codeBytes(header) + (dim * bits) / 8)
  return codes + 4 * passages + centroidCount * dim + Math.min(defaultCacheBytes(header), all)
}

const WASM_PAGE_BYTES = 65_536

/** As the backends lay indexes out: ops/wasm/plaidMemory.ts, ops/webgpu/plaidPlan.ts, ops/reference.ts. */
const BYTES_LOADED: Readonly<Record<OpsBackend, (header: LoadedSizes) => number>> = {
  wasm(header) {
    const { dim, bits, passages, tokens, centroidCount } = header
    const perToken = codeBytes(header) + (dim * bits) / 8
    const perCentroid = Math.ceil(dim / 8) * 8
    const tables = (bits === 0 ? 0 : (256 * 8 * 2) / bits) + 4 * MAX_DIM * 2
    const bytes = tokens * perToken + 4 * (passages + 1) + centroidCount * perCentroid + tables
    return Math.ceil(bytes / WASM_PAGE_BYTES) * WASM_PAGE_BYTES
  },
  webgpu(header) {
    const { dim, bits, passages, tokens, centroidCount } = header
    const quads = Math.ceil(dim / 16)
    const perToken = codeBytes(header) + Math.ceil((quads * bits) / 2) * 4
    return tokens * perToken + 4 * (passages + 1) + centroidCount * quads * 16
  },
  reference(header) {
    const { dim, bits, tokens } = header
    return tokens * (codeBytes(header) + (dim * bits) / 8)
  },
}
