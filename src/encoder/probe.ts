/**
 * The check a backend must pass before it is trusted: a stored query and document are encoded and held against the
 * vectors that PyLate gave for them. GPU drivers have given wrong vectors in silence (transformers.js #1728, #1512).
 * A model without stored vectors is held against another backend's. It knows no session: it is given encodings.
 */
import { SelvageError } from '../errors.ts'
import type { EncodedText } from '../types.ts'
import type { Layout } from './colbert.ts'
import type { Fields } from './json.ts'

/** Mean over all rows. 8-bit graphs of a good model reach .993 (wasm) and .998 (WebGPU). */
export const LEAST_MEAN_COSINE = 0.99
/** The worst row. */
export const LEAST_COSINE = 0.95

export interface ProbeText {
  readonly text: string
  /** Token ids of the model's input, marker, special tokens and padding included. */
  readonly ids: readonly number[]
  /** `[rows][E]` */
  readonly vectors: readonly (readonly number[])[]
}

export interface Probe {
  readonly query: ProbeText
  readonly document: ProbeText
}

/** What is encoded where a model has no probe of its own. */
export const PLAIN_PROBE = {
  query: 'how do I rename a column?',
  document: 'Use ALTER TABLE ... RENAME COLUMN to change the name of a column; existing indexes keep working.',
} as const

export function parseProbe(fields: Fields): Probe {
  const read = (key: 'query' | 'document'): ProbeText => {
    const entry = fields.required(fields.object(key), key)
    const { input_ids: ids, embeddings } = entry.json
    if (!isNumbers(ids) || !Array.isArray(embeddings) || !embeddings.every(isNumbers)) {
      throw new SelvageError('model-invalid', `${entry.where} needs "input_ids" and "embeddings" as lists of numbers.`)
    }
    return { text: entry.required(entry.string('text'), 'text'), ids, vectors: embeddings }
  }
  return { query: read('query'), document: read('document') }
}

/** A tokenizer that gives other ids than PyLate did is a fault of the model folder, not of a backend. */
export function checkProbeIds(probe: Probe, layouts: { query: Layout; document: Layout }, where: string): void {
  for (const key of ['query', 'document'] as const) {
    const got = [...layouts[key].ids]
    const wanted = probe[key].ids
    const at = wanted.findIndex((id, i) => got[i] !== id)
    if (at >= 0 || got.length !== wanted.length) {
      const place = at < 0 ? Math.min(got.length, wanted.length) : at
      throw new SelvageError(
        'model-invalid',
        `${where}: the tokenizer gives other ids for the probe's ${key} than the model was made with ` +
          `(token ${place}: got ${got[place] ?? 'none'}, wanted ${wanted[place] ?? 'none'}). ` +
          'tokenizer.json or a configuration file does not belong to this model.',
      )
    }
  }
}

/** Why the vectors differ too much, in words; undefined where they agree. `[rows][E]` each. */
export function disagreement(
  got: readonly EncodedText[],
  wanted: readonly (readonly ArrayLike<number>[])[],
  reference: string,
): string | undefined {
  let sum = 0
  let worst = 1
  let rows = 0
  for (const [i, { matrix }] of got.entries()) {
    const expected = wanted[i] ?? []
    if (matrix.rows !== expected.length) return `${matrix.rows} vectors for a probe text, wanted ${expected.length}`
    for (const [row, vector] of expected.entries()) {
      if (vector.length !== matrix.dim) return `vectors of ${matrix.dim} numbers, wanted ${vector.length}`
      const cosine = cosineOf(matrix.data.subarray(row * matrix.dim, (row + 1) * matrix.dim), vector)
      sum += cosine
      worst = Math.min(worst, cosine)
      rows++
    }
  }
  const mean = rows === 0 ? 0 : sum / rows
  if (mean >= LEAST_MEAN_COSINE && worst >= LEAST_COSINE) return undefined
  return (
    `its vectors differ from ${reference}: cosine ${mean.toFixed(4)} on average and ${worst.toFixed(4)} at worst, ` +
    `wanted ${LEAST_MEAN_COSINE} and ${LEAST_COSINE}`
  )
}

/** A matrix as rows, to compare another one with. */
export function rowsOf({ matrix }: EncodedText): Float32Array[] {
  return Array.from({ length: matrix.rows }, (_, row) => matrix.data.subarray(row * matrix.dim, (row + 1) * matrix.dim))
}

/** Cosine of two vectors; 0 where one is zero or not finite. */
export function cosineOf(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let dot = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < a.length; i++) {
    const x = a[i] ?? 0
    const y = b[i] ?? 0
    dot += x * y
    aa += x * x
    bb += y * y
  }
  const cosine = dot / Math.sqrt(aa * bb)
  return Number.isFinite(cosine) ? cosine : 0
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}
