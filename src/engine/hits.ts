/** Hits as they cross to whoever explains them: plain data, without the store's own types. */
import type { ReadWord } from '../lexical/search.ts'
import type { MeantWord, UnexplainedHit } from '../types.ts'
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

/** Without what only a search needs. */
export function meantWords(words: readonly ReadWord[]): MeantWord[] {
  return words.map(({ word, terms, idf }) => ({
    word,
    terms: terms.map(({ term, weight }) => ({ term, weight })),
    isLeftOut: idf === 0,
  }))
}
