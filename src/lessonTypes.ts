/**
 * The nouns of a lesson: a small map of queries, learned in a page from pairs of a query and the section that is right for it,
 * so that search is better for that site's words. What is given, what is told meanwhile, what comes of it. Shapes only; open to
 * all, as types.ts is.
 */

/** A query, and the section that should be found by it. */
export interface TaughtPair {
  readonly query: string
  /** Of the right section, as hits give it. A page's address stands for any of its sections. */
  readonly url: string
}

/** `encoding`: queries go through the model. `judging`: those kept apart are searched, before and after. */
export interface TeachProgress {
  readonly stage: 'encoding' | 'training' | 'judging'
  readonly done: number
  readonly total: number
}

export interface TeachOptions {
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: TeachProgress) => void) | undefined
  /** Share of the queries that nothing is learned from: what is learned is judged by them. Above 0, at most .5. Default .25. */
  readonly keptApart?: number | undefined
  /** Which queries are kept apart, and in which order the others are seen. Default 1. */
  readonly seed?: number | undefined
}

/** Over the queries kept apart. */
export interface LessonFigures {
  /** Mean of 1 / rank of the first right section; 0 where it is not among the first ten. */
  readonly mrr10: number
  /** Mean of 1 / log2(1 + rank) of the same: of what is right, one section is enough. */
  readonly ndcg10: number
  /** Queries whose right section comes first, and those where it is among the first ten. */
  readonly first: number
  readonly found10: number
}

export interface BeforeAfter {
  /** The model as it is, without any lesson. */
  readonly before: LessonFigures
  readonly after: LessonFigures
}

/** Of a pair that nothing was learned from, and why, in words. */
export interface SkippedPair extends TaughtPair {
  readonly reason: string
}

/** `before`, `after`: as users search, in the mode that a search has without options. */
export interface LessonSummary extends BeforeAfter {
  /** Queries that it was learned from, and those that were kept apart. */
  readonly taught: number
  readonly keptApart: number
  /** What `before` and `after` were searched with. */
  readonly mode: 'hybrid' | 'semantic'
  /** The same by late interaction alone, which is what a lesson changes. */
  readonly meaning: BeforeAfter
  /** The mean reciprocal rank has risen, as users search. Where it has not, adopting it is still up to the caller. */
  readonly isBetter: boolean
}

export interface Lesson extends LessonSummary {
  readonly skipped: readonly SkippedPair[]
  /** Without the encoding of queries, and without judging. */
  readonly trainMs: number
  /**
   * From now on searches use it, in other tabs too, and after a reload where the index is kept in the browser; it takes the
   * place of the one before. Errors: `storage-full`, `storage-failed`, `closed` after `discard`.
   */
  adopt(): Promise<void>
  /** It is forgotten; what was adopted before stays. */
  discard(): Promise<void>
}

/** The one that is adopted. */
export interface AdoptedLesson extends LessonSummary {
  /** When: milliseconds since 1970. */
  readonly at: number
  /** False where the index has another model than the lesson was learned with: searches do without it. */
  readonly isUsed: boolean
  /** Why it is not used, in words. */
  readonly reason?: string
}
