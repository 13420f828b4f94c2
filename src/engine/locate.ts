/**
 * Where in the index is this hit, or this text of a page? A hit says where it was found, and is looked for there first; should
 * the index have changed since, by its address and its text. A text is looked for in the sections of its page, white space aside;
 * one that goes across passages is taken for the part that lies in the passage with most of it. Knows no vectors.
 */
import { SelvageError } from '../errors.ts'
import type { CharRange, PassageId } from '../types.ts'
import { barePage, isPlaced, isSamePage } from './address.ts'
import type { Segments } from './segments.ts'
import { passageText, type StoredPassage } from './texts.ts'

/** Characters of a passage, in the passage's own text. */
export interface Place {
  readonly passage: StoredPassage
  readonly range: CharRange
}

/** A hit, as it says of itself where it is. */
export interface HitPlace {
  readonly ref: string
  readonly url: string
  readonly text: string
  /** Default: all of it. */
  readonly range?: CharRange | undefined
}

/** Passages with a text's words that are looked at where no page is known by its address. */
const MOST_CANDIDATES = 200
/** Words in a row that say that two texts are the same there. */
const RUN_WORDS = 3

/** Errors: `section-missing` where the index has no such passage any more; `invalid-argument` for a range outside of it. */
export async function locateHit(segments: Segments, { ref, url, text, range }: HitPlace): Promise<Place> {
  const { start, end } = range ?? { start: 0, end: text.length }
  // A passage that is only a heading has no text, and all of it is no character: that was not asked for, so it is fine.
  if (range && !(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= text.length))
    throw new SelvageError(
      'invalid-argument',
      `The range ${start} to ${end}: wanted some of the ${text.length} characters of the hit's passage.`,
    )
  const isIt = (passage: StoredPassage) => isPlaced(passage.section.url, url) && passageText(passage).text === text
  const id = Number(ref)
  if (ref !== '' && (await isVisible(segments, id))) {
    const [passage] = await segments.texts([id])
    if (passage && isIt(passage)) return { passage, range: { start, end } }
  }
  const passage = (await passagesAt(segments, url, text)).find(isIt)
  if (passage) return { passage, range: { start, end } }
  throw new SelvageError(
    'section-missing',
    `The index has changed: ${url} is not there any more, or has another text. Search again.`,
  )
}

/** The passages of the page that have the text, or most of it. Errors: `section-missing`, `invalid-argument` for no text. */
export async function locateText(segments: Segments, url: string, text: string): Promise<Place[]> {
  const wanted = inOneLine(text).text.trim()
  if (wanted === '') throw new SelvageError('invalid-argument', 'similar: there is no text to search with.')
  const passages = await passagesAt(segments, url, wanted)
  if (passages.length === 0)
    throw new SelvageError('section-missing', `The index has no page ${url}. Give the address of a page that it has.`)
  const places = whole(passages, wanted)
  if (places.length > 0) return places
  const nearest = mostOf(passages, wanted)
  if (nearest) return [nearest]
  throw new SelvageError('section-missing', `The index has no such text on ${url}: "${wanted.slice(0, 80)}".`)
}

async function isVisible(segments: Segments, id: PassageId): Promise<boolean> {
  if (!(Number.isInteger(id) && id >= 0 && id < segments.passages)) return false
  const visible = await segments.visible()
  return visible === undefined || visible.passages[id] === 1
}

/** Passages of the page at an address, by the pages' ids; else, for ids may be other than addresses, by the text's words. */
export async function passagesAt(segments: Segments, url: string, text: string): Promise<StoredPassage[]> {
  const ids = (await pagesAt(segments, url)).flatMap(([start, end]) =>
    Array.from({ length: end - start }, (_, i) => start + i),
  )
  const visible = await segments.visible()
  const shown = ids.filter((id) => visible === undefined || visible.passages[id] === 1)
  if (shown.length > 0) return segments.texts(shown)
  const ranking = await segments.lexical?.search({ text, isOpen: false })
  if (ranking === undefined) return []
  const allowed = ranking
    .best(MOST_CANDIDATES)
    .passages.filter(({ id }) => visible === undefined || visible.passages[id] === 1)
  const found = await segments.texts(allowed.map(({ id }) => id))
  return found
    .filter(({ section }) => [section.url, section.page.url].some((own) => isSamePage(own, url)))
    .sort((a, b) => a.id - b.id)
}

/** [start, end) of the passages of each page that may be meant: the same address, else the longest that the address ends with. */
async function pagesAt(segments: Segments, url: string): Promise<[start: PassageId, end: PassageId][]> {
  const address = barePage(url)
  let longest = 0
  let found: { segment: number; page: number }[] = []
  for (const [i, segment] of segments.all.entries())
    for (const [page, id] of (await segment.ids()).entries()) {
      const own = barePage(id)
      // Relative addresses of an index are under a base that only the site knows.
      const fits = own === address || (own !== '' && address.endsWith(`/${own}`))
      const length = own === address ? Number.POSITIVE_INFINITY : own.length
      if (!fits || length < longest) continue
      if (length > longest) found = []
      longest = length
      found.push({ segment: i, page })
    }
  const ranges = found.map(async ({ segment, page }) => {
    const first = segments.firsts[segment]!
    const [[start, end] = [0, 0]] = await segments.all[segment]!.passagesOf([page])
    return [first + start, first + end] satisfies [number, number]
  })
  return Promise.all(ranges)
}

/** A text with its white space as single spaces, and where each character was. */
function inOneLine(text: string): { text: string; places: number[] } {
  let line = ''
  const places: number[] = []
  for (let at = 0; at < text.length; at++) {
    const isSpace = /\s/.test(text[at]!)
    if (isSpace && line.endsWith(' ')) continue
    line += isSpace ? ' ' : text[at]!
    places.push(at)
  }
  return { text: line, places }
}

/** Passages of the first section that has the text as it is, each with its part of it. */
function whole(passages: readonly StoredPassage[], wanted: string): Place[] {
  for (const { section } of new Map(passages.map((passage) => [passage.section.id, passage])).values()) {
    const { text, places } = inOneLine(section.text)
    const at = text.indexOf(wanted)
    if (at < 0) continue
    const [start, end] = [places[at]!, places[at + wanted.length - 1]! + 1]
    return passages.flatMap((passage) => {
      const { range } = passage
      if (passage.section.id !== section.id || range.start >= end || range.end <= start) return []
      const own = { start: Math.max(0, start - range.start), end: Math.min(end, range.end) - range.start }
      return [{ passage, range: own }]
    })
  }
  return []
}

/** The passage that has most runs of the text's words: from the first of them to the last. */
function mostOf(passages: readonly StoredPassage[], wanted: string): Place | undefined {
  const words = wanted.split(' ')
  const length = Math.min(RUN_WORDS, words.length)
  const runs = new Set(words.slice(0, words.length - length + 1).map((_, i) => words.slice(i, i + length).join(' ')))
  let most = 0
  let best: Place | undefined
  for (const passage of passages) {
    const own = [...passageText(passage).text.matchAll(/\S+/g)]
    const found = own.flatMap((_, i) => {
      const run = own.slice(i, i + length)
      return runs.has(run.map(([word]) => word).join(' ')) ? [run] : []
    })
    if (found.length <= most) continue
    most = found.length
    const last = found.at(-1)!.at(-1)!
    best = { passage, range: { start: found[0]![0]!.index, end: last.index + last[0].length } }
  }
  return best
}
