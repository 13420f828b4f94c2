/**
 * The encoder over one session: lays texts out, runs them in batches, keeps the rows that count, as unit vectors.
 * It knows no runtime and no files; load.ts puts it together.
 */
import { asSelvageError, SelvageError, throwIfAborted } from '../errors.ts'
import type { EncodedText, EncoderBackend, Refusal } from '../types.ts'
import { type BatchLimits, planBatches } from './batches.ts'
import { contentLimit, countContent, type Layout, layoutDocument, layoutQuery } from './colbert.ts'
import type { EncodeOptions, Encoder, ModelInfo, TextRules } from './encoder.ts'
import { cosineOf, rowsOf } from './probe.ts'
import type { Session } from './runtime.ts'
import { type TextParts, textRules } from './textRules.ts'

/** A model's tokenizer and rules: everything about it but where it runs. */
export interface ModelRules extends TextParts {
  readonly name: string
  readonly hash: string
}

/**
 * What one run may hold. On wasm and in Node it is one text: so it gets the same vectors whatever it is encoded with,
 * which the int8 graph breaks (it scales its activations over the whole batch) and no runtime promises. In Node that
 * costs nothing where each core has a session: 300 passages of 106 tokens on two cores, texts a second: 44 in batches on
 * two threads, 39 one by one on two threads, 24 on one; 48 one by one in two sessions of one thread, and 48 there in
 * batches of equal length.
 */
const BATCH_LIMITS: Readonly<Record<EncoderBackend, BatchLimits>> = {
  webgpu: { tokens: 4096, texts: 64 },
  wasm: { tokens: 1, texts: 1 },
  node: { tokens: 1, texts: 1 },
}
/** Texts laid out at a time; their layouts are held while they are encoded. */
const GROUP = 256
/** A text alone and in a padded batch: f32 rounding leaves 1 - 1e-6, and a graph that minds padding is far below. */
const LEAST_PADDING_COSINE = 0.9999

export class OnnxEncoder implements Encoder {
  readonly backend: EncoderBackend
  readonly device: string
  readonly refused: readonly Refusal[]
  readonly documentTokens: number
  readonly #rules: ModelRules
  readonly #texts: TextRules
  readonly #session: Session
  #dim: number | undefined
  #closed = false
  #padding: 'unchecked' | 'harmless' | 'harmful' = 'unchecked'

  constructor(rules: ModelRules, session: Session, backend: EncoderBackend, refused: readonly Refusal[]) {
    this.#rules = rules
    this.#texts = textRules(rules)
    this.#session = session
    this.backend = backend
    this.device = session.device
    this.refused = refused
    this.documentTokens = contentLimit(rules.config.documentLength, rules.markers.documentId, rules.tokenizer)
  }

  get model(): ModelInfo {
    const { name, hash, config } = this.#rules
    if (this.#dim === undefined) throw new SelvageError('internal', 'The model was asked for before its first run.')
    return { name, hash, dim: this.#dim, queryLength: config.queryLength, documentLength: config.documentLength }
  }

  countTokens(text: string): number {
    return countContent(text, this.#rules.tokenizer)
  }

  layoutDocument(text: string): Omit<EncodedText, 'matrix'> {
    return this.#texts.layoutDocument(text)
  }

  queryTokens(text: string, encoded: Omit<EncodedText, 'matrix'>): ReturnType<TextRules['queryTokens']> {
    return this.#texts.queryTokens(text, encoded)
  }

  knownShare(text: string): number {
    return this.#texts.knownShare(text)
  }

  async encodeQuery(text: string, options: EncodeOptions = {}): Promise<EncodedText> {
    const { config, markers, tokenizer } = this.#rules
    const encoded = await this.#encode(
      [checkedText(text)],
      (query) => layoutQuery(query, config, markers, tokenizer),
      options,
    )
    return encoded[0] ?? fail('no result for a query')
  }

  encodeDocuments(texts: readonly string[], options: EncodeOptions = {}): Promise<EncodedText[]> {
    return this.#encode(texts.map(checkedText), (text) => this.#layoutDocument(text), options)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#session.close()
  }

  #layoutDocument(text: string): Layout {
    const { config, markers, tokenizer } = this.#rules
    return layoutDocument(text, config, markers, tokenizer)
  }

  async #encode(
    texts: readonly string[],
    layout: (text: string) => Layout,
    { signal, onDone }: EncodeOptions,
  ): Promise<EncodedText[]> {
    const results = new Array<EncodedText>(texts.length)
    let done = 0
    for (let from = 0; from < texts.length; from += GROUP) {
      throwIfAborted(signal)
      const layouts = texts.slice(from, from + GROUP).map(layout)
      for (const batch of this.#plan(layouts)) {
        throwIfAborted(signal)
        const encoded = await this.#encodeBatch(
          batch.map((index) => layouts[index] ?? fail('a batch without its layout')),
        )
        for (const [i, index] of batch.entries())
          results[from + index] = encoded[i] ?? fail('a batch without its result')
        done += batch.length
        onDone?.(done)
      }
    }
    return results
  }

  #plan(layouts: readonly Layout[]): number[][] {
    const lengths = layouts.map(({ ids }) => ids.length)
    return planBatches(lengths, BATCH_LIMITS[this.backend], this.#padding !== 'harmful')
  }

  async #encodeBatch(layouts: readonly Layout[]): Promise<EncodedText[]> {
    const isPadded = layouts.some(({ ids }) => ids.length !== layouts[0]?.ids.length)
    if (!isPadded) return (await this.#run(layouts)) ?? notFinite()
    const encoded = await this.#runPadded(layouts)
    if (encoded !== undefined) return encoded
    this.#padding = 'harmful'
    const results = new Array<EncodedText>(layouts.length)
    for (const batch of this.#plan(layouts)) {
      const part = await this.#encodeBatch(batch.map((index) => layouts[index] ?? fail('a batch without its layout')))
      for (const [i, index] of batch.entries()) results[index] = part[i] ?? fail('a batch without its result')
    }
    return results
  }

  /**
   * A batch of several lengths, undefined where the graph does not bear padding. Nobody attends to padding, but some
   * exports mind it all the same (ModernBERT with eager attention: a padded row whose whole window is padding becomes
   * NaN, and 0 · NaN spreads). So the first padded batch is compared with one of its texts alone, and NaN is minded.
   */
  async #runPadded(layouts: readonly Layout[]): Promise<EncodedText[] | undefined> {
    const encoded = await this.#run(layouts)
    if (encoded === undefined || this.#padding === 'harmless') return encoded
    const shortest = layouts.reduce((best, { ids }, i) => (ids.length < (layouts[best]?.ids.length ?? 0) ? i : best), 0)
    const [alone] = (await this.#run([layouts[shortest] ?? fail('an empty batch')])) ?? notFinite()
    const together = encoded[shortest]
    if (alone === undefined || together === undefined) return fail('a batch without its result')
    const vectors = rowsOf(together)
    const worst = Math.min(1, ...rowsOf(alone).map((vector, row) => cosineOf(vector, vectors[row] ?? [])))
    if (worst < LEAST_PADDING_COSINE) return undefined
    this.#padding = 'harmless'
    return encoded
  }

  /** One run: padded to its longest text with tokens that nobody attends to. Undefined where it gives NaN. */
  async #run(layouts: readonly Layout[]): Promise<EncodedText[] | undefined> {
    if (this.#closed) throw new SelvageError('closed', 'The encoder was closed. Load it again.')
    const length = Math.max(...layouts.map(({ ids }) => ids.length))
    const ids = new Int32Array(layouts.length * length).fill(this.#rules.markers.paddingId)
    const mask = new Int32Array(ids.length)
    for (const [i, layout] of layouts.entries()) {
      ids.set(layout.ids, i * length)
      mask.set(layout.attention, i * length)
    }
    let output: Float32Array
    try {
      output = await this.#session.run(ids, mask, layouts.length, length)
    } catch (thrown) {
      throw asSelvageError(thrown, 'runtime-failed', 'A run of the model failed: ')
    }
    const dim = this.#checkedDim(output.length / ids.length)
    const encoded: EncodedText[] = []
    for (const [i, layout] of layouts.entries()) {
      const first = i * length * dim
      const data = keptRows(output.subarray(first, first + length * dim), layout.rows, dim)
      if (data === undefined) return undefined
      encoded.push({ matrix: { data, rows: layout.rows.length, dim }, ...layout.kept })
    }
    return encoded
  }

  #checkedDim(dim: number): number {
    const wanted = this.#dim ?? this.#rules.config.dim ?? dim
    if (dim !== wanted || !Number.isInteger(dim)) {
      throw new SelvageError(
        'model-invalid',
        `The graph of ${this.#rules.name} gives vectors of ${dim} numbers, its configuration says ${wanted}. ` +
          'Its projection (1_Dense) is not in the graph; export it again with PyLate.',
      )
    }
    this.#dim = dim
    return dim
  }
}

/** The rows [rows, E] of an output [length, E], each made a unit vector (a graph may leave that out). */
function keptRows(output: Float32Array, rows: Int32Array, dim: number): Float32Array | undefined {
  const data = new Float32Array(rows.length * dim)
  for (const [i, row] of rows.entries()) {
    let squares = 0
    for (let e = 0; e < dim; e++) squares += (output[row * dim + e] ?? 0) ** 2
    if (!(squares > 0 && squares < Number.POSITIVE_INFINITY)) return undefined
    const scale = 1 / Math.sqrt(squares)
    for (let e = 0; e < dim; e++) data[i * dim + e] = (output[row * dim + e] ?? 0) * scale
  }
  return data
}

function notFinite(): never {
  throw new SelvageError('runtime-failed', 'The model gave vectors that are zero or not numbers.')
}

function checkedText(text: string): string {
  if (typeof text === 'string') return text
  throw new SelvageError('invalid-argument', `A text to encode must be a string, got ${typeof text}.`)
}

function fail(what: string): never {
  throw new SelvageError('internal', `Encoder: ${what}.`)
}
