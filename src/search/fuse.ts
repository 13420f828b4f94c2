/**
 * Two rankings into one: what a question means, and which words it has. It is given, for each section that one of them
 * found, what both think of it; it knows neither vectors nor postings.
 *
 * `scores`: each arm's scores between its worst and its best candidate, summed with weights (convex combination; Bruch,
 * Gai and Ingber, An analysis of fusion functions for hybrid retrieval, 2023). `rrf`: reciprocal rank fusion with k = 60
 * (Cormack, Clarke and Büttcher, 2009). README has what both give on labelled sets; neither has an absolute cut-off, so an
 * arm never falls silent because its scores are low.
 */
import type { ArmTrace, Fusion, PassageId, RankTrace } from '../types.ts'

/** A section as the arms see it. */
export interface Candidate {
  readonly section: PassageId
  /** undefined: the arm did not score it. */
  readonly semantic: number | undefined
  readonly keyword: number | undefined
  readonly exact?: 'title' | 'identifier'
}

export interface Fused {
  readonly section: PassageId
  /** Sum of the contributions. */
  readonly score: number
  readonly ranking: RankTrace
}

/** Of `scores`: chosen on the labelled sets; .5 to .7 are much the same. */
const SEMANTIC_SHARE = 0.6
const RRF_K = 60
/** A heading that is the query word for word stands first: more than being the best of all in both arms, and a name beside. */
const TITLE_BONUS = 1.2
/** Not more: names that stand in a heading and in the question are often not what is asked about. */
const IDENTIFIER_BONUS = 0.1

/** Best first, ties by lower section. */
export function fuse(candidates: readonly Candidate[], fusion: Fusion = 'scores'): Fused[] {
  const isAlone = candidates.every((c) => c.semantic === undefined) || candidates.every((c) => c.keyword === undefined)
  const share = (part: number) => (isAlone || fusion === 'rrf' ? 1 : part)
  const semantic = arm(candidates, 'semantic', fusion, share(SEMANTIC_SHARE))
  const keyword = arm(candidates, 'keyword', fusion, share(1 - SEMANTIC_SHARE))
  const whole = fusion === 'rrf' ? 2 / (RRF_K + 1) : 1
  const fused = candidates.map(({ section, exact }): Fused => {
    const bonus = exact && { kind: exact, contribution: whole * (exact === 'title' ? TITLE_BONUS : IDENTIFIER_BONUS) }
    const [bySemantic, byKeyword] = [semantic.get(section), keyword.get(section)]
    const score = [bySemantic, byKeyword, bonus].reduce((sum, part) => sum + (part?.contribution ?? 0), 0)
    const ranking = {
      ...(bySemantic && { semantic: bySemantic }),
      ...(byKeyword && { keyword: byKeyword }),
      ...(bonus && { bonus }),
    }
    return { section, score, ranking }
  })
  return fused.sort((a, b) => b.score - a.score || a.section - b.section)
}

function arm(
  candidates: readonly Candidate[],
  name: 'semantic' | 'keyword',
  fusion: Fusion,
  weight: number,
): Map<PassageId, ArmTrace> {
  const scored = candidates.flatMap(({ section, [name]: score }) => (score === undefined ? [] : [{ section, score }]))
  scored.sort((a, b) => b.score - a.score || a.section - b.section)
  const best = scored[0]?.score ?? 0
  // Whoever has none of the words has a score of 0 in the keyword arm; cosines have no such bottom.
  const worst = name === 'keyword' ? 0 : (scored.at(-1)?.score ?? 0)
  const share = (score: number) => (best > worst ? (score - worst) / (best - worst) : 1)
  return new Map(
    scored.map(({ section, score }, i) => {
      const contribution = weight * (fusion === 'rrf' ? 1 / (RRF_K + i + 1) : share(score))
      return [section, { rank: i + 1, score, contribution }]
    }),
  )
}
