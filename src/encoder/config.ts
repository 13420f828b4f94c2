/**
 * What a late-interaction model's configuration files say about encoding, in one checked object. Nothing is assumed
 * of a particular model: absent keys take the defaults of PyLate's ColBERT class (pylate 1.6, models/colbert.py).
 * It knows files and keys, not tokens: whether a marker is in the vocabulary is found out where the tokenizer is.
 *
 * Read are config_sentence_transformers.json (PyLate) or else onnx_config.json (next-plaid's exports), and beside it
 * sentence_bert_config.json, config.json, modules.json with its Dense layers, tokenizer_config.json.
 */
import { SelvageError } from '../errors.ts'
import type { ModelFolder } from './folder.ts'
import { Fields, isObject } from './json.ts'

export interface ColbertConfig {
  /** Marker tokens with any trailing space they were trained with; '' = none. */
  readonly queryPrefix: string
  readonly documentPrefix: string
  /** Limits in tokens, markers and special tokens included. */
  readonly queryLength: number
  readonly documentLength: number
  /** Pad queries to `queryLength` with [MASK] and keep all rows. */
  readonly queryExpansion: boolean
  /** Whether the padding takes part in attention. False without expansion. */
  readonly attendToExpansion: boolean
  /** Tokens whose rows are left out of documents. */
  readonly skiplistWords: readonly string[]
  /** Lower-case the text before the tokenizer sees it. */
  readonly lowerCase: boolean
  /** Text put before every query and document: the model's default prompt, '' = none. */
  readonly prompt: string
  /** Width of the vectors; undefined where no file tells it. */
  readonly dim: number | undefined
  /** What queries are padded with, where a file tells its id; else it is the tokenizer's mask token. */
  readonly paddingId: number | undefined
  /** Rows of the embedding table; undefined where no file tells it. */
  readonly vocabularySize: number | undefined
}

const PYLATE = 'config_sentence_transformers.json'
const NEXT_PLAID = 'onnx_config.json'

/** Python's string.punctuation, PyLate's default skip list. */
const PUNCTUATION: readonly string[] = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']

export async function readConfig(folder: ModelFolder): Promise<ColbertConfig> {
  // Asked for together: over a network this is one wave.
  const [pylate, sentenceBert, model, dim] = await Promise.all([
    folder.findFields(PYLATE),
    folder.findFields('sentence_bert_config.json'),
    folder.findFields('config.json'),
    projectionDim(folder),
  ])
  const nextPlaid = pylate === undefined ? await folder.findFields(NEXT_PLAID) : undefined
  const colbert = pylate ?? nextPlaid
  if (colbert === undefined) {
    throw new SelvageError(
      'model-missing',
      `${folder.location} has no ${PYLATE} (nor ${NEXT_PLAID}): without it the markers and lengths of the model are ` +
        'unknown. It must be a late-interaction model in PyLate layout; copy its whole folder.',
    )
  }
  const queryExpansion = colbert.boolean('do_query_expansion') ?? true
  const config: ColbertConfig = {
    queryPrefix: colbert.string('query_prefix') ?? '[Q] ',
    documentPrefix: colbert.string('document_prefix') ?? '[D] ',
    queryLength: colbert.positiveInteger('query_length') ?? 32,
    documentLength: colbert.positiveInteger('document_length') ?? 180,
    queryExpansion,
    attendToExpansion: queryExpansion && (colbert.boolean('attend_to_expansion_tokens') ?? false),
    skiplistWords: colbert.strings('skiplist_words') ?? PUNCTUATION,
    lowerCase: sentenceBert?.boolean('do_lower_case') ?? nextPlaid?.boolean('do_lower_case') ?? false,
    prompt: defaultPrompt(colbert),
    dim: dim ?? nextPlaid?.positiveInteger('embedding_dim'),
    paddingId: nextPlaid?.positiveInteger('mask_token_id'),
    vocabularySize: model?.positiveInteger('vocab_size'),
  }
  const positions = model?.positiveInteger('max_position_embeddings')
  for (const [key, length] of [
    ['query_length', config.queryLength],
    ['document_length', config.documentLength],
  ] as const) {
    if (positions !== undefined && length > positions) {
      throw new SelvageError(
        'model-invalid',
        `${colbert.where}: "${key}" is ${length}, but config.json gives the model ${positions} positions. Lower it.`,
      )
    }
  }
  return config
}

/** PyLate puts `prompts[default_prompt_name]` before every text; both keys are usually null or empty. */
function defaultPrompt(colbert: Fields): string {
  const name = colbert.string('default_prompt_name')
  if (name === undefined) return ''
  return colbert.object('prompts')?.string(name) ?? ''
}

/** Output width of the last Dense layer that modules.json names. */
async function projectionDim(folder: ModelFolder): Promise<number | undefined> {
  // Asked for before it is known which one counts: a total that grows later is no total.
  for (const path of Object.keys(folder.manifest?.files ?? {})) {
    if (path.endsWith('_Dense/config.json')) folder.find(path).catch(() => {})
  }
  const bytes = await folder.find('modules.json')
  if (bytes === undefined) return undefined
  let modules: unknown
  try {
    modules = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new SelvageError('model-invalid', `${folder.location}/modules.json is not JSON. Fetch it again.`, { cause })
  }
  if (!Array.isArray(modules)) return undefined
  let path: string | undefined
  for (const module of modules) {
    if (!isObject(module)) continue
    const fields = new Fields(module, `${folder.location}/modules.json`)
    if (fields.string('type')?.endsWith('.Dense')) path = fields.string('path')
  }
  if (path === undefined) return undefined
  return (await folder.findFields(`${path}/config.json`))?.positiveInteger('out_features')
}
