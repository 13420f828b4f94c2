/** What the encoder's tests share: PyLate's golden encodings, how near vectors are to them, files in memory. */
import type { Encoder, ModelFiles } from '../../src/encoder/encoder.ts'
import { cosineOf } from '../../src/encoder/probe.ts'
import type { EncodedText } from '../../src/types.ts'

/** One text as PyLate 1.6 encoded it. `input_ids`, `attention_mask` `[length]`, `embeddings` `[rows][E]`. */
export interface GoldenText {
  readonly text: string
  readonly input_ids: readonly number[]
  readonly attention_mask: readonly number[]
  readonly embeddings: readonly (readonly number[])[]
}

/** A golden.json; made by test/fixtures/golden/make.py and, for selvage-mini, with PyLate on its f32 checkpoint. */
export interface Golden {
  readonly queries: readonly GoldenText[]
  readonly documents: readonly GoldenText[]
}

export const GOLDEN_MODELS: readonly string[] = [
  'bert-expansion',
  'bert-attended-masks',
  'bert-no-expansion',
  'modernbert',
]

/** Cosines of all rows with the golden ones: their number, mean, and the worst with its place. */
export interface Closeness {
  readonly rows: number
  readonly mean: number
  readonly worst: number
  readonly worstAt: string
}

/** Encodes a golden file's texts; throws where the number of rows differs. */
export async function closeness(encoder: Encoder, golden: Golden): Promise<Closeness> {
  const queries: EncodedText[] = []
  for (const { text } of golden.queries) queries.push(await encoder.encodeQuery(text))
  const documents = await encoder.encodeDocuments(golden.documents.map(({ text }) => text))
  let sum = 0
  let rows = 0
  let worst = 1
  let worstAt = ''
  for (const [kind, encoded, expected] of [
    ['query', queries, golden.queries],
    ['document', documents, golden.documents],
  ] as const) {
    for (const [i, { matrix }] of encoded.entries()) {
      const wanted = expected[i]
      if (matrix.rows !== wanted?.embeddings.length) {
        throw new Error(`${kind} ${i}: ${matrix.rows} rows, wanted ${wanted?.embeddings.length}`)
      }
      for (const [row, vector] of wanted.embeddings.entries()) {
        const cosine = cosineOf(matrix.data.subarray(row * matrix.dim, (row + 1) * matrix.dim), vector)
        sum += cosine
        rows++
        if (cosine < worst) {
          worst = cosine
          worstAt = `${kind} ${JSON.stringify(wanted.text.slice(0, 40))}, row ${row}`
        }
      }
    }
  }
  return { rows, mean: sum / rows, worst, worstAt }
}

/** Files in memory over those of a folder; `undefined` takes one away. */
export function withFiles(files: ModelFiles, changes: Record<string, Uint8Array | string | undefined>): ModelFiles {
  return {
    location: files.location,
    async read(path, onBytes) {
      if (!(path in changes)) return files.read(path, onBytes)
      const change = changes[path]
      return typeof change === 'string' ? new TextEncoder().encode(change) : change
    },
  }
}
