/**
 * A bi-encoder of sentence-transformers made into a late-interaction model, as PyLate makes one (pylate 1.6,
 * models/colbert.py): two markers, "[Q] " and "[D] ", become tokens with a row each in the embedding table, the mean of all
 * rows, as transformers begins new ones; queries are padded with [MASK]; a projection follows the encoder. It is given files and
 * gives files over them; nothing is written. What it makes has yet to be trained.
 */
import type { ModelFiles } from '../encoder/encoder.ts'
import { Fields, isObject, type JsonObject, parseJsonObject } from '../encoder/json.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { jsonBytes, memoryFiles, readJson } from './memoryFiles.ts'
import { freshProjection } from './projection.ts'
import { type Checkpoint, PROJECTION, type Tensor } from './types.ts'

export interface LateInteractionOptions {
  /** Numbers of a token vector. Default 96, or the encoder's own width where that is less; that of `projection` where one is given. */
  readonly dim?: number
  /** `[dim, hidden]`. Default: a random one, see projection.ts. */
  readonly projection?: Tensor
  /** Of the random projection. Default 0. */
  readonly seed?: number
  /** Tokens of a query, padding included. Default 32, PyLate's. */
  readonly queryLength?: number
  /** Tokens of a document at most. Default 180, PyLate's. */
  readonly documentLength?: number
}

const OPTIONS: readonly string[] = [
  'dim',
  'projection',
  'seed',
  'queryLength',
  'documentLength',
] satisfies (keyof LateInteractionOptions)[]

const MARKERS = ['[Q] ', '[D] '] as const
const WORDS = 'embeddings.word_embeddings.weight'
/** Python's string.punctuation, what PyLate leaves out of documents. */
const PUNCTUATION = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']

export interface LateInteractionModel {
  readonly checkpoint: Checkpoint
  /** The folder with tokenizer and configuration as the new model has them. */
  readonly files: ModelFiles
}

export async function toLateInteraction(
  checkpoint: Checkpoint,
  files: ModelFiles,
  options: LateInteractionOptions = {},
): Promise<LateInteractionModel> {
  rejectUnknown(options, OPTIONS, 'toLateInteraction')
  const { shape, weights } = checkpoint
  if (weights.has(PROJECTION)) {
    throw new SelvageError(
      'invalid-argument',
      `${files.location} has a projection: it is a late-interaction model already, and is trained as it is.`,
    )
  }
  const projection =
    options.projection ?? freshProjection(shape.hidden, options.dim ?? Math.min(96, shape.hidden), options.seed)
  const [dim = 0, width] = projection.shape
  if (width !== shape.hidden || (options.dim !== undefined && options.dim !== dim)) {
    throw new SelvageError(
      'invalid-argument',
      `The projection is [${projection.shape}], wanted [${options.dim ?? 'dim'}, ${shape.hidden}] for this encoder.`,
    )
  }
  const queryLength = lengthWithin('queryLength', options.queryLength ?? 32, shape.positions)
  const documentLength = lengthWithin('documentLength', options.documentLength ?? 180, shape.positions)

  const json = await readJson(files, 'tokenizer.json')
  const tokenizerConfig = await readJson(files, 'tokenizer_config.json')
  const { tokenizer, ids } = withMarkers(json, `${files.location}/tokenizer.json`)
  const table = withRows(weights.get(WORDS)!, ids)
  const vocabulary = table.shape[0]!
  const changed = new Map<string, Uint8Array>([
    ['tokenizer.json', jsonBytes(tokenizer)],
    ['tokenizer_config.json', jsonBytes(paddedWithMask(tokenizerConfig, ids))],
    ['config.json', jsonBytes({ ...(await readJson(files, 'config.json')), vocab_size: vocabulary })],
    ['config_sentence_transformers.json', jsonBytes(colbertConfig(queryLength, documentLength))],
  ])
  const special = await files.read('special_tokens_map.json')
  if (special !== undefined) {
    const map = parseJsonObject(special, `${files.location}/special_tokens_map.json`)
    changed.set('special_tokens_map.json', jsonBytes({ ...map, pad_token: map['mask_token'] ?? map['pad_token'] }))
  }
  const lowerCase = await lowersCase(files)
  changed.set('sentence_bert_config.json', jsonBytes({ max_seq_length: documentLength, do_lower_case: lowerCase }))
  return {
    checkpoint: {
      shape: { ...shape, vocabulary },
      weights: new Map(weights).set(WORDS, table).set(PROJECTION, projection),
    },
    files: memoryFiles(changed, files.location, files),
  }
}

function lengthWithin(name: string, length: number, positions: number): number {
  if (Number.isInteger(length) && length >= 8 && length <= positions) return length
  throw new SelvageError('invalid-argument', `${name} is ${length}, wanted 8 to ${positions}, the model's positions.`)
}

/** The tokenizer with both markers as added tokens, after all others as transformers adds them, and never cut or padded by itself. */
function withMarkers(json: JsonObject, where: string): { tokenizer: JsonObject; ids: number[] } {
  const added: unknown[] = Array.isArray(json['added_tokens']) ? json['added_tokens'] : []
  const vocabulary = new Fields(json, where).object('model')?.json['vocab']
  const known = [
    ...(isObject(vocabulary) ? Object.values(vocabulary) : []),
    ...added.map((token) => (isObject(token) ? token['id'] : undefined)),
  ].filter((id): id is number => typeof id === 'number')
  if (known.length === 0 || !isObject(vocabulary)) {
    throw new SelvageError(
      'model-invalid',
      `${where} has no vocabulary with ids, as BERT's tokenizers have: not supported.`,
    )
  }
  let next = known.reduce((highest, id) => Math.max(highest, id), 0) + 1
  const ids: number[] = []
  for (const content of MARKERS) {
    const there = added.find((token) => isObject(token) && token['content'] === content)
    const id = isObject(there) && typeof there['id'] === 'number' ? there['id'] : next++
    if (there === undefined) added.push({ id, content, ...MARKER_RULES })
    ids.push(id)
  }
  return { tokenizer: { ...json, truncation: null, padding: null, added_tokens: added }, ids }
}

/** What `add_tokens` gives a token of plain words. */
const MARKER_RULES = { single_word: false, lstrip: false, rstrip: false, normalized: true, special: false }

/** The table with rows up to the highest id; those of the markers are the mean of what was there. */
function withRows(table: Tensor, ids: readonly number[]): Tensor {
  const [rows = 0, columns = 0] = table.shape
  const mean = new Float64Array(columns)
  for (let i = 0; i < table.data.length; i++) mean[i % columns]! += table.data[i]! / rows
  const vocabulary = Math.max(rows, ...ids.map((id) => id + 1))
  const data = new Float32Array(vocabulary * columns)
  data.set(table.data)
  // Rows between the old end and a marker have no token either.
  for (let row = rows; row < vocabulary; row++) data.set(mean, row * columns)
  for (const id of ids) data.set(mean, id * columns)
  return { shape: [vocabulary, columns], data }
}

function paddedWithMask(config: JsonObject, ids: readonly number[]): JsonObject {
  const mask = config['mask_token']
  const decoder = config['added_tokens_decoder'] // transformers before 5 lists added tokens here too
  const listed = Object.fromEntries(MARKERS.map((content, i) => [String(ids[i]), { content, ...MARKER_RULES }]))
  return {
    ...config,
    ...(mask === undefined || mask === null ? {} : { pad_token: mask }),
    ...(isObject(decoder) ? { added_tokens_decoder: { ...decoder, ...listed } } : {}),
  }
}

function colbertConfig(queryLength: number, documentLength: number): JsonObject {
  return {
    model_type: 'ColBERT',
    prompts: { query: '', document: '' },
    default_prompt_name: null,
    similarity_fn_name: 'MaxSim',
    query_prefix: MARKERS[0],
    document_prefix: MARKERS[1],
    query_length: queryLength,
    document_length: documentLength,
    attend_to_expansion_tokens: false,
    skiplist_words: PUNCTUATION,
    do_query_expansion: true,
  }
}

async function lowersCase(files: ModelFiles): Promise<boolean> {
  const bytes = await files.read('sentence_bert_config.json')
  if (bytes === undefined) return false
  const where = `${files.location}/sentence_bert_config.json`
  return new Fields(parseJsonObject(bytes, where), where).boolean('do_lower_case') ?? false
}
