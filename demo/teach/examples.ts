/** The ready set: how somebody who comes from React asks for what Vue has. See demo/content/teach/SOURCE.md. */
import { type ReadPairs, readPairs } from './pairs.ts'

/** Fetched when somebody wants it; from then on the browser has it. */
export async function loadExamples(): Promise<ReadPairs> {
  const { default: lines } = await import('../content/teach/pairs.jsonl?raw')
  return readPairs(lines, document.baseURI)
}
