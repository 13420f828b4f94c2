/**
 * What a compressed index takes in GPU memory, and which dispatches answer a search of it: pure arithmetic, tested in Node,
 * and printed by the bench for sizes that no test can load.
 *
 * A round is some queries, one readback and usually one submit. More are needed when buffers would outgrow a binding, or
 * when the GPU would be busy for seconds: Windows resets a driver after two (TDR), and other tabs' frames wait meanwhile.
 */
import { SelvageError } from '../../errors.ts'
import { formatBytes } from '../../util.ts'
import { type LoadedBits, NARROW_CENTROIDS } from '../ops.ts'
import { cutIntoParts, type Part } from '../parts.ts'

/** Dimensions of a vec4<u32> of signed bytes. */
export const QUAD_DIMS = 16
/** Query rows that kernels take at once. Keep equal to QUERY_TILE in shaders/integers.wgsl. */
export const QUERY_TILE = 16
/** Keys of a workgroup of selectTop. Keep equal to BLOCK in shaders/selectTop.wgsl. */
export const SELECT_BLOCK = 2048
/** u32s of a query's head in front of the query rows. */
export const HEAD_WORDS = 8
const QUAD_BYTES = 16
const CENTROIDS_PER_GROUP = 64
const HISTOGRAM_BYTES = 4 * 256 * 4
/** Of a key that is a sum of u8 maxima plus one; u32 for scores with residuals. */
const SCORE_KEY_BYTES = 4

/** The shape of an index. */
export interface PlaidShape {
  readonly dim: number
  readonly bits: LoadedBits
  readonly centroids: number
  readonly passages: number
  readonly tokens: number
}

/** One part of an index as it lies on the GPU, each array in a buffer of its own. */
export interface ResidentPart {
  readonly range: Part
  readonly tokens: number
  /** Tokens of its longest passage. */
  readonly longest: number
  readonly bytes: { readonly codes: number; readonly residuals: number; readonly offsets: number }
}

export interface Residency {
  /** vec4s of a row of bytes. */
  readonly quads: number
  /** u32s of a row of residuals. */
  readonly rowWords: number
  readonly wideCodes: boolean
  readonly centroidBytes: number
  /** Those with tokens. */
  readonly parts: readonly ResidentPart[]
  /** Of all buffers. */
  readonly bytes: number
}

/** Errors: `backend-unavailable` for a passage, or centroids, too large for one binding. */
export function planResidency(
  { dim, bits, centroids }: PlaidShape,
  lengths: ArrayLike<number>,
  maxBindingBytes: number,
): Residency {
  const quads = Math.ceil(dim / QUAD_DIMS)
  const rowWords = Math.ceil((quads * bits) / 2)
  const wideCodes = centroids > NARROW_CENTROIDS
  const tokenBytes = Math.max(rowWords * 4, wideCodes ? 4 : 2)
  const centroidBytes = Math.max(1, centroids) * quads * QUAD_BYTES
  const tooLarge = (what: string) =>
    new SelvageError('backend-unavailable', `${what}; this GPU binds at most ${formatBytes(maxBindingBytes)} at once.`)
  if (centroidBytes > maxBindingBytes) throw tooLarge(`${centroids} centroids take ${formatBytes(centroidBytes)}`)
  const parts: ResidentPart[] = []
  const all = { first: 0, end: lengths.length }
  const mostPassages = Math.floor(maxBindingBytes / 4) - 1
  for (const range of cutIntoParts(all, (p) => lengths[p]! * tokenBytes, maxBindingBytes - 4, mostPassages)) {
    let tokens = 0
    let longest = 0
    for (let p = range.first; p < range.end; p++) {
      tokens += lengths[p]!
      longest = Math.max(longest, lengths[p]!)
    }
    if (tokens === 0) continue
    if (tokens * tokenBytes > maxBindingBytes) throw tooLarge(`Passage ${range.first} has ${tokens} tokens`)
    parts.push({
      range,
      tokens,
      longest,
      bytes: {
        codes: wideCodes ? tokens * 4 : Math.ceil(tokens / 2) * 4,
        residuals: tokens * rowWords * 4,
        offsets: (range.end - range.first + 1) * 4,
      },
    })
  }
  const bytes = parts.reduce((sum, part) => sum + part.bytes.codes + part.bytes.residuals + part.bytes.offsets, 0)
  return { quads, rowWords, wideCodes, centroidBytes, parts, bytes: bytes + centroidBytes }
}

export interface SearchLimits {
  /** Bytes that one round's buffers should have in all. */
  readonly bytes: number
  /** Bytes of one binding: never more, whatever is asked. */
  readonly bindingBytes: number
  /** Multiply-adds of one submit. */
  readonly work: number
  /** Workgroups in one dimension of a dispatch: queries are in z; items fill x, then y. */
  readonly groups: number
}

export interface AskedSearch {
  /** Of the queries, in rows. */
  readonly offsets: Uint32Array
  readonly k: number
  readonly candidates: number
  readonly matches: boolean
}

export type Step = {
  readonly first: number
  readonly count: number
  readonly width: number
  readonly height: number
} & (
  | { readonly kernel: 'scoreCentroids' }
  | { readonly kernel: 'approximateMaxSim' | 'residualMaxSim' | 'matches'; readonly part: number }
  | { readonly kernel: 'histogram'; readonly from: SelectFrom; readonly byte: number }
  | { readonly kernel: 'count' | 'place'; readonly from: SelectFrom }
)

/** selectTop runs twice: candidates from all passages, hits from candidates. */
export type SelectFrom = 'passages' | 'candidates'

/** Where a query's arrays lie in the round's buffers, in elements of the buffer. */
export interface QueryPlace {
  /** In vec4s, heads included. */
  readonly firstRow: number
  readonly rows: number
  readonly words: number
  readonly scoresAt: number
  readonly matchesAt: number
}

export interface SearchRound {
  readonly queries: Part
  readonly places: readonly QueryPlace[]
  /** Slots of a candidate list, and of a hit list. */
  readonly candidates: number
  readonly hits: number
  readonly selectBlocks: Readonly<Record<SelectFrom, number>>
  readonly keyBytes: Readonly<Record<SelectFrom, number>>
  /** Are positions and similarities wanted? */
  readonly matches: boolean
  /** Bytes of each buffer. */
  readonly bytes: Readonly<Record<BufferName, number>>
  /** One submit each, in order. */
  readonly submits: readonly (readonly Step[])[]
}

export type BufferName =
  | 'queries' // heads and rows
  | 'scores' // u8 [C, words * 4] of each query
  | 'keys' // of passages, and after them of candidates
  | 'histograms' // of both selections
  | 'blocks'
  | 'candidates'
  | 'hits' // list, then their keys
  | 'matches'

/** Where `keys` and `hits` are cut in two, in bytes. */
export function candidateKeysAt(batch: number, passages: number): number {
  return align(batch * passages * 4)
}

export function hitKeysAt(batch: number, hits: number): number {
  return align(batch * (1 + hits) * 4)
}

/** Binding offsets are multiples of this on every device. */
const ALIGNMENT = 256

function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT
}

/** @param shape of an index with at least one token. Errors: `backend-unavailable` for a query too large for this GPU. */
export function planSearch(
  shape: PlaidShape,
  residency: Residency,
  asked: AskedSearch,
  limits: SearchLimits,
): SearchRound[] {
  const { offsets } = asked
  const rows = (b: number): number => offsets[b + 1]! - offsets[b]!
  const share = (b: number): number => {
    const one = layOut(shape, residency, asked, { first: b, end: b + 1 })
    const bytes = Object.values(one.bytes).reduce((sum, size) => sum + size, 0)
    return Math.max(bytes / limits.bytes, totalWork(shape, one, rows(b)) / limits.work)
  }
  return cutIntoParts({ first: 0, end: offsets.length - 1 }, share, 1, limits.groups).map((queries) => {
    const round = layOut(shape, residency, asked, queries)
    for (const [name, bytes] of Object.entries(round.bytes))
      if (bytes > limits.bindingBytes)
        throw new SelvageError(
          'backend-unavailable',
          `Query ${queries.first} with ${rows(queries.first)} tokens, ${round.candidates} candidates and ${round.hits} hits ` +
            `wants ${formatBytes(bytes)} of ${name}; this GPU binds at most ${formatBytes(limits.bindingBytes)} at once.`,
        )
    return { ...round, submits: planSubmits(shape, residency, round, offsets, limits) }
  })
}

function layOut(
  { centroids, passages }: PlaidShape,
  { quads }: Residency,
  asked: AskedSearch,
  queries: Part,
): Omit<SearchRound, 'submits'> {
  const batch = queries.end - queries.first
  const hits = Math.min(asked.k, passages)
  const candidates = Math.min(Math.max(asked.k, asked.candidates), passages)
  const places: QueryPlace[] = []
  let row = (batch * HEAD_WORDS * 4) / QUAD_BYTES
  let scoresAt = 0
  let matchesAt = 0
  let mostRows = 0
  for (let b = queries.first; b < queries.end; b++) {
    const rows = asked.offsets[b + 1]! - asked.offsets[b]!
    const words = Math.ceil(rows / 4)
    places.push({ firstRow: row, rows, words, scoresAt, matchesAt })
    row += Math.ceil(rows / QUERY_TILE) * QUERY_TILE * quads
    scoresAt += centroids * words
    matchesAt += asked.matches ? 2 * hits * rows : 0
    mostRows = Math.max(mostRows, rows)
  }
  const selectBlocks = {
    passages: Math.ceil(passages / SELECT_BLOCK),
    candidates: Math.ceil(candidates / SELECT_BLOCK),
  }
  return {
    queries,
    places,
    candidates,
    hits,
    selectBlocks,
    matches: asked.matches,
    keyBytes: { passages: Math.ceil(Math.log2(255 * mostRows + 2) / 8), candidates: SCORE_KEY_BYTES },
    bytes: {
      queries: row * QUAD_BYTES,
      scores: scoresAt * 4,
      keys: candidateKeysAt(batch, passages) + batch * candidates * 4,
      histograms: 2 * batch * HISTOGRAM_BYTES,
      blocks: batch * Math.max(selectBlocks.passages, selectBlocks.candidates) * 8,
      candidates: batch * (1 + candidates) * 4,
      hits: hitKeysAt(batch, hits) + batch * hits * 4,
      matches: matchesAt * 4,
    },
  }
}

/** The byte where a selection's histograms begin. */
export function histogramsAt(from: SelectFrom, batch: number): number {
  return from === 'passages' ? 0 : batch * HISTOGRAM_BYTES
}

/** A residual is looked up and added before it is multiplied. */
const RESIDUAL_COST = 2

/** Multiply-adds of a search, for passages of average length. */
function totalWork(
  { centroids, passages, tokens, dim }: PlaidShape,
  { candidates, hits }: Pick<SearchRound, 'candidates' | 'hits'>,
  rows: number,
): number {
  const perPassage = (RESIDUAL_COST * dim * tokens) / Math.max(1, passages)
  return rows * (centroids * dim + tokens + (candidates + hits) * perPassage)
}

function planSubmits(
  shape: PlaidShape,
  { parts }: Residency,
  round: Omit<SearchRound, 'submits'>,
  offsets: Uint32Array,
  limits: SearchLimits,
): Step[][] {
  const { queries, candidates, hits, selectBlocks, keyBytes, matches } = round
  const rows = offsets[queries.end]! - offsets[queries.first]!
  const submits: Step[][] = [[]]
  let submitted = 0
  const add = (step: Step, work: number) => {
    if (submitted > 0 && submitted + work > limits.work) {
      submits.push([])
      submitted = 0
    }
    submits.at(-1)!.push(step)
    submitted += work
  }
  const grid = (groups: number) => {
    const width = Math.min(groups, limits.groups)
    return { width, height: Math.ceil(groups / width) }
  }
  /** Cut so that no dispatch has more work than a submit may. */
  const spread = (items: number, work: number, step: (first: number, count: number) => Step) => {
    const size = Math.max(1, Math.floor(items / Math.ceil(work / limits.work || 1)))
    for (let first = 0; first < items; first += size) {
      const count = Math.min(size, items - first)
      add(step(first, count), (work * count) / items)
    }
  }
  const select = (from: SelectFrom) => {
    const blocks = { first: 0, count: selectBlocks[from], ...grid(selectBlocks[from]) }
    for (let byte = 0; byte < keyBytes[from]; byte++) add({ kernel: 'histogram', from, byte, ...blocks }, 0)
    add({ kernel: 'count', from, ...blocks }, 0)
    add({ kernel: 'place', from, ...blocks }, 0)
  }
  spread(shape.centroids, shape.centroids * shape.dim * rows, (first, count) => ({
    kernel: 'scoreCentroids',
    ...{ first, count, ...grid(Math.ceil(count / CENTROIDS_PER_GROUP)) },
  }))
  parts.forEach(({ range, tokens }, part) => {
    spread(range.end - range.first, tokens * rows, (first, count) => ({
      kernel: 'approximateMaxSim',
      ...{ part, first, count, ...grid(count) },
    }))
  })
  /**
   * Long passages have more tokens to be matched by, so they are likely candidates: all may be as long as the longest. In
   * which parts they lie is not known: either one submit bears the worst, or every dispatch is made small enough for it.
   * (One passage is one workgroup and is not cut.)
   */
  const scored = (kernel: 'residualMaxSim' | 'matches', passages: number) => {
    const worst = (longest: number) => passages * longest * RESIDUAL_COST * shape.dim * rows
    const most = worst(parts.reduce((longest, part) => Math.max(longest, part.longest), 0))
    parts.forEach(({ longest }, part) => {
      const work = most > limits.work ? worst(longest) : part === 0 ? most : 0
      spread(passages, work, (first, count) => ({ kernel, ...{ part, first, count, ...grid(count) } }))
    })
  }
  select('passages')
  scored('residualMaxSim', candidates)
  select('candidates')
  if (matches) scored('matches', hits)
  return submits
}
