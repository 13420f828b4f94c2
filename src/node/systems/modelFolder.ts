/**
 * What kind of model is in a folder, which graph of it is to run, and how it wants its texts: read from the configuration files
 * that sentence-transformers and transformers write. Nothing is run here.
 */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { SelvageError } from '../../errors.ts'
import { isMissing } from '../fileStore.ts'
import { listModelFiles } from '../modelFiles.ts'
import type { ModelSpec } from './spec.ts'

export type ModelKind = 'late-interaction' | 'bi-encoder' | 'cross-encoder'

export interface ModelFolder {
  /** Absolute. */
  readonly folder: string
  readonly name: string
  /** As its configuration says; undefined where it says nothing: then its outputs tell. */
  readonly kind: ModelKind | undefined
  /** Path of the graph within the folder, with `/`. */
  readonly graph: string
  /** Tokens, special ones included. */
  readonly maxLength: number
  /** Put before each text, as the model was trained: "query: ". */
  readonly prompts: { readonly query: string; readonly document: string }
  readonly pooling: readonly Pooling[]
  /** Layers behind the pooling that only a graph with `sentence_embedding` has in it. */
  readonly hasMoreLayers: boolean
}

export type Pooling = 'mean' | 'cls' | 'max' | 'lasttoken' | 'mean_sqrt_len_tokens'

/** What the pooling is called in 1_Pooling/config.json. */
const POOLINGS: Readonly<Record<string, Pooling>> = {
  pooling_mode_cls_token: 'cls',
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_max_tokens: 'max',
  pooling_mode_mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
  pooling_mode_lasttoken: 'lasttoken',
}

/** The graph that is taken where none is named: in full precision first, since it is measured for its quality. */
const GRAPHS = ['model', 'f32', 'model_fp32', 'model_quantized', 'model_int8', 'model_uint8', 'model_fp16']

/** Errors: `model-missing` where there is no such folder, configuration or graph; `model-invalid` where one is malformed. */
export async function readModelFolder({ model, graph }: ModelSpec): Promise<ModelFolder> {
  const folder = resolve(model)
  const config = await readJson(folder, 'config.json')
  if (config === undefined)
    throw new SelvageError('model-missing', `There is no model in ${model}: it has no config.json.`)
  const [sentence, ranker, pooling, tokenizer, modules] = [
    await readJson(folder, 'sentence_bert_config.json'),
    await readJson(folder, 'config_sentence_transformers.json'),
    await readJson(folder, '1_Pooling/config.json'),
    await readJson(folder, 'tokenizer_config.json'),
    await readText(folder, 'modules.json'),
  ]
  const limits = [sentence?.get('max_seq_length'), tokenizer?.get('model_max_length'), positionsOf(config)]
  const prompts = mapOf(ranker?.get('prompts'))
  return {
    folder,
    name: basename(folder),
    kind: kindOf(config, ranker, modules, pooling),
    graph: await graphOf(folder, model, graph),
    maxLength: Math.min(...limits.flatMap((limit) => (isLength(limit) ? [limit] : [])), 8192),
    prompts: {
      query: textOf(prompts, 'query'),
      document: textOf(prompts, 'document') || textOf(prompts, 'passage'),
    },
    pooling: poolingOf(folder, pooling),
    hasMoreLayers: /\.Dense"/.test(modules ?? ''),
  }
}

/** Of a folder that is opened elsewhere: undefined where its configuration is not there or says nothing. */
export async function kindIn(folder: string): Promise<ModelKind | undefined> {
  const config = await readJson(folder, 'config.json')
  if (config === undefined) return undefined
  const ranker = await readJson(folder, 'config_sentence_transformers.json')
  const modules = await readText(folder, 'modules.json')
  return kindOf(config, ranker, modules, await readJson(folder, '1_Pooling/config.json'))
}

/** Errors: `invalid-argument` where the folder's configuration says that it is of another kind than the system wants. */
export function checkKind({ folder, kind }: Pick<ModelFolder, 'folder' | 'kind'>, wanted: ModelKind): void {
  if (kind !== undefined && kind !== wanted) throw wrongKind(folder, kind, wanted)
}

const KINDS: Readonly<Record<ModelKind, string>> = {
  'late-interaction': 'a late-interaction model (exact, plaid and hybrid take it by --model)',
  'bi-encoder': 'a bi-encoder (bi-encoder takes it)',
  'cross-encoder': 'a cross-encoder (cross-encoder takes it)',
}

export function wrongKind(folder: string, kind: ModelKind, wanted: ModelKind): SelvageError {
  const of = wanted === 'late-interaction' ? '--model' : wanted
  return new SelvageError(
    'invalid-argument',
    `${of}: the model in ${folder} is ${KINDS[kind]}, not ${KINDS[wanted].replace(/ \(.*/, '')}.`,
  )
}

/** Of graph, weights and all that decides its input: what was encoded by one model is not taken for another's. */
export async function hashOfModel({ folder, graph, maxLength }: ModelFolder): Promise<string> {
  const hash = createHash('sha256').update(`${graph}\n${maxLength}\n`)
  const inFolder = graph.slice(0, graph.lastIndexOf('/') + 1)
  for (const path of await listModelFiles(folder)) {
    const isWeights = path.startsWith(inFolder) && !/\.(onnx|json|md|txt)$/i.test(path)
    if (path !== graph && !isWeights && !/(^|\/)[\w.-]*(config|tokenizer|modules|vocab)[\w.-]*$/i.test(path)) continue
    hash.update(`${path}\n`).update(await readFile(join(folder, path)))
  }
  return hash.digest('hex')
}

type Json = ReadonlyMap<string, unknown>

function kindOf(config: Json, ranker?: Json, modules?: string, pooling?: Json): ModelKind | undefined {
  const isLate = ranker?.get('similarity_fn_name') === 'MaxSim' || ranker?.has('query_length') === true
  if (isLate || /pylate/i.test(modules ?? '')) return 'late-interaction'
  const architectures = config.get('architectures')
  const isClassifier =
    Array.isArray(architectures) && architectures.some((name) => /SequenceClassification$/.test(name))
  if (isClassifier) return 'cross-encoder'
  return pooling === undefined ? undefined : 'bi-encoder'
}

function poolingOf(folder: string, config: Json | undefined): Pooling[] {
  if (config === undefined) return ['mean']
  const named = config.get('pooling_mode') // of newer versions
  const wanted = [
    ...(typeof named === 'string' ? [named] : []),
    ...[...config].flatMap(([key, value]) => (key.startsWith('pooling_mode_') && value === true ? [key] : [])),
  ]
  const known = Object.values(POOLINGS)
  return wanted.map((name) => {
    const pooling = POOLINGS[name] ?? known.find((one) => one === name)
    if (pooling !== undefined) return pooling
    throw new SelvageError(
      'model-invalid',
      `bi-encoder: ${join(folder, '1_Pooling/config.json')} wants "${name}", which there is not here. There are ${known.join(', ')}.`,
    )
  })
}

async function graphOf(folder: string, model: string, graph: string | undefined): Promise<string> {
  const found = (await listModelFiles(folder)).filter((path) => path.endsWith('.onnx'))
  if (graph !== undefined) {
    if (found.includes(graph)) return graph
    throw new SelvageError(
      'model-missing',
      `There is no ${graph} in ${model}. Its graphs: ${found.join(', ') || 'none'}.`,
    )
  }
  const usual = GRAPHS.flatMap((name) => [`onnx/${name}.onnx`, `${name}.onnx`]).find((path) => found.includes(path))
  const taken = usual ?? found[0]
  if (taken !== undefined) return taken
  throw new SelvageError(
    'model-missing',
    `There is no ONNX graph in ${model}: wanted onnx/model.onnx. Make one with: optimum-cli export onnx.`,
  )
}

/** Of RoBERTa and its kin two positions are no tokens'. */
function positionsOf(config: Json): number | undefined {
  const positions = config.get('max_position_embeddings')
  if (typeof positions !== 'number') return undefined
  return /roberta|camembert|mpnet/.test(String(config.get('model_type'))) ? positions - 2 : positions
}

function isLength(value: unknown): value is number {
  return typeof value === 'number' && value >= 8
}

async function readText(folder: string, path: string): Promise<string | undefined> {
  try {
    return await readFile(join(folder, path), 'utf8')
  } catch (cause) {
    if (isMissing(cause)) return undefined
    throw new SelvageError('model-missing', `${join(folder, path)} cannot be read: ${String(cause)}`, { cause })
  }
}

async function readJson(folder: string, path: string): Promise<Json | undefined> {
  const text = await readText(folder, path)
  if (text === undefined) return undefined
  try {
    return mapOf(JSON.parse(text))
  } catch (cause) {
    throw new SelvageError('model-invalid', `${join(folder, path)} is no JSON.`, { cause })
  }
}

function mapOf(value: unknown): Json {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : [])
}

function textOf(map: Json, key: string): string {
  const value = map.get(key)
  return typeof value === 'string' ? value : ''
}
