/**
 * How well are these queries answered? Each is searched as users search, and by meaning alone; what counts is the rank of the
 * first right section among ten. Knows neither how queries were mapped nor by whom.
 */
import { ndcg, reciprocalRank } from '../eval/metrics.ts'
import type { LessonFigures } from '../lessonTypes.ts'

/** Ranks that are looked at. */
export const DEPTH = 10

/** @param ranks from 1 on, of the first right section of each query; undefined where it is not among the first ten */
export function figuresOf(ranks: readonly (number | undefined)[]): LessonFigures {
  const judged = new Map([[RIGHT, 1]])
  const mean = (of: (ranked: readonly string[]) => number) =>
    ranks.reduce<number>((sum, rank) => sum + of(rankingOf(rank)), 0) / Math.max(1, ranks.length)
  return {
    mrr10: mean((ranked) => reciprocalRank(ranked, judged, DEPTH)),
    ndcg10: mean((ranked) => ndcg(ranked, judged, DEPTH)),
    first: ranks.filter((rank) => rank === 1).length,
    found10: ranks.filter((rank) => rank !== undefined && rank <= DEPTH).length,
  }
}

const RIGHT = 'right'

function rankingOf(rank: number | undefined): string[] {
  return rank === undefined ? [] : [...Array.from({ length: rank - 1 }, (_, i) => `wrong ${i}`), RIGHT]
}
