/** Texts through the encoder as it is, forward only: of each the rows that count, as search has them. Knows no loss. */
import type { Layout } from '../encoder/layouts.ts'
import type { Bert } from './bert.ts'
import { pack, vectorsAt } from './chunks.ts'

/** `[rows, width]` of each text, in the order given. @param most positions that the model has */
export async function encodeRows(layouts: readonly Layout[], bert: Bert, most: number): Promise<Rows[]> {
  const { chunks, places } = pack(layouts, most)
  const encoded = await bert.encode(chunks, { keep: false })
  return layouts.map(({ rows }, i) => {
    const width = encoded[places[i]!.chunk]!.vectors.shape[1]!
    const vectors = vectorsAt(encoded, places[i]!)
    const data = new Float32Array(rows.length * width)
    for (const [r, row] of rows.entries()) data.set(vectors.subarray(row * width, (row + 1) * width), r * width)
    return { width, data }
  })
}

export interface Rows {
  /** E; without a projection H. */
  readonly width: number
  /** `[rows, width]`. */
  readonly data: Float32Array
}
