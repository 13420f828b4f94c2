/**
 * Late interaction's layout: which tokens the model sees for a query or a document, what it attends to, and which of
 * its output rows are kept. Pure; it knows no session. Written after PyLate's `ColBERT.tokenize` and `encode`
 * (pylate 1.6, models/colbert.py) and sentence-transformers' `Transformer.tokenize`, step by step:
 *
 * 1. default prompt in front, whitespace stripped, lower-cased if the model asks for it;
 * 2. content cut so that content and special tokens fill at most limit - 1 places (limit without a marker);
 * 3. special tokens around it, then the marker inserted at index 1 (after [CLS]);
 * 4. queries with expansion are padded to query_length with [MASK], attended to or not; every row is kept.
 *    Without expansion there is no padding;
 * 5. documents drop the rows whose id is in the skip list.
 */
import { SelvageError } from '../errors.ts'
import type { EncodedText } from '../types.ts'
import type { ColbertConfig } from './config.ts'
import type { Tokenizer } from './tokenizer.ts'

/** One text as the model's input, [length], and the rows of the output that make its matrix. */
export interface Layout {
  readonly ids: Int32Array
  readonly attention: Int32Array
  /** Indices of the kept rows, ascending. */
  readonly rows: Int32Array
  /** `[rows]`: id and source range of each kept row; -1 where it stands for no text. */
  readonly kept: Omit<EncodedText, 'matrix'>
}

/** Tokens that a configuration and a tokenizer give together, found once per model. */
export interface Markers {
  readonly queryId: number | undefined
  readonly documentId: number | undefined
  /** What queries are padded with. */
  readonly paddingId: number
  readonly skiplist: ReadonlySet<number>
}

export function findMarkers(config: ColbertConfig, tokenizer: Tokenizer): Markers {
  const marker = (key: string, token: string): number | undefined => {
    if (token === '') return undefined
    const id = tokenizer.idOf(token)
    if (id === undefined || (config.vocabularySize !== undefined && id >= config.vocabularySize)) {
      const place =
        id === undefined ? "the tokenizer's vocabulary" : `the ${config.vocabularySize} tokens of config.json`
      throw new SelvageError(
        'model-invalid',
        `The model's ${key} ${JSON.stringify(token)} is not in ${place}. Save the model with PyLate, which adds it, and export it again.`,
      )
    }
    return id
  }
  const paddingId = config.paddingId ?? tokenizer.maskId ?? tokenizer.endOfTextId ?? tokenizer.padId
  if (paddingId === undefined) {
    throw new SelvageError(
      'model-invalid',
      'tokenizer_config.json names no mask_token, eos_token or pad_token in the vocabulary: nothing to pad queries with.',
    )
  }
  // A word that is no token has the id of the unknown token, as `convert_tokens_to_ids` has it.
  const skipped = config.skiplistWords.map((word) => tokenizer.idOf(word) ?? tokenizer.unknownId)
  const markers: Markers = {
    queryId: marker('query_prefix', config.queryPrefix),
    documentId: marker('document_prefix', config.documentPrefix),
    paddingId,
    skiplist: new Set(skipped.filter((id) => id !== undefined)),
  }
  for (const [key, limit, id] of [
    ['query_length', config.queryLength, markers.queryId],
    ['document_length', config.documentLength, markers.documentId],
  ] as const) {
    if (contentLimit(limit, id, tokenizer) < 1) {
      throw new SelvageError('model-invalid', `${key} ${limit} leaves no place for a token beside markers. Raise it.`)
    }
  }
  return markers
}

/** Content tokens that fit beside marker and special tokens. */
export function contentLimit(limit: number, markerId: number | undefined, tokenizer: Tokenizer): number {
  return limit - (markerId === undefined ? 0 : 1) - tokenizer.prefix.length - tokenizer.suffix.length
}

export function layoutQuery(text: string, config: ColbertConfig, markers: Markers, tokenizer: Tokenizer): Layout {
  const { ids, starts, ends } = withSpecials(text, config.queryLength, markers.queryId, config, tokenizer)
  const attended = ids.length
  if (config.queryExpansion) {
    while (ids.length < config.queryLength) {
      ids.push(markers.paddingId)
      starts.push(-1)
      ends.push(-1)
    }
  }
  const attention = new Int32Array(ids.length).fill(1, 0, config.attendToExpansion ? ids.length : attended)
  return { ids: Int32Array.from(ids), attention, ...keep({ ids, starts, ends }, () => true) }
}

export function layoutDocument(text: string, config: ColbertConfig, markers: Markers, tokenizer: Tokenizer): Layout {
  const tokens = withSpecials(text, config.documentLength, markers.documentId, config, tokenizer)
  const attention = new Int32Array(tokens.ids.length).fill(1)
  return { ids: Int32Array.from(tokens.ids), attention, ...keep(tokens, (id) => !markers.skiplist.has(id)) }
}

/** Content tokens of a text before truncation. */
export function countContent(text: string, tokenizer: Tokenizer): number {
  const { start, end } = stripped(text)
  return tokenizer.count(text, start, end)
}

interface TokenLists {
  readonly ids: number[]
  readonly starts: number[]
  readonly ends: number[]
}

function withSpecials(
  text: string,
  limit: number,
  markerId: number | undefined,
  config: ColbertConfig,
  tokenizer: Tokenizer,
): TokenLists {
  const prompted = config.prompt + text
  const { start, end } = stripped(prompted)
  const content = tokenizer.tokenize(prompted, start, end, contentLimit(limit, markerId, tokenizer))
  const lists: TokenLists = { ids: [], starts: [], ends: [] }
  const add = (id: number, start: number, end: number): void => {
    // What ends within the prompt stands for no text of the caller's.
    lists.ids.push(id)
    lists.starts.push(end > 0 ? Math.max(0, start) : -1)
    lists.ends.push(end > 0 ? end : -1)
  }
  const shift = config.prompt.length
  for (const id of tokenizer.prefix) add(id, -1, -1)
  for (const [i, id] of content.ids.entries())
    add(id, (content.starts[i] ?? -1) - shift, (content.ends[i] ?? -1) - shift)
  for (const id of tokenizer.suffix) add(id, -1, -1)
  if (markerId !== undefined) {
    lists.ids.splice(1, 0, markerId)
    lists.starts.splice(1, 0, -1)
    lists.ends.splice(1, 0, -1)
  }
  return lists
}

function keep({ ids, starts, ends }: TokenLists, isKept: (id: number) => boolean): Pick<Layout, 'rows' | 'kept'> {
  const rows = Int32Array.from([...ids.keys()].filter((row) => isKept(ids[row] ?? -1)))
  return {
    rows,
    kept: {
      tokenIds: rows.map((row) => ids[row] ?? -1),
      starts: rows.map((row) => starts[row] ?? -1),
      ends: rows.map((row) => ends[row] ?? -1),
    },
  }
}

/** The text without whitespace at its ends, by Python's idea of whitespace (JavaScript's lacks U+001C-1F, U+0085 and has U+FEFF). */
function stripped(text: string): { start: number; end: number } {
  let start = 0
  let end = text.length
  while (start < end && isPythonSpace(text.charCodeAt(start))) start++
  while (end > start && isPythonSpace(text.charCodeAt(end - 1))) end--
  return { start, end }
}

function isPythonSpace(code: number): boolean {
  if (code === 0xfeff) return false
  return (code >= 0x1c && code <= 0x1f) || code === 0x85 || /\s/.test(String.fromCharCode(code))
}
