/**
 * Where a result leads: to its section, and with a text fragment to the sentence that matched best, in browsers that know them
 * (https://wicg.github.io/scroll-to-text-fragment/). What is quoted must stand in one block of the page to the letter, so code
 * and tables, which pages set in pieces, are not quoted.
 */
import type { CharRange, Hit } from 'selvage'

type Passage = Hit['passage']

/** A sentence up to this long is quoted whole, of a longer one the first and the last words. */
const WHOLE_CHARS = 64
const WORDS = 4
/** Less than this stands in too many places. */
const LEAST_CHARS = 12

export function linkOf({ url, passage }: Pick<Hit, 'url' | 'passage'>): string {
  if (!('fragmentDirective' in document) || url.includes(':~:')) return url
  const sentence = bestSentence(passage)
  const quoted = sentence === undefined ? '' : quote(passage.text.slice(sentence.start, sentence.end))
  return quoted === '' ? url : `${url}${url.includes('#') ? '' : '#'}:~:text=${quoted}`
}

/** Of the prose in the excerpt; undefined where there is none with a match. */
function bestSentence({ text, blocks, excerpt, matches }: Passage): CharRange | undefined {
  const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' })
  let best: CharRange | undefined
  let most = 0
  for (const { kind, start, end } of blocks) {
    if (kind === 'code' || kind === 'table') continue
    const [from, to] = [Math.max(start, excerpt.start), Math.min(end, excerpt.end)]
    if (from >= to) continue
    for (const { index, segment } of segmenter.segment(text.slice(from, to))) {
      const sentence = { start: from + index, end: from + index + segment.length }
      const weight = matches.reduce(
        (sum, match) => sum + (match.start >= sentence.start && match.end <= sentence.end ? match.strength : 0),
        0,
      )
      if (weight > most) [best, most] = [sentence, weight]
    }
  }
  return best
}

function quote(sentence: string): string {
  const words = [...new Intl.Segmenter('en', { granularity: 'word' }).segment(sentence)].filter(
    (word) => word.isWordLike,
  )
  const first = words[0]
  const last = words.at(-1)
  if (first === undefined || last === undefined) return ''
  const text = sentence.slice(first.index, last.index + last.segment.length)
  if (text.length < LEAST_CHARS) return ''
  if (text.length <= WHOLE_CHARS || words.length <= 2 * WORDS) return encode(text)
  const headEnd = words[WORDS - 1]
  const tailStart = words.at(-WORDS)
  if (headEnd === undefined || tailStart === undefined) return encode(text)
  const head = sentence.slice(first.index, headEnd.index + headEnd.segment.length)
  const tail = sentence.slice(tailStart.index, last.index + last.segment.length)
  return `${encode(head)},${encode(tail)}`
}

/** `-` and `,` have a meaning in the syntax. */
function encode(text: string): string {
  const plain = text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/\p{Surrogate}/gu, '\ufffd')
  return encodeURIComponent(plain).replaceAll('-', '%2D')
}
