/**
 * One call's texts through model and kernels: a portion is encoded at a time, and scored once enough is held for it to be worth
 * the kernels' while. Here is what is held, what was done so far and how long it took. What a text is nobody asks here.
 */
import { throwIfAborted } from '../errors.ts'
import type { BatchScores, EncodedPassages, PassageText, ScoreOptions, ScoreRequest } from '../rankTypes.ts'
import type { EncodedText, Hit, UnexplainedHit } from '../types.ts'
import { equalTexts, isBlank } from './rerankTexts.ts'
import { joined, offsetsOf, rowBatch } from './rowBatch.ts'

/** What is needed of a model and of kernels. */
export interface RerankMeans {
  /** Passages handed to the model at once: so long an abort has to wait, and a question that comes meanwhile. */
  readonly portion: number
  encodeQuery(text: string): Promise<EncodedText>
  /** `onDone` may be told how many are done before all are. */
  encodePassages(passages: readonly PassageText[], onDone: (done: number) => void): Promise<EncodedPassages>
  score(request: ScoreRequest): Promise<BatchScores>
  explain(query: string, encoded: EncodedText, hits: readonly UnexplainedHit[]): Promise<readonly Hit[]>
}

/** Where scores were computed last. */
export type RerankScorer = Pick<BatchScores, 'backend' | 'refused'>

type Matches = NonNullable<UnexplainedHit['matches']>

export interface RunScores {
  /** f32 `[B, P]`, -Infinity for passages without text. */
  readonly scores: Float32Array
  /** Numbers of passages that the model has read the beginning of only. */
  readonly cut: ReadonlySet<number>
  /** By number of passage, where they were wanted: what the one query matched. */
  readonly matches: ReadonlyMap<number, Matches>
}

/** Passages that wait to be scored together: their vectors, the rows of each, and the numbers they go by. */
interface Held {
  readonly vectors: Float32Array[]
  readonly rows: number[]
  readonly numbers: (readonly number[])[]
}

/** Values in vectors, 8 MB, that are held before they are scored: every call makes its passages resident anew. */
const HELD_VALUES = 2 ** 21

export class RerankRun {
  readonly elapsedMs = { encode: 0, score: 0 }
  scorer: RerankScorer | undefined
  readonly #means: RerankMeans
  readonly #options: ScoreOptions
  readonly #passages: readonly PassageText[]
  /** The longest first, beside others of their length: padding costs as much as text, and memory runs out at once or never. */
  readonly #groups: readonly (readonly number[])[]
  #total = 0
  #done = 0

  constructor(means: RerankMeans, passages: readonly PassageText[], options: ScoreOptions) {
    this.#means = means
    this.#options = options
    this.#passages = passages
    const lengthOf = ([first]: readonly number[]) => passages[first!]!.text.length
    this.#groups = equalTexts(passages).sort((a, b) => lengthOf(b) - lengthOf(a))
  }

  /** A query without text has no rows. */
  async encodeQueries(queries: readonly string[]): Promise<EncodedText[]> {
    const distinct = [...new Set(queries)].filter((query) => !isBlank(query))
    this.#total = distinct.length + this.#groups.length
    const encoded = new Map<string, EncodedText>()
    for (const query of distinct) {
      throwIfAborted(this.#options.signal)
      encoded.set(query, await this.#timed('encode', this.#means.encodeQuery(query)))
      this.#tell(encoded.size)
    }
    this.#done = encoded.size
    return queries.map((query) => encoded.get(query) ?? NO_ROWS)
  }

  /** @param wantMatches of one query */
  async score(queries: readonly EncodedText[], wantMatches: boolean): Promise<RunScores> {
    const count = this.#passages.length
    const scores = new Float32Array(queries.length * count).fill(Number.NEGATIVE_INFINITY)
    const matches = new Map<number, Matches>()
    const cut = new Set<number>()
    const place = ({ numbers }: Held, found: BatchScores) => {
      for (const [i, all] of numbers.entries())
        for (const p of all) {
          for (let b = 0; b < queries.length; b++) scores[b * count + p] = found.scores[b * numbers.length + i]!
          if (found.matches) matches.set(p, matchesAt(found.matches, i, queries[0]!.matrix.rows))
        }
    }
    let held: Held = { vectors: [], rows: [], numbers: [] }
    for await (const { encoded, numbers } of this.#encoded()) {
      for (const [i, all] of numbers.entries()) if (encoded.cut[i]) for (const p of all) cut.add(p)
      held.vectors.push(encoded.vectors)
      held.rows.push(...encoded.rows)
      held.numbers.push(...numbers)
      const values = held.vectors.reduce((sum, { length }) => sum + length, 0)
      if (values < HELD_VALUES && this.#done < this.#total) continue
      place(held, await this.#scoreHeld(queries, held, encoded.dim, wantMatches))
      held = { vectors: [], rows: [], numbers: [] }
    }
    return { scores, cut, matches }
  }

  /** Portion by portion, each with the numbers that its texts go by. */
  async *#encoded() {
    const { portion } = this.#means
    for (let from = 0; from < this.#groups.length; from += portion) {
      throwIfAborted(this.#options.signal)
      const numbers = this.#groups.slice(from, from + portion)
      const before = this.#done
      const texts = numbers.map(([first]) => this.#passages[first!]!)
      const encoding = this.#means.encodePassages(texts, (done) => done < texts.length && this.#tell(before + done))
      const encoded = await this.#timed('encode', encoding)
      this.#done = before + texts.length
      this.#tell(this.#done)
      yield { encoded, numbers }
    }
  }

  async #scoreHeld(
    encoded: readonly EncodedText[],
    { vectors, rows }: Held,
    dim: number,
    matches: boolean,
  ): Promise<BatchScores> {
    throwIfAborted(this.#options.signal)
    const queries = rowBatch(
      encoded.map(({ matrix }) => matrix),
      dim,
    )
    const passages = { vectors: joined(vectors), offsets: offsetsOf(rows), dim }
    const found = await this.#timed('score', this.#means.score({ queries, passages, matches }))
    this.scorer = { backend: found.backend, refused: found.refused }
    return found
  }

  async #timed<T>(step: 'encode' | 'score', work: Promise<T>): Promise<T> {
    const start = performance.now()
    const result = await work
    this.elapsedMs[step] += performance.now() - start
    return result
  }

  #tell(done: number): void {
    this.#options.onProgress?.({ stage: 'encode', loaded: done, total: this.#total, unit: 'items' })
  }
}

const NO_ROWS: EncodedText = {
  matrix: { data: new Float32Array(), rows: 0, dim: 0 },
  tokenIds: new Int32Array(),
  starts: new Int32Array(),
  ends: new Int32Array(),
}

function matchesAt({ positions, similarities }: Matches, p: number, rows: number): Matches {
  const [from, to] = [p * rows, (p + 1) * rows]
  return { positions: positions.slice(from, to), similarities: similarities.slice(from, to) }
}
