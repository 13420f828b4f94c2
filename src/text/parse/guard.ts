/**
 * Some text makes a Markdown parser take minutes or overflow its stack: thousands of nested quotes or lists, tens of
 * thousands of emphasis marks in one paragraph. Nobody wrote such a page to be read, so it is indexed as plain text.
 *
 * Measured with micromark 4.0.3: `- ` × 10,000 on one line 58 s; 300 nested list levels 2 s, 1,000 levels 40 s;
 * `>` × 10,000 a RangeError; `*` × 18,000 around a letter 15 s, × 4,000 0.5 s; `![a` × 2,000 nested images 11 s,
 * × 1,000 2 s;
 * `{` × 10,000 in MDX 56 s, since each `}` may end the expression and is tried. Long lists and tables are no trouble: their items and cells are parsed one by one.
 */
const MAX_NESTING = 100
const MAX_INDENT = 400
/** In one run of lines without a blank line, a new list item or a table row. */
const MAX_MARKS = 5_000
const MAX_BRACKETS = 1_000
/** micromark takes up to 1 kB of memory and 14 µs per character of dense lists: a longer page is taken as plain text. */
const MAX_LENGTH = 4_000_000

export function isTooHard(text: string, dialect: 'markdown' | 'mdx'): boolean {
  if (text.length > MAX_LENGTH) return true
  const brace = dialect === 'mdx' ? 123 : 91
  let marks = 0
  let brackets = 0
  let fence = ''
  for (let lineStart = 0; lineStart < text.length; ) {
    const newline = text.indexOf('\n', lineStart)
    const lineEnd = newline < 0 ? text.length : newline
    const { start, nesting } = readPrefix(text, lineStart, lineEnd)
    const opening = text.slice(start, start + 3)
    if (fence !== '') {
      if (opening === fence) fence = ''
    } else if (opening === '```' || opening === '~~~') fence = opening
    else {
      if (nesting > MAX_NESTING || (nesting > 0 && start - lineStart > MAX_INDENT)) return true
      if (start === lineEnd || nesting > 0 || text[start] === '|') marks = brackets = 0
      for (let at = start; at < lineEnd; at++) {
        const code = text.charCodeAt(at)
        // What makes inline parsing slow: & * < _ ` ~ and, more so, [ and MDX's {
        if (code === 91 || code === brace) brackets++
        else if (code === 38 || code === 42 || code === 60 || code === 95 || code === 96 || code === 126) marks++
      }
      if (marks > MAX_MARKS || brackets > MAX_BRACKETS) return true
    }
    lineStart = lineEnd + 1
  }
  return false
}

/** Skips indentation, quote marks, bullets and item numbers: where the line's own text starts, and how many they are. */
function readPrefix(text: string, from: number, to: number): { start: number; nesting: number } {
  let nesting = 0
  let start = from
  while (start < to) {
    const code = text.charCodeAt(start)
    if (code === 32 || code === 9) start++
    else {
      const length = markerLength(text, start)
      if (length === 0) break
      nesting++
      start += length
    }
  }
  return { start, nesting }
}

/** `>`, `- `, `12. `: the marker at this place, or 0. */
function markerLength(text: string, at: number): number {
  const code = text.charCodeAt(at)
  if (code === 62) return 1
  let end = at
  while (isDigit(text.charCodeAt(end))) end++
  const mark = text.charCodeAt(end)
  const isMarker = end > at ? mark === 46 || mark === 41 : mark === 42 || mark === 43 || mark === 45
  return isMarker && text.charCodeAt(end + 1) === 32 ? end + 1 - at : 0
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}
