/**
 * Scores of vectors that are in no index, in the engine's worker: by the kernels of the index that is open, or by its own where
 * there is none. The code is fetched when it is wanted.
 */
import type * as Scores from '../engine/rerankScores.ts'
import { SelvageError } from '../errors.ts'
import type { FailoverOps } from '../ops/failover.ts'
import type { BatchScores, ScoreRequest } from '../rankTypes.ts'
import { lazily } from '../util.ts'
import { fetchOps, openOps } from './openOps.ts'
import type { EngineOpen, ScorerStatus } from './protocol.ts'

let alone: (() => Promise<FailoverOps>) | undefined

/** Errors: `backend-unavailable`, `wasm-blocked`. */
export async function openScorer(backend: EngineOpen['backend']): Promise<ScorerStatus> {
  fetchOps(backend)
  alone = lazily(() => openOps(backend))
  const { backend: chosen, device, refused } = await alone()
  return { backend: chosen, device, refused }
}

/** @param opened the kernels of an index, where one is open */
export async function maxSim(
  request: ScoreRequest,
  opened: (() => Promise<FailoverOps>) | undefined,
): Promise<BatchScores> {
  const open = opened ?? alone
  if (open === undefined) throw new SelvageError('internal', 'Scores were asked for before there were kernels.')
  const [{ scoreBatch }, ops] = await Promise.all([scoresCode(), open()])
  return scoreBatch(ops, request)
}

async function scoresCode(): Promise<typeof Scores> {
  return import('../engine/rerankScores.ts') // beside choose.ts, so that it is there if kernels are
}
