/**
 * Where does a hit's link lead? To its section's anchor, and with a text fragment to the very sentence, in browsers
 * that know them. Syntax: https://wicg.github.io/scroll-to-text-fragment/; what is quoted must be words that stand
 * in one block each, or nothing is found.
 */
import type { CharRange, Hit } from '../types.ts'
import { sentenceOf } from './excerpt.ts'

/** Sentences up to so many characters are quoted whole: what is quoted must be there to the letter. */
const WHOLE = 64
/** Else so many words from both ends, and more of them where they are short. */
const WORDS = 4
const LEAST_CHARACTERS = 16

/** '' where the address is none that a link should lead to (`javascript:` and the like). */
export function hrefOf({ url, passage }: Hit): string {
  if (!isLinkable(url)) return ''
  // Where it is not known it would be taken for a part of the anchor.
  if (url.includes(':~:') || !('fragmentDirective' in document)) return url
  const directive = textDirective(passage)
  if (directive === '') return url
  return `${url}${url.includes('#') ? '' : '#'}:~:${directive}`
}

/** Relative, or http(s). */
function isLinkable(url: string): boolean {
  try {
    return url !== '' && /^https?:$/.test(new URL(url, 'https://relative.invalid').protocol)
  } catch {
    return false
  }
}

function textDirective(passage: Hit['passage']): string {
  const sentence = sentenceOf(passage)
  if (sentence.kind === 'code') return '' // pages wrap every token of it, and number its lines
  const quoted = sentence.kind === 'table' ? cellOf(passage, sentence) : sentence
  const { text } = passage
  const words = wordsIn(text, quoted)
  const first = words[0]
  const last = words.at(-1)
  if (first === undefined || last === undefined) return ''
  const whole = text.slice(first.start, last.end)
  if (sentence.kind === 'table' && whole.length < LEAST_CHARACTERS) return ''
  const start = headOf(text, words)
  const end = tailOf(text, words)
  const isWhole = whole.length <= WHOLE || start.length + end.length >= whole.length
  const range = isWhole ? encode(whole) : `${encode(start)},${encode(end)}`
  const isFirst = !plain(text.slice(0, first.start)).includes(plain(isWhole ? whole : start))
  const prefix = isFirst ? '' : tailOf(text, wordsIn(text, { start: 0, end: first.start }), first.start)
  // From one block to the next there may be bullets that are no text of the page.
  return `text=${prefix === '' || prefix.includes('\n') ? '' : `${encode(prefix)}-,`}${range}`
}

/** The cell of a table's row that matched most: a fragment does not reach from one cell to the next. */
function cellOf({ text, matches }: Hit['passage'], row: CharRange): CharRange {
  let best = row
  let most = -1
  let start = row.start
  for (const cell of text.slice(row.start, row.end).split(' | ')) {
    const range = { start, end: start + cell.length }
    const sum = matches.reduce((all, match) => all + (match.start >= start && match.end <= range.end ? 1 : 0), 0)
    if (sum > most) [best, most] = [range, sum]
    start = range.end + 3
  }
  return best
}

function wordsIn(text: string, { start, end }: CharRange): CharRange[] {
  const segments = new Intl.Segmenter(undefined, { granularity: 'word' }).segment(text.slice(start, end))
  return [...segments].flatMap(({ index, segment, isWordLike }) =>
    isWordLike ? [{ start: start + index, end: start + index + segment.length }] : [],
  )
}

/** The first words. */
function headOf(text: string, words: readonly CharRange[]): string {
  let taken = WORDS
  const head = () => text.slice(words[0]!.start, words[Math.min(taken, words.length) - 1]!.end)
  while (taken < words.length && head().length < LEAST_CHARACTERS) taken++
  return head()
}

/** The last words, up to `end`. */
function tailOf(text: string, words: readonly CharRange[], end = words.at(-1)?.end ?? 0): string {
  let taken = WORDS
  const tail = () => text.slice(words[Math.max(0, words.length - taken)]?.start ?? end, end).trim()
  while (taken < words.length && tail().length < LEAST_CHARACTERS) taken++
  return tail()
}

/** As texts are compared when a fragment is looked for. */
function plain(text: string): string {
  return text.replace(/\s+/g, ' ').toLowerCase()
}

/** `-` and `,` have a meaning in the syntax. */
function encode(text: string): string {
  try {
    return encodeURIComponent(text.replace(/\s+/g, ' ').trim()).replaceAll('-', '%2D')
  } catch {
    return '' // half a surrogate pair
  }
}

/** What tells pages apart: sites differ in `.html` and slashes, and some routers use the fragment. */
export function pageOf(url: string): string {
  const { origin, pathname, search, hash } = new URL(url, document.baseURI)
  const path = pathname.replace(/(?:\/index)?(?:\.html?)?\/?$/, '')
  return origin + path + search + (/^#!?\//.test(hash) ? withoutDirective(hash) : '')
}

export function withoutDirective(hash: string): string {
  return hash.split(':~:', 1)[0] ?? ''
}
