/** From what an index found to what is shown: which words of a hit matched, and which sentences of it to show first. */
import { contextualText } from '../text/context.ts'
import type { EncodedText, Hit, MeantTerms, MeantWord, UnexplainedHit } from '../types.ts'
import { type Explanation, explainByWords, explainPassage } from './explain.ts'
import { wordsByMeaning, wordsByTerms } from './queryWords.ts'

/** What a query has that explains its hits. */
export interface Explainer {
  readonly query: string
  /** Its words, where words were searched. */
  readonly words: readonly MeantWord[]
  /** Vectors, where they were compared: `[Q]`, and how the model lays out a passage. */
  readonly byMeaning?: {
    readonly queryStarts: Int32Array
    readonly queryEnds: Int32Array
    readonly layoutDocument: (text: string) => Pick<EncodedText, 'starts' | 'ends'>
  }
}

export function explainHit(hit: UnexplainedHit, explainer: Explainer): Hit {
  const { passageId, headings, url, page, text, blocks, score, ranking, more } = hit
  const { query, words, byMeaning } = explainer
  return {
    ref: String(passageId),
    title: headings.at(-1) ?? url,
    headings,
    url,
    page,
    score,
    ranking,
    passage: { text, blocks, ...explanationOf(hit, explainer) },
    queryWords:
      hit.matches && byMeaning
        ? wordsByMeaning(query, { ...byMeaning, similarities: hit.matches.similarities }, words)
        : wordsByTerms(query, words, [...headings, page.title, text]),
    more: more.map((further) => explainHit(further, explainer)),
  }
}

function explanationOf(hit: UnexplainedHit, { words, byMeaning }: Explainer): Explanation {
  const { text, blocks, language, matches, rowOf } = hit
  const common = { blocks, ...(language !== undefined && { language }) }
  if (matches === undefined || byMeaning === undefined)
    return explainByWords({ ...common, text, terms: termsOf(words) })
  const { queryStarts, layoutDocument } = byMeaning
  const { text: input, offset } = contextualText(hit.headings, text)
  const { starts, ends } = layoutDocument(input)
  return explainPassage({ ...common, input, offset, starts, ends, ...(rowOf && { rowOf }), ...matches, queryStarts })
}

/** A word that two words of the query stand for counts as the better of them. */
function termsOf(words: readonly MeantWord[]): MeantTerms {
  const terms = new Map<string, number>()
  for (const { terms: meant } of words)
    for (const { term, weight } of meant) terms.set(term, Math.max(weight, terms.get(term) ?? 0))
  return terms
}
