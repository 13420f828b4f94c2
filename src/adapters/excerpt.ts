/**
 * Excerpts as text with marks, which both UIs put into their pages as HTML: all but the marks is escaped. The window begins
 * with the best sentence, and where that is too long it is the part with the strongest matches.
 */
import type { CharRange, Hit } from '../types.ts'

export interface Tags {
  readonly before: string
  readonly after: string
}

/** A stretch without white space, and how strongly it matched; 0: not at all. */
export interface Word extends CharRange {
  readonly strength: number
}

type Matches = Hit['passage']['matches']

/** A script without spaces has no words to count by: so many characters stand for one. */
const CHARS_PER_WORD = 12

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character]!)
}

export function spacedWords(text: string, matches: Matches): Word[] {
  let next = 0
  return [...text.matchAll(/\S+/g)].map(({ 0: word, index: start }) => {
    const end = start + word.length
    while (next < matches.length && matches[next]!.end <= start) next++
    let strength = 0
    for (let m = next; m < matches.length && matches[m]!.start < end; m++)
      strength = Math.max(strength, matches[m]!.strength || Number.MIN_VALUE) // the weakest of the matches has 0
    return { start, end, strength }
  })
}

/** At most `most` words of the passage, to show first. */
export function windowOf({ text, excerpt, matches }: Hit['passage'], most: number): CharRange {
  const words = spacedWords(text, matches)
  if (words.length === 0) return { start: 0, end: 0 }
  const first = Math.max(
    0,
    words.findIndex(({ end }) => end > excerpt.start),
  )
  const inside = words.filter(({ start, end }) => end > excerpt.start && start < excerpt.end).length
  const from = inside > most ? strongest(words, first, inside, most) : Math.max(0, Math.min(first, words.length - most))
  const { start } = words[from]!
  const { end } = words[Math.min(from + most, words.length) - 1]!
  return end - start > most * CHARS_PER_WORD
    ? shortened(text, { start, end }, matches, most * CHARS_PER_WORD)
    : { start, end }
}

/** Of the windows of `most` words within `count` words, where the first with the largest sum begins. */
function strongest(words: readonly Word[], first: number, count: number, most: number): number {
  const sumAt = (from: number) => words.slice(from, from + most).reduce((sum, { strength }) => sum + strength, 0)
  let best = first
  for (let from = first + 1; from <= first + count - most; from++) if (sumAt(from) > sumAt(best)) best = from
  return best
}

/** Around the first match, and never through the middle of a character. */
function shortened(text: string, { start, end }: CharRange, matches: Matches, chars: number): CharRange {
  const match = matches.find((each) => each.start >= start && each.start < end)?.start ?? start
  const from = whole(text, Math.max(start, Math.min(match - Math.floor(chars / 4), end - chars)))
  return { start: from, end: whole(text, Math.min(end, from + chars)) }
}

function whole(text: string, at: number): number {
  return at > 0 && /[\uDC00-\uDFFF]/.test(text[at] ?? '') ? at - 1 : at
}

/** Part of a text as HTML, its matches between tags. */
export function markedHtml(text: string, { start, end }: CharRange, matches: readonly CharRange[], tags: Tags): string {
  let html = ''
  let at = start
  for (const match of matches) {
    if (match.start < at || match.end > end) continue
    const word = tags.before + escapeHtml(text.slice(match.start, match.end)) + tags.after
    html += escapeHtml(text.slice(at, match.start)) + word
    at = match.end
  }
  return html + escapeHtml(text.slice(at, end))
}

/** With an ellipsis on each side where something is left out. */
export function withEllipsis(html: string, text: string, { start, end }: CharRange, ellipsis: string): string {
  if (ellipsis === '') return html
  const before = text.slice(0, start).trim() === '' ? '' : `${ellipsis} `
  return before + html + (text.slice(end).trim() === '' ? '' : ` ${ellipsis}`)
}
