/**
 * Passages as the model reads them, in one batch: what its own worker, or Node, does for whoever ranks texts without an index.
 * Knows the model by the encoder's interface; of queries and scores nothing.
 */
import type { EncodeOptions, Encoder } from '../encoder/encoder.ts'
import type { EncodedPassages, PassageText } from '../rankTypes.ts'
import { contextualText } from '../text/context.ts'

export async function encodePassages(
  encoder: Encoder,
  passages: readonly PassageText[],
  options?: EncodeOptions,
): Promise<EncodedPassages> {
  const texts = passages.map(({ headings, text }) => contextualText(headings, text).text)
  const encoded = await encoder.encodeDocuments(texts, options)
  const { dim } = encoder.model
  const rows = Uint32Array.from(encoded, ({ matrix }) => matrix.rows)
  const vectors = new Float32Array(rows.reduce((sum, count) => sum + count, 0) * dim)
  let at = 0
  for (const { matrix } of encoded) {
    vectors.set(matrix.data, at)
    at += matrix.data.length
  }
  return { vectors, rows, cut: Uint8Array.from(texts, (text) => Number(isCut(encoder, text))), dim }
}

/** Characters counted at first: a megabyte need not be read to tell that it is too long. */
const FIRST_LOOK = 4096

function isCut(encoder: Encoder, text: string): boolean {
  for (let length = FIRST_LOOK; ; length *= 2) {
    if (encoder.countTokens(text.slice(0, length)) > encoder.documentTokens) return true
    if (length >= text.length) return false
  }
}
