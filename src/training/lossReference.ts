/** The losses of loss.ts without any library, loops and nothing else: what it is held against. Slow. */
import type { LossBatch, LossOptions } from './loss.ts'

export function lossReference(batch: LossBatch, { kind, temperature }: LossOptions): number {
  const [B, D] = batch.among.shape as [number, number]
  let sum = 0
  for (let b = 0; b < B; b++) {
    const own = Array.from({ length: D }, (_, d) => d).filter((d) => batch.among.data[b * D + d] === 1)
    const scores = own.map((d) => scoreOf(batch, b, d))
    const logits = kind === 'contrastive' ? scores.map((score) => score / temperature) : normalised(scores)
    const highest = Math.max(...logits)
    const total = highest + Math.log(logits.reduce((all, logit) => all + Math.exp(logit - highest), 0))
    for (const [i, d] of own.entries()) {
      const at = b * D + d
      sum += batch.wanted.data[at]! * (batch.wantedLog.data[at]! - (logits[i]! - total))
    }
  }
  return sum / B
}

function normalised(scores: readonly number[]): number[] {
  const lowest = Math.min(...scores)
  return scores.map((score) => (score - lowest) / (Math.max(...scores) - lowest + 1e-8))
}

/** Sum over the query's tokens that count of the best cosine with a token of the document that counts. */
function scoreOf({ queries, documents, queryMask, documentMask }: LossBatch, b: number, d: number): number {
  const [, Q, E] = queries.shape as [number, number, number]
  const [, T] = documents.shape as [number, number]
  let score = 0
  for (let q = 0; q < Q; q++) {
    if (queryMask.data[b * Q + q] === 0) continue
    let best = Number.NEGATIVE_INFINITY
    for (let t = 0; t < T; t++) {
      if (documentMask.data[d * T + t] === 0) continue
      let cosine = 0
      for (let e = 0; e < E; e++) cosine += queries.data[(b * Q + q) * E + e]! * documents.data[(d * T + t) * E + e]!
      best = Math.max(best, cosine)
    }
    score += best
  }
  return score
}
