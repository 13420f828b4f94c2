/**
 * Questions that stored vectors answer: which sections are like these characters, and how near each token of a query is to each
 * token of a passage. Which token stands for which characters the tokenizer knows; without it, rows are taken to be spread
 * evenly over what the model read, headings first, which is right to a word or two.
 */
import { SelvageError } from '../errors.ts'
import { MAX_QUERY_TOKENS } from '../ops/ops.ts'
import { type StoredRows, storedRows } from '../plaid/storedRows.ts'
import { contextualText } from '../text/context.ts'
import type { PassageId, TokenMatrix } from '../types.ts'
import { evenLayout, type Layout } from './layout.ts'
import type { Place } from './locate.ts'
import { passagesOf } from './pages.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'
import { similaritiesOf } from './similarities.ts'
import { passageText, type StoredPassage } from './texts.ts'

/** What a section is like, as a query: its vectors, and what is not to be found by them. */
export interface StoredQuery {
  readonly matrix: TokenMatrix
  readonly without: readonly PassageId[]
}

/**
 * The rows of these characters. Where there are more than MAX_QUERY_TOKENS, as many of them, evenly spread: a text says what
 * it is about all over, and no row tells by itself how much it says.
 * @param layouts of each place, where they are known
 * Errors: `vectors-missing`.
 */
export async function storedQuery(
  segments: Segments,
  places: readonly Place[],
  layouts?: readonly Layout[],
): Promise<StoredQuery> {
  const structure = await segments.structure()
  const chosen: { matrix: TokenMatrix; row: number }[] = []
  for (const [i, place] of places.entries()) {
    const matrix = await rowsOfPassage(segments, place.passage.id)
    for (const row of rowsOf(place, matrix.rows, layouts?.[i])) chosen.push({ matrix, row })
  }
  const [first] = chosen
  if (first === undefined)
    throw new SelvageError('vectors-missing', 'The index has no vectors of that text, so that nothing is like it.')
  const { dim } = first.matrix
  const rows = Math.min(chosen.length, MAX_QUERY_TOKENS)
  const data = new Float32Array(rows * dim)
  for (let i = 0; i < rows; i++) {
    const { matrix, row } = chosen[Math.floor((i * chosen.length) / rows)]!
    data.set(matrix.data.subarray(row * dim, (row + 1) * dim), i * dim)
  }
  const sections = new Set(places.map(({ passage }) => passage.section.id))
  return { matrix: { data, rows, dim }, without: [...sections].flatMap((section) => passagesOf(structure, section)) }
}

/** Rows that the characters went into, ascending. Of the whole passage all, those of its headings too. */
function rowsOf({ passage, range }: Place, rows: number, layout: Layout | undefined): number[] {
  const all = Array.from({ length: rows }, (_, row) => row)
  const { text, offset } = contextOf(passage)
  const [start, end] = [offset + range.start, offset + range.end]
  if (start === offset && end === text.length) return all
  const { rowOf = all } = passage
  const isKnown = layout?.starts.length === rowOf.length
  const known = isKnown ? rowsBetween(layout, rowOf, start, end) : []
  return known.length > 0 ? known : rowsBetween(evenLayout(rowOf.length, text.length), rowOf, start, end)
}

function rowsBetween({ starts, ends }: Layout, rowOf: readonly number[], start: number, end: number): number[] {
  const rows = rowOf.filter((_, token) => starts[token]! >= 0 && starts[token]! < end && ends[token]! > start)
  return [...new Set(rows)].sort((a, b) => a - b)
}

/** How many tokens the model made of a passage. */
export async function countTokens(segments: Segments, passage: Pick<StoredPassage, 'id' | 'rowOf'>): Promise<number> {
  return passage.rowOf?.length ?? (await countRows(segments, passage.id))
}

/** What the model read of a passage, and where the passage's own text begins in it. */
export function contextOf(passage: StoredPassage): { text: string; offset: number } {
  return contextualText(passage.section.headings, passageText(passage).text)
}

/** Of a passage, cosines `[Q, T]` with a query's unit rows. Pooled tokens have their row in common. */
export async function cosines(
  segments: Segments,
  { id, rowOf }: Pick<StoredPassage, 'id' | 'rowOf'>,
  query: TokenMatrix,
): Promise<{ readonly similarities: Float32Array; readonly tokens: number }> {
  const passage = await rowsOfPassage(segments, id)
  const { rows, dim } = passage
  if (dim !== query.dim)
    throw new SelvageError(
      'model-mismatch',
      `The query has ${query.dim} dimensions, the passage ${dim}: they come from different models.`,
    )
  return { similarities: similaritiesOf(query, passage, rowOf), tokens: rowOf?.length ?? rows }
}

const opened = new WeakMap<Segment, StoredRows>()

/** Unit rows of a passage, as the index remembers them. Errors: `vectors-missing` where they are another model's. */
export function rowsOfPassage(segments: Segments, id: PassageId): Promise<TokenMatrix> {
  const { rows, own } = rowsAt(segments, id)
  return rows.read(own)
}

function countRows(segments: Segments, id: PassageId): Promise<number> {
  const { rows, own } = rowsAt(segments, id)
  return rows.count(own)
}

function rowsAt(segments: Segments, id: PassageId): { rows: StoredRows; own: PassageId } {
  const { segment, own, isForeign } = segments.segmentOf(id)
  if (segment === undefined || isForeign)
    throw new SelvageError(
      'vectors-missing',
      'The passage has no vectors of the model that is loaded; it is encoded anew. Try again later.',
    )
  const rows = opened.get(segment) ?? storedRows(segment.source, segment.parts.vectors)
  opened.set(segment, rows)
  return { rows, own }
}
