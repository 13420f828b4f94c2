/** How near each token of a query is to each token of a text, from the matrices of both and where their tokens stand. */
import type { CharRange, EncodedText, HeatMap, TokenMatrix } from '../types.ts'
import { similaritiesOf } from './similarities.ts'

/** What a passage's rows stand for: characters of what the model has read, in which the text begins at `offset`. */
export type PassageLayout = Pick<EncodedText, 'starts' | 'ends'> & { readonly offset: number }

/** @param tokens of the query, in words */
export function heatMapOf(
  tokens: readonly { readonly text: string; readonly isMask: boolean }[],
  query: TokenMatrix,
  passage: TokenMatrix,
  { starts, ends, offset }: PassageLayout,
): HeatMap {
  const similarities = similaritiesOf(query, passage)
  const queryTokens = tokens.map((token, q) => {
    const row = similarities.subarray(q * passage.rows, (q + 1) * passage.rows)
    return { ...token, best: row.reduce((best, cosine) => Math.max(best, cosine), -1) }
  })
  const inText = (start: number, t: number): CharRange =>
    start < offset ? { start: -1, end: -1 } : { start: start - offset, end: ends[t]! - offset }
  return { queryTokens, passageTokens: Array.from(starts, inText), similarities }
}
