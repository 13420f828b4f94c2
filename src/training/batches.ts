/**
 * Examples as what the encoder and the loss take: which texts run, which rows of them count, which documents each query
 * chooses among and what is wanted of it. A document that several examples name runs once, so that an example's positive is
 * never its own negative; and where two examples ask the same, the positive of one is no negative of the other.
 */
import type { Layout, Layouts } from '../encoder/layouts.ts'
import { SelvageError } from '../errors.ts'
import type { Encoded } from './bert.ts'
import { type Packed, pack, paddedLength, vectorsAt, zerosLike } from './chunks.ts'
import { logSumExp } from './logSumExp.ts'
import type { LossBatch, LossOptions, LossResult } from './loss.ts'
import type { Example, Tensor } from './types.ts'

/** Documents are counted up to a multiple of it: fewer shapes to compile. */
const DOCUMENTS_STEP = 8

export class Batch {
  readonly packed: Packed
  readonly #queries: readonly Layout[]
  readonly #documents: readonly Layout[]
  readonly #most: number
  readonly choice: Choice

  /** @param most positions that the model has */
  constructor(examples: readonly Example[], layouts: Layouts, kind: LossOptions['kind'], most: number) {
    const texts = [...new Set(examples.flatMap(({ positive, negatives }) => [positive, ...negatives]))]
    this.#queries = examples.map(({ query }) => checked(layouts.query(query), query))
    this.#documents = texts.map((text) => checked(layouts.document(text), text))
    this.#most = most
    this.packed = pack([...this.#queries, ...this.#documents], most)
    const named = examples.reduce((sum, { negatives }) => sum + 1 + negatives.length, 0)
    const columns = Math.ceil(named / DOCUMENTS_STEP) * DOCUMENTS_STEP
    const numbers = new Map(texts.map((text, d) => [text, d]))
    this.choice = kind === 'contrastive' ? contrast(examples, numbers, columns) : teach(examples, numbers, columns)
  }

  lossBatch(encoded: readonly Encoded[]): LossBatch {
    const E = encoded[0]!.vectors.shape[1]!
    const [B, D] = this.choice.among.shape as [number, number]
    const [queries, queryMask] = this.#gather(encoded, this.#queries, 0, B, E)
    const [documents, documentMask] = this.#gather(encoded, this.#documents, this.#queries.length, D, E)
    return { queries, queryMask, documents, documentMask, ...this.choice }
  }

  /** The gradients of the loss where the chunks have their vectors. */
  spread({ queries, documents }: LossResult, encoded: readonly Encoded[]): Tensor[] {
    const above = zerosLike(encoded)
    for (const [i, { chunk, row }] of this.packed.places.entries()) {
      const isQuery = i < this.#queries.length
      const layout = isQuery ? this.#queries[i]! : this.#documents[i - this.#queries.length]!
      const { shape, data } = isQuery ? queries : documents
      const [, length, E] = shape as [number, number, number]
      const from = (isQuery ? i : i - this.#queries.length) * length * E
      const own = data.subarray(from, from + layout.ids.length * E)
      above[chunk]!.data.set(own, row * encoded[chunk]!.chunk.tokens * E)
    }
    return above
  }

  /** `[count, longest, E]` and its mask. @param first place of the first text */
  #gather(
    encoded: readonly Encoded[],
    layouts: readonly Layout[],
    first: number,
    count: number,
    E: number,
  ): [Tensor, Tensor] {
    const longest = paddedLength(Math.max(...layouts.map(({ ids }) => ids.length)), this.#most)
    const vectors = new Float32Array(count * longest * E)
    const mask = new Float32Array(count * longest)
    for (const [i, { ids, rows }] of layouts.entries()) {
      const own = vectorsAt(encoded, this.packed.places[first + i]!)
      vectors.set(own.subarray(0, ids.length * E), i * longest * E)
      for (const row of rows) mask[i * longest + row] = 1
    }
    return [
      { shape: [count, longest, E], data: vectors },
      { shape: [count, longest], data: mask },
    ]
  }
}

type Numbers = ReadonlyMap<string, number>
type Choice = Pick<LossBatch, 'among' | 'wanted' | 'wantedLog'>

/** The positive among all documents of the batch. */
function contrast(examples: readonly Example[], numbers: Numbers, columns: number): Choice {
  const [among, wanted, wantedLog] = [1, 2, 3].map(() => zeros(examples.length, columns)) as [Tensor, Tensor, Tensor]
  for (const [b, { query, positive }] of examples.entries()) {
    const place = (text: string): number => b * columns + numbers.get(text)!
    for (const text of numbers.keys()) among.data[place(text)] = 1
    for (const other of examples) if (other.query === query) among.data[place(other.positive)] = 0
    among.data[place(positive)] = 1
    wanted.data[place(positive)] = 1
  }
  return { among, wanted, wantedLog }
}

/** The teacher's softmax over an example's own documents. */
function teach(examples: readonly Example[], numbers: Numbers, columns: number): Choice {
  const [among, wanted, wantedLog] = [1, 2, 3].map(() => zeros(examples.length, columns)) as [Tensor, Tensor, Tensor]
  for (const [b, { positive, negatives, scores = [] }] of examples.entries()) {
    const total = logSumExp(scores)
    for (const [i, text] of [positive, ...negatives].entries()) {
      const at = b * columns + numbers.get(text)!
      among.data[at] = 1
      wanted.data[at] = Math.exp(scores[i]! - total)
      wantedLog.data[at] = scores[i]! - total
    }
  }
  return { among, wanted, wantedLog }
}

function zeros(rows: number, columns: number): Tensor {
  return { shape: [rows, columns], data: new Float32Array(rows * columns) }
}

/** A text of which no token counts has no score. */
function checked(layout: Layout, text: string): Layout {
  if (layout.rows.length > 0) return layout
  const shown = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text)
  throw new SelvageError(
    'invalid-argument',
    `The text ${shown} has no token outside of the model's skip list, and so nothing to score. Leave it out.`,
  )
}
