/**
 * The sections that may answer a query, by meaning, by words or by both, best first: passages become sections here, and
 * what only one arm found is scored by the other too. Numbers only; no text is read.
 */
import { SelvageError } from '../errors.ts'
import type { LexicalRanking } from '../lexical/search.ts'
import { bitsetOf, type Found, type IndexReader, type Ranking, summed } from '../plaid/search.ts'
import { type Candidate, type Fused, fuse } from '../search/fuse.ts'
import type { Fusion, OpsBackend, PassageId, SearchWork, TokenMatrix } from '../types.ts'
import { passagesOf, type Structure, sectionOf } from './pages.ts'

export interface Wanted {
  /** Sections to gather: of each arm, where there are two. */
  readonly sections: number
  readonly fusion?: Fusion | undefined
  /** Passages that may be found, a bit each. */
  readonly filter?: Uint32Array | undefined
  /** Passages scored in full; more where the sections take more. Default: as many as readers take. */
  readonly candidates?: number | undefined
}

export interface Ranked extends Fused {
  /** The passage that answers best: by meaning, where that was asked. */
  readonly passage: PassageId
}

/** `[Q]` each: the row of the passage's matrix that the query token matched best, and the cosine it got there. */
export interface Matches {
  readonly positions: Uint32Array
  readonly similarities: Float32Array
}

export interface Retrieved {
  readonly sections: readonly Ranked[]
  /** Where vectors were scored. */
  readonly backend?: OpsBackend
  readonly work: Omit<SearchWork, 'bytesRead'>
}

/** By words alone. */
export function byKeywords(keyword: LexicalRanking, structure: Structure, wanted: Wanted): Retrieved {
  const { sections, count } = withWords(keyword, structure, wanted)
  return { sections: joined(sections, new Map(), keyword, structure, wanted), work: { withWords: count } }
}

/** By meaning alone. The score stays what it is: a sum of cosines. */
export async function byMeaning(
  index: IndexReader,
  query: TokenMatrix,
  structure: Structure,
  wanted: Wanted,
): Promise<Retrieved> {
  const { found, backend, searches } = await nearest(index, query, structure, wanted)
  const sections = [...found].map(([section, passage], i) => ({
    section,
    score: passage.score,
    ranking: { semantic: { rank: i + 1, score: passage.score, contribution: passage.score } },
    passage: passage.id,
  }))
  return { sections, backend, work: told(query, searches) }
}

/** By both: what words alone found is scored by meaning as well, and the other way round. */
export async function byBoth(
  index: IndexReader,
  query: TokenMatrix,
  keyword: LexicalRanking,
  structure: Structure,
  wanted: Wanted,
): Promise<Retrieved> {
  const { found, backend, searches } = await nearest(index, query, structure, wanted)
  const byWords = withWords(keyword, structure, wanted)
  const missing = byWords.sections.filter((section) => !found.has(section))
  const passages = missing.flatMap((section) => passagesOf(structure, section))
  const further = passages.length > 0 ? await index.search(query, allOf(passages, index)) : undefined
  for (const [section, passage] of firstSections(further?.passages ?? [], structure, missing.length))
    found.set(section, passage)
  const sections = [...new Set([...found.keys(), ...missing])]
  return {
    sections: joined(sections, found, keyword, structure, wanted),
    backend,
    work: { withWords: byWords.count, ...told(query, searches, further) },
  }
}

/** What matched in these passages. Asked of the few that are shown, it costs next to nothing; of all candidates, much. */
export async function matchesOf(
  index: IndexReader,
  query: TokenMatrix,
  passages: readonly PassageId[],
): Promise<Map<PassageId, Matches>> {
  const ranking = await index.search(query, { ...allOf(passages, index), matches: true })
  return new Map(
    ranking.passages.map(({ id, positions, similarities }) => {
      if (positions === undefined || similarities === undefined)
        throw new SelvageError('internal', 'The index gave no matches.')
      return [id, { positions, similarities }]
    }),
  )
}

/** Each of these passages is scored with residuals, and no other. */
function allOf(passages: readonly PassageId[], index: IndexReader) {
  return { k: passages.length, candidates: passages.length, filter: bitsetOf(passages, index.passages) }
}

async function nearest(index: IndexReader, query: TokenMatrix, structure: Structure, wanted: Wanted) {
  const { sections, filter, candidates } = wanted
  const searches: Ranking[] = []
  // As many passages as are asked for are scored in full: where few are to be, no more than needed are asked for.
  for (let depth = passagesFor(sections, candidates); ; depth *= 8) {
    const ranking = await index.search(query, {
      k: depth,
      ...(candidates !== undefined && { candidates }),
      ...(filter && { filter }),
    })
    const { passages, backend } = ranking
    searches.push(ranking)
    const found = firstSections(passages, structure, sections)
    if (found.size === sections || passages.length < depth) return { found, backend, searches }
  }
}

function withWords(keyword: LexicalRanking, structure: Structure, { sections, filter }: Wanted) {
  for (let depth = passagesFor(sections); ; depth *= 8) {
    const { passages, count } = keyword.best(depth, filter)
    const found = firstSections(passages, structure, sections)
    if (found.size === sections || passages.length < depth) return { sections: [...found.keys()], count }
  }
}

/**
 * What a query cost. `searches`: one after the other, each for more than the one before; `further`: of passages that words
 * alone found. Times are of all, counts of the last, in which those of the others are.
 */
function told({ rows }: TokenMatrix, searches: readonly Ranking[], further?: Ranking): Retrieved['work'] {
  const all = further ? [...searches, further] : searches
  const { total: _, ...scoreMs } = summed(all.map(({ elapsedMs }) => elapsedMs))
  const { centroids, scanned, scored, allowed } = searches.at(-1)!.counts
  // Where all that may be found was scored, no other was scored later.
  const candidates = Math.min(scored + (further?.counts.scored ?? 0), allowed)
  return { queryTokens: rows, ...(scanned > 0 && { centroids, scanned }), candidates, scoreMs }
}

/** Sections are cut into few passages: some slack finds enough of them, and the rare query that needs more asks again. */
function passagesFor(sections: number, candidates = Infinity): number {
  return Math.max(sections, Math.min(2 * sections + 8, candidates))
}

/** The first sections of a ranking of passages; a section stands where its best passage does. */
function firstSections<Passage extends { readonly id: PassageId }>(
  ranking: readonly Passage[],
  structure: Structure,
  most: number,
): Map<PassageId, Passage> {
  const best = new Map<PassageId, Passage>()
  for (const passage of ranking) {
    const section = sectionOf(structure, passage.id)
    if (!best.has(section) && best.size < most) best.set(section, passage)
  }
  return best
}

function joined(
  sections: readonly PassageId[],
  found: ReadonlyMap<PassageId, Found>,
  keyword: LexicalRanking,
  structure: Structure,
  { fusion }: Wanted,
): Ranked[] {
  const bestByWords = new Map<PassageId, PassageId>()
  const candidates = sections.map((section): Candidate => {
    const passages = passagesOf(structure, section)
    const best = passages.reduce((best, p) => (keyword.scores[p]! > keyword.scores[best]! ? p : best), section)
    bestByWords.set(section, best)
    const exact = keyword.exact(best)
    return {
      section,
      semantic: found.get(section)?.score,
      keyword: keyword.scores[best]! > 0 ? keyword.scores[best] : undefined,
      ...(exact && { exact }),
    }
  })
  return fuse(candidates, fusion).map((fused) => {
    const passage = found.get(fused.section)
    return { ...fused, passage: passage?.id ?? bestByWords.get(fused.section)! }
  })
}
