/** Selvage in the browser: open an index, search it. Everything public is here and nowhere else. */
export { type ErrorCode, SelvageError } from './errors.ts'
export type {
  AddedDocument,
  AddedDocuments,
  CharRange,
  DocumentInput,
  EncoderBackend,
  FacetCounts,
  Hit,
  OnProgress,
  OpsBackend,
  Progress,
  QueryOptions,
  RankTrace,
  Refusal,
  SearchMode,
  WorkProgress,
} from './types.ts'
export {
  type DownloadOptions,
  type OpenOptions,
  type SearchOptions,
  type SearchResult,
  Selvage,
  type Status,
  type Storage,
} from './worker/client.ts'
export type {
  EncoderStatus,
  EngineOpened,
  EngineStatus,
  MemoryBudget,
  StorageReport,
  StoredState,
} from './worker/protocol.ts'
