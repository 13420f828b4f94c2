/** Selvage in the browser: open an index, search it; rank texts without one. Everything public is here and nowhere else. */
export { type ErrorCode, SelvageError } from './errors.ts'
export type {
  AdoptedLesson,
  BeforeAfter,
  Lesson,
  LessonFigures,
  LessonSummary,
  SkippedPair,
  TaughtPair,
  TeachOptions,
  TeachProgress,
} from './lessonTypes.ts'
export type { PassageInput, Reranked, RerankOptions, ScoreOptions } from './rankTypes.ts'
export type {
  AddedDocument,
  AddedDocuments,
  CharRange,
  DocumentInput,
  EncoderBackend,
  ExportOptions,
  FacetCounts,
  HeatMap,
  Hit,
  IndexFile,
  OnProgress,
  OpsBackend,
  Progress,
  QueryOptions,
  QueryWord,
  RankTrace,
  Refusal,
  SearchMode,
  SearchWork,
  SimilarTo,
  WorkProgress,
} from './types.ts'
export { Selvage } from './worker/client.ts'
export type {
  DownloadOptions,
  OpenOptions,
  RerankerOptions,
  RerankResult,
  ScoresResult,
  SearchOptions,
  SearchResult,
  SimilarOptions,
  Status,
  Storage,
} from './worker/options.ts'
export type {
  EncoderStatus,
  EngineOpened,
  EngineStatus,
  MemoryBudget,
  ScorerStatus,
  StorageReport,
  StoredState,
} from './worker/protocol.ts'
export { Reranker } from './worker/reranker.ts'
