/** Which token stands for which characters of what the model read of a passage (`contextualText`). */
import type { EncodedText } from '../types.ts'

/** `[T]` */
export type Layout = Pick<EncodedText, 'starts' | 'ends'>

/** As if all tokens were of the same length. */
export function evenLayout(tokens: number, chars: number): Layout {
  const at = (token: number) => Math.round((token * chars) / Math.max(1, tokens))
  return {
    starts: Int32Array.from({ length: tokens }, (_, token) => at(token)),
    ends: Int32Array.from({ length: tokens }, (_, token) => Math.max(at(token) + 1, at(token + 1))),
  }
}
