/**
 * Where sentences begin and end: the unit that is highlighted, quoted and linked to. By `Intl.Segmenter`, which knows
 * every script; in code and tables a line is the unit. Knows nothing of why one sentence is better than another.
 *
 * The segmenter (Unicode annex 29) breaks after every full stop before a capital letter. So an abbreviation joins what
 * it parted, if it is one that hardly ever ends a sentence; "etc." may end one and is left alone.
 */
import type { CharRange } from '../types.ts'
import type { Block, Section } from './document.ts'

const ABBREVIATION =
  /(?:^|[\s([{"'“‘«/])(?:e\.g|i\.e|cf|vs|viz|approx|resp|ca|al|incl|esp|fig|figs|eq|eqs|sec|ch|vol|pp?|mr|mrs|ms|dr|prof|st|jr|sr|bzw|z\. ?b|d\. ?h|u\. ?a|p\. ?ex)\.\s*$/i
/** "J. K. Bergum": one capital letter alone is an initial. */
const INITIAL = /(?:^|[\s.(])\p{Uppercase_Letter}\.\s*$/u
/** What is no sentence by itself: a bullet, an item's number, stray punctuation. */
const FRAGMENT = /^(?:\s*\(?(?:\d+|[a-z])[.)]\s*|[^\p{Letter}\p{Number}]*)$/u

/** Sentences of running text within `[start, end)`, without the white space around them. */
export function sentencesIn(text: string, { start, end }: CharRange, language?: string): CharRange[] {
  const ranges: CharRange[] = []
  let open = start
  for (const segmentEnd of segmentEnds(text, start, end, segmenterFor(language))) {
    const isJoined =
      ABBREVIATION.test(text.slice(Math.max(open, segmentEnd - 16), segmentEnd)) ||
      INITIAL.test(text.slice(Math.max(open, segmentEnd - 8), segmentEnd)) ||
      (segmentEnd - open < 64 && FRAGMENT.test(text.slice(open, segmentEnd)))
    if (isJoined && segmentEnd < end) continue
    pushTrimmed(ranges, text, open, segmentEnd)
    open = segmentEnd
  }
  return ranges
}

/**
 * Where the segmenter ends its segments. Asked window by window, since in V8 each step costs time in the length of the
 * whole string: 320,000 characters take 4 s at once (Node 20.20) and a few ms in windows.
 */
function* segmentEnds(text: string, start: number, end: number, segmenter: Intl.Segmenter): Generator<number> {
  let from = start
  let size = 4096
  while (from < end) {
    const to = Math.min(end, from + size)
    let last = from
    for (const { index } of segmenter.segment(text.slice(from, to))) {
      if (index > 0) yield from + index
      last = from + index
    }
    // What a window cuts off is seen again in the next; a sentence longer than the window needs a larger one.
    size = last === from ? size * 4 : 4096
    if (to === end) {
      yield end
      return
    }
    from = last
  }
}

/** Sentences of a part of a section (a passage, say): prose by sentences, code and tables by lines. */
export function sentencesOf(
  section: Pick<Section, 'text' | 'blocks'>,
  within: CharRange = { start: 0, end: section.text.length },
  language?: string,
): CharRange[] {
  return section.blocks.flatMap((block) => {
    const start = Math.max(block.start, within.start)
    const end = Math.min(block.end, within.end)
    if (start >= end) return []
    return isLined(block) ? linesIn(section.text, { start, end }) : sentencesIn(section.text, { start, end }, language)
  })
}

/** Code and tables are read by lines. */
export function isLined(block: Block): boolean {
  return block.kind === 'code' || block.kind === 'table'
}

/** Lines that are not blank, without the white space around them. */
export function linesIn(text: string, { start, end }: CharRange): CharRange[] {
  const ranges: CharRange[] = []
  for (let lineStart = start; lineStart < end; ) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline < 0 || newline > end ? end : newline
    pushTrimmed(ranges, text, lineStart, lineEnd)
    lineStart = lineEnd + 1
  }
  return ranges
}

function pushTrimmed(ranges: CharRange[], text: string, from: number, to: number): void {
  let start = from
  let end = to
  while (start < end && isSpace(text, start)) start++
  while (end > start && isSpace(text, end - 1)) end--
  if (start < end) ranges.push({ start, end })
}

export function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(text[at]!))
}

const segmenters = new Map<string, Intl.Segmenter>()

/** Making a segmenter costs more than most texts; a tag that the platform refuses is as good as none. */
function segmenterFor(language = ''): Intl.Segmenter {
  let segmenter = segmenters.get(language)
  if (segmenter === undefined) {
    try {
      segmenter = new Intl.Segmenter(language === '' ? 'en' : language, { granularity: 'sentence' })
    } catch {
      segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
    }
    segmenters.set(language, segmenter)
  }
  return segmenter
}
