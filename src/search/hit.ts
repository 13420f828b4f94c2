/** From what an index found to what is shown: which words of a hit matched, and which sentences of it to show first. */
import { contextualText } from '../text/context.ts'
import type { EncodedText, Hit, MeantTerms, UnexplainedHit } from '../types.ts'
import { type Explanation, explainByWords, explainPassage } from './explain.ts'

/** What a query has that explains its hits. */
export interface Explainer {
  /** Words, where they were searched. */
  readonly terms: MeantTerms
  /** Vectors, where they were compared: `[Q]`, and how the model lays out a passage. */
  readonly byMeaning?: {
    readonly queryStarts: Int32Array
    readonly layoutDocument: (text: string) => Pick<EncodedText, 'starts' | 'ends'>
  }
}

export function explainHit(hit: UnexplainedHit, explainer: Explainer): Hit {
  const { headings, url, page, text, blocks, score, ranking, more } = hit
  return {
    title: headings.at(-1) ?? url,
    headings,
    url,
    page,
    score,
    ranking,
    passage: { text, blocks, ...explanationOf(hit, explainer) },
    more: more.map((further) => explainHit(further, explainer)),
  }
}

function explanationOf(hit: UnexplainedHit, { terms, byMeaning }: Explainer): Explanation {
  const { text, blocks, language, matches, rowOf } = hit
  const common = { blocks, ...(language !== undefined && { language }) }
  if (matches === undefined || byMeaning === undefined) return explainByWords({ ...common, text, terms })
  const { queryStarts, layoutDocument } = byMeaning
  const { text: input, offset } = contextualText(hit.headings, text)
  const { starts, ends } = layoutDocument(input)
  return explainPassage({ ...common, input, offset, starts, ends, ...(rowOf && { rowOf }), ...matches, queryStarts })
}
