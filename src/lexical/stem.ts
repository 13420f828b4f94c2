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

/** English words that shape a question and say nothing of what it is about. In titles and texts they count as any other. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an the this that these those there it its i me my we our you your he she they them their ' +
    'am is are was were be been being do does did doing done have has had having can could should would will shall may ' +
    'might must how what when where why which who whom whose in on at to of for from with by as about into over under ' +
    'than then so and or but if not no'
  ).split(' '),
)

export function isStopWord(term: string, stemming: Stemming): boolean {
  return stemming === 'english' && STOP_WORDS.has(term)
}
