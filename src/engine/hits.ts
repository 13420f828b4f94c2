/** Hits as they cross to whoever explains them: plain data, without the store's own types. */
import type { ReadWord } from '../lexical/search.ts'
import type { MeantTerms, UnexplainedHit } from '../types.ts'
import type { SectionHit } from './search.ts'
import { passageText } from './texts.ts'

export function unexplained({ passage, score, ranking, matches, more }: SectionHit): UnexplainedHit {
  const { headings, url, page } = passage.section
  return {
    passageId: passage.id,
    headings,
    url,
    page: { title: page.title, url: page.url, ...(page.meta && { meta: page.meta }) },
    ...(page.language !== undefined && { language: page.language }),
    ...passageText(passage),
    score,
    ranking,
    ...(passage.rowOf && { rowOf: passage.rowOf }),
    ...(matches && { matches }),
    more: more.map(unexplained),
  }
}

/** A word that two words of the query stand for counts as the better of them. */
export function termsOf(words: readonly ReadWord[]): MeantTerms {
  const terms = new Map<string, number>()
  for (const { terms: meant } of words)
    for (const { term, weight } of meant) terms.set(term, Math.max(weight, terms.get(term) ?? 0))
  return terms
}
