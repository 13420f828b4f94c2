/** Text without markup → outline: paragraphs between blank lines. */
import { paragraphsOf } from '../paragraphs.ts'
import type { Outline } from './outline.ts'

export function readPlain(content: string): Outline {
  return {
    items: paragraphsOf(content).map(({ kind, start, end }) => ({
      type: 'block',
      kind,
      text: content.slice(start, end),
    })),
  }
}
