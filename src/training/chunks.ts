/**
 * Texts of any length packed into chunks of few shapes, since each shape is compiled once; and their vectors taken out of the
 * chunks and gradients put back. Sorted by length, so that little is padding. Knows neither queries nor documents.
 */
import type { Layout } from '../encoder/layouts.ts'
import type { Chunk, Encoded } from './bert.ts'
import type { Tensor } from './types.ts'

/** What a text is padded to. */
const LENGTHS = [16, 32, 48, 64, 96, 128, 192, 256, 384, 512]
/** Tokens of a chunk at most: as quick a token as larger ones, little memory, and enough chunks to share among threads. */
const CHUNK_TOKENS = 256
/** What attention adds where nobody shall look, as BERT was trained with. */
const UNATTENDED = -10000

/** Where a text stands: chunk, and row of it. */
interface Place {
  readonly chunk: number
  readonly row: number
}

export interface Packed {
  readonly chunks: readonly Chunk[]
  /** Of each text, in the order given. */
  readonly places: readonly Place[]
}

/** The length that a text of so many tokens is padded to. @param most positions that the model has */
export function paddedLength(tokens: number, most: number): number {
  return Math.min(LENGTHS.find((length) => length >= tokens) ?? most, most)
}

export function pack(layouts: readonly Layout[], most: number): Packed {
  const longestFirst = [...layouts.keys()].sort((a, b) => layouts[b]!.ids.length - layouts[a]!.ids.length || a - b)
  const chunks: Chunk[] = []
  const places: Place[] = new Array(layouts.length)
  for (let at = 0; at < longestFirst.length; ) {
    const tokens = paddedLength(layouts[longestFirst[at]!]!.ids.length, most)
    const full = Math.max(1, Math.floor(CHUNK_TOKENS / tokens))
    const members = longestFirst.slice(at, at + full)
    for (const [row, text] of members.entries()) places[text] = { chunk: chunks.length, row }
    // The last chunk has as many rows as the next power of two: few shapes, at most half of them empty.
    const texts = Math.min(full, 2 ** Math.ceil(Math.log2(members.length)))
    chunks.push(
      makeChunk(
        members.map((text) => layouts[text]!),
        texts,
        tokens,
      ),
    )
    at += members.length
  }
  return { chunks, places }
}

function makeChunk(layouts: readonly Layout[], texts: number, tokens: number): Chunk {
  const ids = new Int32Array(texts * tokens)
  const bias = new Float32Array(texts * tokens).fill(UNATTENDED)
  for (const [row, layout] of layouts.entries()) {
    ids.set(layout.ids, row * tokens)
    for (const [t, attended] of layout.attention.entries()) if (attended === 1) bias[row * tokens + t] = 0
  }
  return { texts, tokens, ids, bias }
}

/** The vectors of a text, `[T, E]`, padding and all. */
export function vectorsAt(encoded: readonly Encoded[], { chunk, row }: Place): Float32Array {
  const { chunk: own, vectors } = encoded[chunk]!
  const size = own.tokens * vectors.shape[1]!
  return vectors.data.subarray(row * size, (row + 1) * size)
}

/** Zeros shaped as the chunks' vectors. */
export function zerosLike(encoded: readonly Encoded[]): Tensor[] {
  return encoded.map(({ vectors: { shape, data } }) => ({ shape, data: new Float32Array(data.length) }))
}
