/** Selvage in Node: build an index of a folder or of what a program has, search one; rank texts without one. Everything public is here and nowhere else. */
export { type ErrorCode, SelvageError } from '../errors.ts'
export type { PassageInput, Reranked, Reranking, RerankOptions, ScoreMatrix, ScoreOptions } from '../rankTypes.ts'
export type {
  CharRange,
  FacetCounts,
  HeatMap,
  Hit,
  OnProgress,
  Progress,
  QueryOptions,
  RankTrace,
  SearchWork,
} from '../types.ts'
export { type BuildFolderOptions, type BuildFolderResult, buildFolder, type IndexingOptions } from './build.ts'
export { defineConfig, type SelvageConfig } from './config.ts'
export { FolderIndex, type FolderSearchResult, type OpenFolderOptions, openFolder } from './open.ts'
export { openReranker, type RanOn, Reranker, type RerankerOptions } from './rerank.ts'
export {
  type CustomRecord,
  createIndex,
  type HtmlFile,
  type IndexFile,
  type SiteIndex,
  type WriteFilesOptions,
} from './site.ts'
