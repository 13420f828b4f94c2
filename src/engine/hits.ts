/** Hits as they cross to whoever explains them: plain data, without the store's own types. */
import type { ReadWord } from '../lexical/search.ts'
import { explainHit } from '../search/hit.ts'
import type { Hit, MeantWord, PassageId, UnexplainedHit } from '../types.ts'
import { topK } from '../util.ts'
import { placed } from './address.ts'
import { evenLayout } from './layout.ts'
import type { SectionHit } from './search.ts'
import { passageText } from './texts.ts'

/** @param folder address of the index's folder, for addresses that are meant relative to it; see `placed` */
export function unexplained(hit: SectionHit, folder?: string): UnexplainedHit {
  const { passage, score, ranking, matches, more } = hit
  const { headings, url, page } = passage.section
  return {
    passageId: passage.id,
    headings,
    url: placed(url, folder),
    page: { title: page.title, url: placed(page.url, folder), ...(page.meta && { meta: page.meta }) },
    ...(page.language !== undefined && { language: page.language }),
    ...passageText(passage),
    score,
    ranking,
    ...(passage.rowOf && { rowOf: passage.rowOf }),
    ...(matches && { matches }),
    more: more.map((other) => unexplained(other, folder)),
  }
}

/** Without what only a search needs. */
export function meantWords(words: readonly ReadWord[]): MeantWord[] {
  return words.map(({ word, terms, idf }) => ({
    word,
    terms: terms.map(({ term, weight }) => ({ term, weight })),
    isLeftOut: idf === 0,
  }))
}

/** Query rows that explain a hit where all of another passage is the query: those it is most like by. */
const TELLING_ROWS = 24

/** Of a hit by stored vectors, the matches that tell most: of hundreds of rows each matches something. */
export function mostTelling(hit: UnexplainedHit): UnexplainedHit {
  const { matches, more } = hit
  if (matches === undefined) return { ...hit, more: more.map(mostTelling) }
  const { positions, similarities } = matches
  const best = topK(similarities, TELLING_ROWS)
  const kept = {
    positions: Uint32Array.from(best, ({ id }) => positions[id]!),
    similarities: Float32Array.from(best, ({ score }) => score),
  }
  return { ...hit, matches: kept, more: more.map(mostTelling) }
}

/**
 * Where no tokenizer is at hand: of a hit the best sentences, by tokens that are taken to be of one length; no words.
 * @param tokens of each passage
 */
export function explainRoughly(hit: UnexplainedHit, tokens: ReadonlyMap<PassageId, number>): Hit {
  const count = tokens.get(hit.passageId) ?? 0
  const rows = Math.max(0, ...[hit, ...hit.more].map(({ matches }) => matches?.similarities.length ?? 0))
  const places = new Int32Array(rows)
  const layoutDocument = (text: string) => evenLayout(count, text.length)
  const byMeaning = { queryStarts: places, queryEnds: places, layoutDocument }
  const { passage, ...rest } = explainHit({ ...hit, more: [] }, { query: '', words: [], byMeaning })
  return { ...rest, passage: { ...passage, matches: [] }, more: hit.more.map((more) => explainRoughly(more, tokens)) }
}
