/** How long a search took, step by step, as its caller is told. */
import type { SearchResult } from './options.ts'
import type { EngineAnswer } from './protocol.ts'

/** What is not in the other steps is the explanation, and the way to the workers and back. */
export function timesOf(
  { keyword, score, texts }: EngineAnswer<never>['elapsedMs'],
  { wait, encode, total }: { readonly wait: number; readonly encode: number; readonly total: number },
): SearchResult['elapsedMs'] {
  const explain = Math.max(0, total - wait - encode - keyword - score - texts)
  return { wait, encode, keyword, score, texts, explain, total }
}
