/**
 * Words that mean the same for a search: `component` and `components`. Porter's algorithm (M. F. Porter, An algorithm for
 * suffix stripping, 1980) by the `stemmer` package, for English; words of other languages stay as they are.
 */
import { stemmer } from 'stemmer'

export type Stemming = 'english' | 'none'

/** The same for every word with the same stem; never longer than the term. */
export function stemOf(term: string, stemming: Stemming): string {
  return stemming === 'english' && /^[a-z]{3,}$/.test(term) ? stemmer(term) : term
}
