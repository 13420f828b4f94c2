/** What crosses between a page that teaches and the engine's worker that learns, on a port of their own. Types only. */
import type { AdoptedLesson, LessonSummary, TaughtPair, TeachProgress } from '../lessonTypes.ts'
import type { TokenMatrix } from '../types.ts'
import type { Outcome } from './protocol.ts'

export interface LessonsApi {
  /** Of each pair why nothing can be learned from it, in words; undefined: something can. Needs only `open`. */
  check(pairs: readonly TaughtPair[]): Promise<Outcome<(string | undefined)[]>>
  /** Needs `load` before it. Rejects with `aborted` after `stop`. */
  learn(asked: LearnRequest, onProgress: (progress: TeachProgress) => void): Promise<Outcome<Learned>>
  stop(): Promise<Outcome<void>>
  /** Searches use it from now on. Errors: `storage-full`, `storage-failed`. */
  adopt(record: Uint8Array): Promise<Outcome<void>>
  adopted(): Promise<Outcome<AdoptedLesson | undefined>>
  forget(): Promise<Outcome<void>>
}

/** A query, and the addresses that are right for it. */
export interface TaughtQuery {
  readonly text: string
  readonly urls: readonly string[]
  readonly matrix: TokenMatrix
}

export interface LearnRequest {
  readonly queries: readonly TaughtQuery[]
  /** Share of them. */
  readonly keptApart: number
  readonly seed: number
}

export interface Learned {
  readonly summary: LessonSummary
  /** For `adopt`. */
  readonly record: Uint8Array
  readonly trainMs: number
}
