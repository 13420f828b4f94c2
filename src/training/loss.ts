/**
 * What a batch's token vectors are worth: MaxSim of each query with each document, and from these scores one of two losses.
 * After PyLate 1.6: losses/contrastive.py (cross entropy of the positive among all documents of the batch, mean over the
 * queries) and losses/distillation.py (KL divergence from a teacher's softmax to that of the scores, each query's brought to
 * 0 .. 1 first). One thing differs: PyLate multiplies what is masked by 0, so that no token scores below 0 where a document
 * has padding; here the maximum is over the kept tokens, as when searching. Equal unless all of a document's tokens have
 * negative cosines with a query's token. lossReference.ts is the simple version. Knows no encoder.
 *
 * Letters: B queries, Q tokens of each, D documents, T tokens of each, E dim.
 */
import { type Formula, nn, np, Program, type Value } from './jax.ts'
import type { Tensor } from './types.ts'

export interface LossBatch {
  /** `[B, Q, E]` and `[D, T, E]`. */
  readonly queries: Tensor
  readonly documents: Tensor
  /** `[B, Q]` and `[D, T]`: 1 where a token counts, else 0. */
  readonly queryMask: Tensor
  readonly documentMask: Tensor
  /** `[B, D]`: 1 where the document is one of those that the query is to choose among, else 0. */
  readonly among: Tensor
  /** `[B, D]`: for each query what its softmax shall be, and the logarithm of it; both 0 where it is 0. */
  readonly wanted: Tensor
  readonly wantedLog: Tensor
}

export interface LossResult {
  /** Mean over the queries. */
  readonly loss: number
  /** Gradients of the vectors, shaped as these. */
  readonly queries: Tensor
  readonly documents: Tensor
}

export interface LossOptions {
  readonly kind: 'contrastive' | 'distillation'
  readonly temperature: number
}

/** More than any score, and no more than f32 can add to one and take away. */
const FAR = 1e9
const ONE: Tensor = { shape: [], data: Float32Array.of(1) }

export class Loss {
  readonly #program: Program

  constructor({ kind, temperature }: LossOptions) {
    this.#program = new Program(lossFormula(kind === 'contrastive' ? divided(temperature) : normalised))
  }

  async pull(batch: LossBatch): Promise<LossResult> {
    const given = [batch.queryMask, batch.documentMask, batch.among, batch.wanted, batch.wantedLog]
    const [loss, queries, documents] = await this.#program.pull([batch.queries, batch.documents], undefined, given, ONE)
    return { loss: loss.data[0]!, queries: queries!, documents: documents! }
  }
}

type Logits = (scores: Value, among: Value) => Value

/** KL divergence from what is wanted; with a 1 and zeros that is the cross entropy. */
function lossFormula(logits: Logits): Formula {
  return ([queries, documents], [queryMask, documentMask, among, wanted, wantedLog]) => {
    const [B] = queries!.shape as [number]
    const scores = maxSim(queries!, documents!, queryMask!, documentMask!)
    const kept = logits(scores, among!.ref).mul(among!.ref).add(among!.sub(1).mul(FAR))
    const divergence = wanted!.mul(wantedLog!.sub(nn.logSoftmax(kept, -1)))
    return np.sum(divergence).mul(1 / B)
  }
}

const divided =
  (temperature: number): Logits =>
  (scores, among) => {
    among.dispose()
    return scores.mul(1 / temperature)
  }

/** From the lowest of a query's scores to its highest is 0 .. 1. */
const normalised: Logits = (scores, among) => {
  const away = among.ref.sub(1).mul(FAR)
  const own = scores.mul(among)
  const highest = np.max(own.ref.add(away.ref), -1, { keepdims: true })
  const lowest = np.min(own.ref.sub(away), -1, { keepdims: true })
  return own.sub(lowest.ref).div(highest.sub(lowest).add(1e-8))
}

/** `[B, D]`. Where a document has no token that counts, -FAR in each place. */
function maxSim(queries: Value, documents: Value, queryMask: Value, documentMask: Value): Value {
  const [B, Q, E] = queries.shape as [number, number, number]
  const [D, T] = documents.shape as [number, number]
  const cosines = np.matmul(queries.reshape([B * Q, E]), np.transpose(documents.reshape([D * T, E])))
  const away = documentMask.sub(1).mul(FAR).reshape([1, 1, D, T])
  const best = np.max(cosines.reshape([B, Q, D, T]).add(away), -1)
  return np.sum(best.mul(queryMask.reshape([B, Q, 1])), 1)
}
