/**
 * The nouns of the project, each defined once with its shape and range.
 *
 * Axes, the same everywhere: Q query tokens · T document tokens · E dimensions · C centroids · P passages.
 * Texts are measured in UTF-16 code units, as JavaScript strings are; a range is half open: [start, end).
 */
import { SelvageError } from './errors.ts'

/** Dense id of a passage within one index: 0 <= id < P, P <= 2^31. */
export type PassageId = number

/** A piece of text that reads as one thing: where a text may best be cut is between blocks. */
export interface Block extends CharRange {
  readonly kind: 'paragraph' | 'code' | 'list-item' | 'table' | 'quote'
}

/** One vector per token, row-major f32 `[rows, dim]`; rows are unit vectors wherever a model made them. */
export interface TokenMatrix {
  readonly data: Float32Array
  readonly rows: number
  readonly dim: number
}

/** Half-open range of UTF-16 code units in a text that the context names. */
export interface CharRange {
  readonly start: number
  readonly end: number
}

/**
 * A text as the model sees it: one row per kept token.
 * `tokenIds` `[rows]`; `starts`, `ends` `[rows]` are the token's character range in the source text,
 * both -1 for tokens that stand for no text: markers, [CLS], [SEP], [MASK] padding.
 */
export interface EncodedText {
  readonly matrix: TokenMatrix
  readonly tokenIds: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** Where the encoder ran. `node` is onnxruntime-node on the CPU. */
export type EncoderBackend = 'webgpu' | 'wasm' | 'node'

/** Where the scores were computed. */
export type OpsBackend = 'webgpu' | 'wasm' | 'reference'

/** A backend that was considered and not taken, with the reason in words for a person. */
export interface Refusal {
  readonly backend: EncoderBackend | OpsBackend
  readonly reason: string
  /** It went while it ran, and is asked for again by itself. */
  readonly isRetried?: true
}

/**
 * What a long task reports while it runs. `loaded` and `total` are bytes or items as `unit` says, summed over all files of
 * the stage; total 0 = unknown.
 */
export interface Progress {
  /**
   * `model` and `runtime` are downloads, `compile` is session and shader creation, `index` the index's packs; `cluster`
   * finds centroids, `compress` makes codes and residuals.
   */
  readonly stage:
    | 'model'
    | 'runtime'
    | 'compile'
    | 'index'
    | 'read'
    | 'encode'
    | 'cluster'
    | 'compress'
    | 'write'
    | 'search'
  readonly loaded: number
  readonly total: number
  readonly unit: 'bytes' | 'items'
  /** The file or step at hand, for display. */
  readonly label?: string
}

export type OnProgress = (progress: Progress) => void

/** `semantic`: by what the query means. `keyword`: by its words, without the model. `hybrid`: both, in one ranking. */
export type SearchMode = (typeof SEARCH_MODES)[number]

export const SEARCH_MODES = ['hybrid', 'semantic', 'keyword'] as const

/** How two rankings are joined: by their scores, or by ranks (reciprocal rank fusion). */
export type Fusion = (typeof FUSIONS)[number]

export const FUSIONS = ['scores', 'rrf'] as const

/** How a query is to be answered: the same in a page, in Node and in the engine. */
export interface QueryOptions {
  /** Sections to return, or pages with `groupBy: 'page'`. Default 10. */
  readonly k?: number | undefined
  /** Default `hybrid`, or `semantic` for an index without words. `keyword` needs neither model nor vectors. */
  readonly mode?: SearchMode | undefined
  /** How `hybrid` joins its two rankings. Default `scores`. */
  readonly fusion?: Fusion | undefined
  /** Only pages that have one of the values, for each filter that is named. */
  readonly filters?: Readonly<Record<string, readonly string[]>> | undefined
  /** Order by a sort key instead of by score: by words alone all that has one of them, else the sections that answer best. */
  readonly sort?: { readonly by: string; readonly descending?: boolean } | undefined
  /** `page`: hits are pages by their best section, with further sections in `more`. Default `section`. */
  readonly groupBy?: 'section' | 'page' | undefined
  /** Count the values of filters among the pages found. Default false. */
  readonly counts?: boolean | undefined
  /**
   * Passages scored in full, of those that are nearest by centroids: more is slower and closer to exact, `Infinity` scores all.
   * From 1 on; where the hits take more, more are: k at least, 50 for both, and `work` of a result says how many were.
   * Default: 128 by meaning for k = 10, 432 for both; more for larger k, and for pages. By words alone it says nothing.
   */
  readonly candidates?: number | undefined
}

/** What a search has done to find its hits, in numbers; what was not done is not there. */
export interface SearchWork {
  /** Passages that have a word of the query and may be found: a filter leaves others out, here and below. */
  readonly withWords?: number
  /** Tokens of the query, padding included, and the centroids that each was held against. */
  readonly queryTokens?: number
  readonly centroids?: number
  /**
   * Passages scored by centroids; with `centroids` not there where a filter leaves so few that all are scored in full, which
   * the backend decides.
   */
  readonly scanned?: number
  /** Passages scored in full: the best of those by centroids, and with `hybrid` what words found beside them. */
  readonly candidates?: number
  /** Milliseconds of the steps of scoring, where the backend can tell them apart: WASM can, a GPU that has timestamps. */
  readonly scoreMs?: Readonly<Partial<Record<'centroids' | 'scan' | 'select' | 'residuals', number>>>
  /**
   * Bytes of the index read from the browser's database, the network or a folder since the answer before: words, texts, pages,
   * vectors of passages that do not fit in memory. What was read once is kept, so that a question asked again reads little.
   * Not in it: vectors that are loaded whole, for all answers. Of answers that are made at the same time, one may have what
   * another one read; of their sum all is true.
   */
  readonly bytesRead: number
}

/** Errors: `invalid-argument`. */
export function checkCandidates({ candidates = Infinity }: Pick<QueryOptions, 'candidates'>): void {
  if (candidates === Infinity || (Number.isInteger(candidates) && candidates >= 1)) return
  throw new SelvageError(
    'invalid-argument',
    `search: candidates is ${candidates}; it must be a whole number from 1 on, or Infinity for all.`,
  )
}

export const QUERY_OPTIONS = [
  ...(['k', 'mode', 'fusion', 'filters', 'sort', 'groupBy', 'counts', 'candidates'] as const),
] satisfies (keyof QueryOptions)[]

/** Nothing is asked, but filters or an order are given, for words alone: all that passes them is listed, in the index's order. */
export function isListing(query: QueryOptions & { readonly text: string }): boolean {
  const { text, mode, filters, sort } = query
  return text.trim() === '' && mode === 'keyword' && (filters !== undefined || sort !== undefined)
}

/** A query as an engine takes it. */
export interface EngineQuery extends QueryOptions {
  readonly text: string
  /** Its vectors; without them words alone are searched. */
  readonly matrix?: TokenMatrix | undefined
  readonly k: number
  /** Passages that are not to be found. */
  readonly without?: readonly PassageId[] | undefined
}

/** What one way of searching said of a section, and what that counted in the ranking of both. */
export interface ArmTrace {
  /** From 1 on, among the sections that were looked at closely. */
  readonly rank: number
  /** By meaning: a sum of cosines. By words: BM25F. */
  readonly score: number
  readonly contribution: number
}

/** Why a hit stands where it does: its score is the sum of the contributions. */
export interface RankTrace {
  readonly semantic?: ArmTrace
  readonly keyword?: ArmTrace
  /** For a heading that is the query word for word, or that has an identifier of the query. */
  readonly bonus?: { readonly kind: 'title' | 'identifier'; readonly contribution: number }
}

/** Filter → value → how many of the pages found have it. */
export type FacetCounts = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A hit as the index gives it: not yet said which of its words matched. */
export interface UnexplainedHit {
  readonly passageId: PassageId
  readonly headings: readonly string[]
  readonly url: string
  readonly page: Hit['page']
  readonly language?: string
  /** The passage's own text, and what it consists of. */
  readonly text: string
  readonly blocks: readonly Block[]
  readonly score: number
  readonly ranking: RankTrace
  /** Where tokens were pooled: the row that each token went into, `[T]`. */
  readonly rowOf?: readonly number[]
  /**
   * `[Q]` each, where vectors were compared: the row of the passage's matrix that the query token matched best, and the cosine
   * it got there.
   */
  readonly matches?: { readonly positions: Uint32Array; readonly similarities: Float32Array }
  readonly more: readonly UnexplainedHit[]
}

/** Words of the index that a query's words stand for, and how much each counts, 0 .. 1. */
export type MeantTerms = ReadonlyMap<string, number>

/** A word of a query, and what it stands for in the index. */
export interface MeantWord {
  /** As words are compared: lower case, without accents. */
  readonly word: string
  readonly terms: readonly { readonly term: string; readonly weight: number }[]
  /** Too common to tell passages apart: it was not looked for. */
  readonly isLeftOut: boolean
}

/** A section that answers a query. */
export interface Hit {
  /** Where the index has it, for `similar` and `heatMap`. Whoever reads it otherwise will be wrong one day. */
  readonly ref: string
  /** The section's own heading; its address where it has none. */
  readonly title: string
  /** Heading path: page title first, the section's own heading last. */
  readonly headings: readonly string[]
  /** Address of the section, as the index was told. */
  readonly url: string
  readonly page: {
    readonly title: string
    readonly url: string
    /** What the page's author says of it: `data-selvage-meta`, or a record's `meta`. */
    readonly meta?: Readonly<Record<string, string>>
  }
  /** Comparable within one answer only; by meaning alone, the sum over the query's tokens of the best cosine in the passage. */
  readonly score: number
  readonly ranking: RankTrace
  /** The passage of the section that answers best. */
  readonly passage: {
    readonly text: string
    /** What `text` consists of, in order: code is to be shown as code. */
    readonly blocks: readonly Block[]
    /** The part of `text` to show first: the sentences with the strongest matches. */
    readonly excerpt: CharRange
    /** Words of `text` that query tokens matched, in order of place; strength 0 .. 1 within the hit. */
    readonly matches: readonly (CharRange & { readonly strength: number })[]
  }
  /**
   * Words of the query, in order of place, and how well the passage has each: ranges in the query's text. Strength 0 .. 1: by
   * meaning the best cosine of the word's tokens, by words alone what the words count that stand for it. `isWeak`: nothing in
   * the passage comes near to it. Without words that the model did not read; empty for `similar`.
   */
  readonly queryWords: readonly QueryWord[]
  /** Further sections of the page that answer, where hits are pages; else empty. */
  readonly more: readonly Hit[]
}

export interface QueryWord extends CharRange {
  readonly strength: number
  readonly isWeak: boolean
}

/** Cosines of query tokens with passage tokens. */
export interface HeatMap {
  /** `isMask`: padding that the model fills with meanings of its own. `best`: the largest cosine in its row. */
  readonly queryTokens: readonly { readonly text: string; readonly isMask: boolean; readonly best: number }[]
  /**
   * Characters of the hit's `passage.text` that each token stands for; -1, -1 for tokens of the headings, which the model
   * reads before the text, and for markers.
   */
  readonly passageTokens: readonly CharRange[]
  /** `[Q, T]` */
  readonly similarities: Float32Array
}

/** A hit, or the characters of its passage; or what somebody has selected on a page. */
export type SimilarTo =
  | { readonly hit: Pick<Hit, 'ref' | 'url' | 'title' | 'headings' | 'passage'>; readonly range?: CharRange }
  | { readonly url: string; readonly text: string }

/** A document with its fields told apart. */
export interface DocumentInput {
  /** What it is called in messages, replaced and deleted by; its address where it has no url. */
  readonly id: string
  readonly text: string
  readonly url?: string
  readonly title?: string
  /** How `text` is read. Default `plain`: paragraphs between blank lines. */
  readonly format?: 'plain' | 'markdown' | 'mdx' | 'html'
  readonly language?: string
  readonly meta?: Readonly<Record<string, string>>
  readonly filters?: Readonly<Record<string, readonly string[]>>
  readonly sort?: Readonly<Record<string, string>>
  /** What keyword scores are multiplied by, > 0. Default 1. */
  readonly weight?: number
}

/** A document that was added. */
export interface AddedDocument {
  readonly id: string
  readonly url: string
  readonly title: string
  /** As it was given. */
  readonly meta?: Readonly<Record<string, string>>
  /** It cannot be found yet; url and title are not known, and are its id; nor is `meta`. */
  readonly isWaiting?: true
}

/** What became of documents that were to be added. */
export interface AddedDocuments {
  /** Those that can be found now. */
  readonly ids: readonly string[]
  /** Those that cannot, and why. */
  readonly problems: readonly { readonly id: string; readonly code: string; readonly message: string }[]
}

/** How far the adding of documents is. */
export interface WorkProgress {
  readonly state: 'adding' | 'merging' | 'rebuilding' | 'paused' | 'idle'
  /** Documents since there last were none to wait for, and how many of them are done. */
  readonly documents: { readonly done: number; readonly total: number }
  /** Undefined until it can be told. */
  readonly secondsLeft?: number
}

/** One file of an index folder. */
export interface IndexFile {
  /** Within the folder. */
  readonly path: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

export interface ExportOptions {
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}
