/**
 * A heat map as it is to be drawn: rows for the tokens of the question, columns for those of the passage, under their words. What a
 * passage's headings matched is one column, since no characters of the passage stand for it. Numbers and strings only.
 */
import type { HeatMap } from 'selvage'

export interface HeatRow {
  readonly name: string
  /** `masks`: the padding as one row, of which each cell is the best. */
  readonly kind: 'word' | 'mask' | 'masks' | 'marker'
  /** `[columns]` cosines, the best of each column's tokens. */
  readonly cosines: readonly number[]
  readonly bestColumn: number
}

export interface HeatWord {
  readonly text: string
  readonly isHeading: boolean
  /** Its columns follow each other. */
  readonly first: number
  readonly columns: number
}

export interface HeatModel {
  readonly rows: readonly HeatRow[]
  /** The padding, one by one; what `rows` has as one. */
  readonly masks: readonly HeatRow[]
  readonly words: readonly HeatWord[]
  readonly columns: number
  readonly tokens: number
  /** Of the best cosine of each token of the question: the passage's score by meaning. */
  readonly sum: number
  /** For the shades: the least of all cosines, and the most that a word of the question has. */
  readonly least: number
  readonly most: number
}

export function heatModel(
  { queryTokens, passageTokens, similarities }: HeatMap,
  query: string,
  text: string,
): HeatModel {
  const headings = passageTokens.flatMap(({ start }, token) => (start < 0 ? [token] : []))
  const found = wordsOf(passageTokens, text)
  const columns = [
    ...(headings.length > 0 ? [headings] : []),
    ...found.flatMap(({ tokens }) => tokens.map((at) => [at])),
  ]
  const words: HeatWord[] = headings.length > 0 ? [{ text: 'headings', isHeading: true, first: 0, columns: 1 }] : []
  let first = words.length
  for (const word of found) {
    words.push({ text: word.text, isHeading: false, first, columns: word.tokens.length })
    first += word.tokens.length
  }
  const width = passageTokens.length
  const cosinesOf = (row: number) =>
    columns.map((tokens) => Math.max(...tokens.map((token) => similarities[row * width + token] ?? -1)))
  const nameOf = namer(query)
  const all = queryTokens.map(({ text: token, isMask }, row) => {
    const kind = isMask ? 'mask' : /^\[.*\]\s*$/.test(token) ? 'marker' : 'word'
    return rowOf(kind === 'word' ? nameOf(token) : token.trim(), kind, cosinesOf(row))
  })
  const masks = all.filter(({ kind }) => kind === 'mask')
  const together = columns.map((_, column) => Math.max(...masks.map(({ cosines }) => cosines[column] ?? -1)))
  const rows = [
    ...all.filter(({ kind }) => kind === 'word'),
    ...all.filter(({ kind }) => kind === 'marker'),
    ...(masks.length > 0 ? [rowOf(`[MASK] × ${masks.length}`, 'masks', together)] : []),
  ]
  const drawn = all.flatMap(({ cosines }) => cosines)
  const said = all.flatMap(({ kind, cosines }) => (kind === 'word' ? cosines : []))
  return {
    rows,
    masks,
    words,
    columns: columns.length,
    tokens: queryTokens.length,
    sum: queryTokens.reduce((sum, { best }) => sum + best, 0),
    least: drawn.reduce((a, b) => Math.min(a, b), 1),
    most: (said.length > 0 ? said : drawn).reduce((a, b) => Math.max(a, b), -1),
  }
}

/** Names the tokens of the question, one after the other: what goes on within a word begins with a hyphen. */
function namer(query: string): (token: string) => string {
  const text = query.toLowerCase()
  let end = 0
  return (token) => {
    const start = text.indexOf(token.toLowerCase(), end)
    const isWithin =
      start === end && end > 0 && /[\p{L}\p{N}]$/u.test(text.slice(0, end)) && /^[\p{L}\p{N}]/u.test(token)
    if (start >= 0) end = start + token.length
    return isWithin ? `-${token}` : token
  }
}

function rowOf(name: string, kind: HeatRow['kind'], cosines: readonly number[]): HeatRow {
  return {
    name,
    kind,
    cosines,
    bestColumn: cosines.reduce((best, at, i) => (at > (cosines[best] ?? -1) ? i : best), 0),
  }
}

/** The word that a column is of. */
export function wordAt(model: HeatModel, column: number): HeatWord | undefined {
  return model.words.find(({ first, columns }) => column >= first && column < first + columns)
}

/** The words in lines that are no wider than `room` columns; a word is not parted, unless it is wider than that. */
export function bandsOf(words: readonly HeatWord[], room: number): HeatWord[][] {
  const bands: HeatWord[][] = []
  let left = 0
  for (const word of words) {
    if (word.columns > left || bands.length === 0) {
      bands.push([])
      left = room
    }
    bands.at(-1)?.push(word)
    left -= word.columns
  }
  return bands
}

/** Tokens that follow each other without a space, and are letters or digits, are of one word. */
function wordsOf(tokens: HeatMap['passageTokens'], text: string): { text: string; tokens: number[] }[] {
  const words: { text: string; end: number; tokens: number[] }[] = []
  tokens.forEach(({ start, end }, token) => {
    if (start < 0) return
    const piece = text.slice(start, end)
    const last = words.at(-1)
    if (last?.end === start && /[\p{L}\p{N}_]$/u.test(last.text) && /^[\p{L}\p{N}_]/u.test(piece)) {
      last.text += piece
      last.end = end
      last.tokens.push(token)
    } else words.push({ text: piece, end, tokens: [token] })
  })
  return words
}
