/**
 * Which dispatches answer a call: pure arithmetic, tested in Node.
 *
 * A round is one command buffer, one submit and one readback. Usually there is one round, with one dispatch per
 * resident buffer. More are needed when queries or results outgrow a binding, or when so much is asked at once that the
 * GPU would be busy for seconds: Windows resets a driver after two (TDR), and other tabs' frames wait meanwhile.
 */
import { SelvageError } from '../../errors.ts'
import { cutIntoParts, type Part } from '../parts.ts'

export interface RoundLimits {
  /** Bytes of query vectors, and bytes of results, that one round may need. */
  readonly bytes: number
  /** Multiply-adds of one round. */
  readonly work: number
  /** Binding offsets are multiples of this. */
  readonly alignment: number
  /** Workgroups in one dimension of a dispatch: queries are in z; passages fill x, then y. */
  readonly groups: number
}

/** What the plan has to know of a resident buffer. */
export interface ResidentPart {
  /** Its passages, by their number in the batch. */
  readonly range: Part
  readonly tokenCount: number
  /** Tokens of a passage, by its number in the batch. */
  tokens(passage: number): number
}

export interface Asked {
  /** Of the queries, in rows. */
  readonly offsets: Uint32Array
  readonly dim: number
  /** Bytes of a query row on the GPU. */
  readonly rowBytes: number
  readonly positions: boolean
}

/** Bytes of a buffer. */
export interface Span {
  readonly offset: number
  readonly size: number
}

export interface Dispatch {
  /** Index of the resident part. */
  readonly part: number
  /** By their number in the batch. */
  readonly passages: Part
  /** Workgroups in x, and how often they are repeated in y. */
  readonly width: number
  readonly height: number
  /** Where its results lie in the round's output; `positions` has size 0 when not wanted. */
  readonly scores: Span
  readonly positions: Span
}

export interface Round {
  readonly queries: Part
  readonly dispatches: readonly Dispatch[]
  readonly outputBytes: number
}

export function planRounds(parts: readonly ResidentPart[], asked: Asked, limits: RoundLimits): Round[] {
  if (parts.length === 0) return []
  const rows = (b: number): number => asked.offsets[b + 1]! - asked.offsets[b]!
  const outputs = (b: number): number => 4 * (asked.positions ? 1 + rows(b) : 1)
  const passageCount = parts.reduce((sum, { range }) => sum + range.end - range.first, 0)
  const tokenCount = parts.reduce((sum, part) => sum + part.tokenCount, 0)
  // A query's share of a round: of each limit, and the largest counts. At 1 the round is full.
  const share = (b: number): number =>
    Math.max(
      (rows(b) * asked.rowBytes) / limits.bytes,
      (passageCount * outputs(b)) / limits.bytes,
      (tokenCount * asked.dim * rows(b)) / limits.work,
    )
  const rounds: Round[] = []
  for (const queries of cutIntoParts({ first: 0, end: asked.offsets.length - 1 }, share, 1, limits.groups)) {
    const b = queries.first
    if (share(b) <= 1) {
      rounds.push(
        layOut(
          queries,
          parts.map((part, index) => ({ part: index, passages: part.range })),
          asked,
          limits,
        ),
      )
      continue
    }
    // One query is too much for all passages at once: it gets rounds of its own, each with some of the passages.
    if (rows(b) * asked.rowBytes > limits.bytes) {
      const most = Math.floor(limits.bytes / asked.rowBytes)
      throw new SelvageError('invalid-argument', `Query ${b}: got ${rows(b)} tokens, wanted at most ${most} on a GPU.`)
    }
    parts.forEach((part, index) => {
      const passageShare = (p: number): number =>
        Math.max(outputs(b) / limits.bytes, (part.tokens(p) * asked.dim * rows(b)) / limits.work)
      for (const passages of cutIntoParts(part.range, passageShare, 1)) {
        rounds.push(layOut(queries, [{ part: index, passages }], asked, limits))
      }
    })
  }
  return rounds
}

/** Gives every dispatch its place in the round's output. */
function layOut(
  queries: Part,
  pieces: readonly { readonly part: number; readonly passages: Part }[],
  { offsets, positions }: Asked,
  { alignment, groups }: RoundLimits,
): Round {
  let outputBytes = 0
  const reserve = (values: number): Span => {
    const span = { offset: outputBytes, size: values * 4 }
    outputBytes = Math.ceil((outputBytes + span.size) / alignment) * alignment
    return span
  }
  const dispatches = pieces.map(({ part, passages }) => {
    const count = passages.end - passages.first
    const rows = offsets[queries.end]! - offsets[queries.first]!
    const width = Math.min(count, groups)
    return {
      part,
      passages,
      width,
      height: Math.ceil(count / width),
      scores: reserve((queries.end - queries.first) * count),
      positions: reserve(positions ? rows * count : 0),
    }
  })
  return { queries, dispatches, outputBytes }
}
