/** What comparing by meaning takes beyond words, without kernels: a file of its own in builds, which the engine's worker fetches. */
export * from '../engine/like.ts'
export { scoreBatch } from '../engine/rerankScores.ts'
export { Vectors } from '../engine/vectors.ts'
export { chooseOps } from '../ops/choose.ts'
