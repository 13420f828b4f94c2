/** What the check measures, as plain data: it is shown, compared with the command line's, and saved as JSON. */
import type { SearchResult } from 'selvage'

/** The ways to search, in the order of the tables. */
export const WAYS = ['keyword', 'semantic', 'hybrid'] as const
export type Way = (typeof WAYS)[number]

export const WAY_NAMES: Readonly<Record<Way, string>> = { keyword: 'Words', semantic: 'Meaning', hybrid: 'Both' }

export const STAGES = ['wait', 'encode', 'keyword', 'score', 'texts', 'explain', 'total'] as const
export type Stage = (typeof STAGES)[number] & keyof SearchResult['elapsedMs']

export const STAGE_NAMES: Readonly<Record<Stage, string>> = {
  wait: 'Wait',
  encode: 'Encode',
  keyword: 'Words',
  score: 'Score',
  texts: 'Texts',
  explain: 'Explain',
  total: 'Total',
}

export const FIGURES = ['ndcg@10', 'mrr@10', 'recall@10 of exact'] as const
export type Figure = (typeof FIGURES)[number]

/** Means over the questions, 0 .. 1; without what does not apply: words have no approximation. */
export type Figures = Readonly<Partial<Record<Figure, number>>>

/** Milliseconds: half of the questions took at most `median`; of ten, eight lie from `low` to `high`. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The ten best of a question, best first: addresses, which are the ids of the set. */
export interface Answer {
  readonly question: string
  readonly found: readonly Found[]
}

export interface Found {
  readonly id: string
  readonly title: string
}

export interface WayReport {
  readonly way: Way
  readonly questions: number
  readonly figures: Figures
  readonly ms: Readonly<Record<Stage, Spread>>
  /** By question. */
  readonly answers: ReadonlyMap<string, Answer>
}

export interface BackendReport {
  readonly backend: 'wasm' | 'webgpu'
  readonly encoder: { readonly backend: string; readonly device: string }
  readonly scorer: { readonly backend: string; readonly device: string }
  /** From the first byte asked for until both were ready. */
  readonly loadMs: number
  readonly ways: readonly WayReport[]
}
