/** Selvage in the browser: open an index, search it. Everything public is here and nowhere else. */
export { type ErrorCode, SelvageError } from './errors.ts'
export type {
  CharRange,
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
} from './types.ts'
export {
  type OpenOptions,
  type SearchOptions,
  type SearchResult,
  Selvage,
  type Status,
} from './worker/client.ts'
export type { EncoderStatus, EngineStatus } from './worker/protocol.ts'
