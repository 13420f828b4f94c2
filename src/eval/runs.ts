/**
 * What a system answered to the queries of a labelled set, and what it cost: all that a comparison is made of. Nouns only;
 * who ranked, and how, it does not know.
 */
import type { LabelledQuery } from './dataset.ts'
import type { Judgements } from './metrics.ts'

export interface RunQuery {
  /** Document ids, best first, each once, of a search for ten. */
  readonly first: readonly string[]
  /** The same of a search for a hundred: of its own, since a deeper search also ranks better. */
  readonly deep: readonly string[]
  /** Milliseconds of the search for ten, encoding of the query included. */
  readonly ms: number
}

/** What a system takes beside time for queries; each only where it is known and means something. */
export interface RunCost {
  /** Of what is kept of the documents to be searched, their texts apart; mean over documents. */
  readonly bytesPerDocument?: number
  /** Seconds to encode the documents, once, on this machine; absent where the vectors came from the cache. */
  readonly encodeSeconds?: number
  /** Seconds to make the index of what was encoded. */
  readonly indexSeconds?: number
}

export interface SystemRun {
  /** As it was asked for: `plaid:bits=2`. */
  readonly name: string
  /** A line for people: model, parameters, what stands behind the name. */
  readonly description: string
  readonly queries: ReadonlyMap<string, RunQuery>
  /** Mean milliseconds of a query by stage. */
  readonly msPerStage: Readonly<Record<string, number>>
  readonly cost: RunCost
}

/** Runs over the same queries. */
export interface Comparable {
  /** The set in words: its folder's name. */
  readonly dataset: string
  readonly documents: number
  /** What a rank counts. */
  readonly ranked: 'documents' | 'pages'
  /** Those that are asked, in their order: each has a relevant document. */
  readonly queries: readonly LabelledQuery[]
  readonly qrels: ReadonlyMap<string, Judgements>
  /** The first one is what the others are tested against. */
  readonly runs: readonly SystemRun[]
  /** What was wrong with the set and did not stop the run, in sentences with counts. */
  readonly warnings: readonly string[]
}
