/** Two or three lines of a passage for a narrow card: the stretch of its excerpt where the question matched most. */
import type { CharRange, Hit } from 'selvage'

const ROOM = 150
/** A snippet may begin this far before its first match. */
const RUN_UP = 28

export function snippetOf({ text, excerpt, matches }: Hit['passage']): CharRange {
  let best = { start: excerpt.start, end: endOf(text, excerpt.start) }
  let most = weightIn(matches, best)
  for (const match of matches) {
    if (match.start < excerpt.start || match.start >= excerpt.end) continue
    const start = startOf(text, match.start, excerpt.start)
    const range = { start, end: endOf(text, start) }
    const weight = weightIn(matches, range)
    if (weight > most) [best, most] = [range, weight]
  }
  return best
}

function weightIn(matches: Hit['passage']['matches'], { start, end }: CharRange): number {
  return matches.reduce((sum, match) => (match.start >= start && match.end <= end ? sum + match.strength : sum), 0)
}

function startOf(text: string, match: number, first: number): number {
  const from = Math.max(first, match - RUN_UP)
  if (from === first) return first
  const space = text.slice(from, match).search(/\s/)
  return space < 0 ? match : from + space + 1
}

function endOf(text: string, start: number): number {
  const end = Math.min(text.length, start + ROOM)
  if (end === text.length) return end
  const space = text.lastIndexOf(' ', end)
  return space > start + ROOM / 2 ? space : end
}
