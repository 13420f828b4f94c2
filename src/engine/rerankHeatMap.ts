/** How near each token of a query is to each token of a text, from the matrices of both and where their tokens stand. */
import type { CharRange, EncodedText, HeatMap, TokenMatrix } from '../types.ts'

/** What a passage's rows stand for: characters of what the model has read, in which the text begins at `offset`. */
export type PassageLayout = Pick<EncodedText, 'starts' | 'ends'> & { readonly offset: number }

/** @param tokens of the query, in words */
export function heatMapOf(
  tokens: readonly { readonly text: string; readonly isMask: boolean }[],
  query: TokenMatrix,
  passage: TokenMatrix,
  { starts, ends, offset }: PassageLayout,
): HeatMap {
  const { dim } = query
  const similarities = new Float32Array(query.rows * passage.rows)
  const queryTokens = tokens.map((token, q) => {
    let best = -1
    for (let t = 0; t < passage.rows; t++) {
      let sum = 0
      for (let e = 0; e < dim; e++) sum += query.data[q * dim + e]! * passage.data[t * dim + e]!
      similarities[q * passage.rows + t] = sum
      best = Math.max(best, similarities[q * passage.rows + t]!)
    }
    return { ...token, best }
  })
  const inText = (start: number, t: number): CharRange =>
    start < offset ? { start: -1, end: -1 } : { start: start - offset, end: ends[t]! - offset }
  return { queryTokens, passageTokens: Array.from(starts, inText), similarities }
}
