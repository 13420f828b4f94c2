/**
 * Opens a model folder and gives an encoder that has been checked: reads and verifies the files, takes the first
 * backend that works here (WebGPU, then wasm), and trusts it only when it gives the probe's stored vectors. What is
 * passed over is listed on the encoder with the reason. It knows neither onnxruntime nor where files come from.
 */
import { asSelvageError, isWasmBlocked, rejectUnknown, SelvageError, wasmBlocked } from '../errors.ts'
import type { EncodedText, EncoderBackend, OnProgress, Refusal } from '../types.ts'
import { orList, sha256Hex } from '../util.ts'
import { layoutDocument, layoutQuery } from './colbert.ts'
import type { Encoder, ModelFiles } from './encoder.ts'
import { ModelFolder } from './folder.ts'
import { baseName, type GraphKind, names, noGraph, SINGLE_GRAPHS, vectorHash } from './manifest.ts'
import { type ModelRules, OnnxEncoder } from './onnxEncoder.ts'
import { checkProbeIds, disagreement, PLAIN_PROBE, type Probe, parseProbe, rowsOf } from './probe.ts'
import type { Runtime, RuntimeBuild, Session, SessionSource } from './runtime.ts'
import { readTextParts, textRules } from './textRules.ts'

export interface LoadEncoderOptions {
  /** Where the model's folder is read from. */
  readonly files: ModelFiles
  /**
   * 'auto' (default) takes the first that works, and no GPU that is only software. A backend by name is the only one
   * tried, and 'webgpu' then takes a software adapter too.
   */
  readonly backend?: 'auto' | EncoderBackend | undefined
  /**
   * Browser: the bytes of a build's wasm file, `ort-wasm-simd-threaded.asyncify.wasm` or `ort-wasm-simd-threaded.wasm`, asked
   * for while the model is read. Without it onnxruntime-web fetches the file from where the bundler has put it.
   */
  readonly runtime?: ((build: RuntimeBuild) => Promise<Uint8Array>) | undefined
  /** The inference runtime. Default: onnxruntime-web. Node gives `nodeRuntime()` of node/session.ts. */
  readonly inference?: Runtime | undefined
  readonly onProgress?: OnProgress | undefined
}

const OPTIONS: readonly string[] = [
  'files',
  'backend',
  'runtime',
  'inference',
  'onProgress',
] satisfies (keyof LoadEncoderOptions)[]

/** Which graph a backend wants; the next in line where a folder lacks it. */
const GRAPHS: Readonly<Record<EncoderBackend, readonly GraphKind[]>> = {
  webgpu: ['webgpu', 'f32', 'wasm'],
  wasm: ['wasm', 'f32', 'webgpu'],
  node: ['f32', 'wasm', 'webgpu'],
}

export async function loadEncoder(options: LoadEncoderOptions): Promise<Encoder> {
  rejectUnknown(options, OPTIONS, 'loadEncoder')
  const { backend = 'auto', onProgress } = options
  // Asked before anything is fetched: the runtime alone is 14 or 27 MB. Node's is no WebAssembly.
  if (options.inference === undefined && isWasmBlocked()) throw wasmBlocked('The model cannot be run')
  // Loaded here and not at the top, so that Node never evaluates onnxruntime-web.
  const runtime = options.inference ?? (await import('./session.ts')).webRuntime(options.runtime)
  const candidates = backend === 'auto' ? runtime.backends : runtime.backends.filter((name) => name === backend)
  if (candidates.length === 0) {
    throw new SelvageError(
      'invalid-argument',
      `loadEncoder: backend is "${backend}", wanted auto, ${orList(runtime.backends)}.`,
    )
  }

  const refused: Refusal[] = []
  // Folder and rules are read while the first backend is found out, its runtime fetched and its weights are read.
  const opening = ModelFolder.open(options.files, onProgress)
  const rules = opening.then(readRules)
  rules.catch(() => {})
  const load: Load = { opening, runtime, allowSoftware: backend !== 'auto', onProgress }
  for (const candidate of candidates) {
    const taken = await tryBackend(candidate, load, rules, refused)
    if (taken instanceof OnnxEncoder) return taken
    refused.push({ backend: candidate, reason: taken })
  }
  const reasons = refused.map(({ backend: name, reason }) => `${name}: ${reason}`).join('; ')
  const { location } = await opening
  throw new SelvageError('backend-unavailable', `No backend can run the model of ${location}. ${reasons}.`)
}

interface Load {
  readonly opening: Promise<ModelFolder>
  readonly runtime: Runtime
  readonly allowSoftware: boolean
  readonly onProgress: OnProgress | undefined
}

/** The checked encoder, or why not. Faults of the model folder itself are thrown: no other backend would mend them. */
async function tryBackend(
  backend: EncoderBackend,
  load: Load,
  rulesRead: Promise<ModelRules>,
  refused: readonly Refusal[],
): Promise<OnnxEncoder | string> {
  const { opening, runtime, allowSoftware } = load
  const unavailable = await runtime.unavailable(backend, { allowSoftware })
  if (unavailable !== undefined) return unavailable
  const folder = await opening
  const [source, probe, rules] = await Promise.all([readSource(folder, backend), readProbe(folder), rulesRead])
  if (probe !== undefined) {
    const { config, markers, tokenizer } = rules
    const layouts = {
      query: layoutQuery(probe.query.text, config, markers, tokenizer),
      document: layoutDocument(probe.document.text, config, markers, tokenizer),
    }
    checkProbeIds(probe, layouts, folder.location)
  }
  const report = (loaded: number): void =>
    load.onProgress?.({ stage: 'compile', loaded, total: 2, unit: 'items', label: backend })

  let session: Session | undefined
  try {
    report(0)
    session = await runtime.create(backend, source)
    report(1)
    const encoder = new OnnxEncoder(rules, session, backend, [...refused])
    const encoded = await encodeProbe(encoder, probe)
    const problem = await findProblem(backend, encoded, probe, load, rules)
    report(2)
    if (problem === undefined) return encoder
    await session.close()
    return problem
  } catch (thrown) {
    await session?.close().catch(() => {}) // what went wrong first is what counts
    const error = asSelvageError(thrown, 'runtime-failed')
    if (error.code !== 'runtime-failed' && error.code !== 'device-lost') throw error
    return error.message
  }
}

/** The probe's vectors, or those of a plain text: a first run shows what a backend does and how wide vectors are. */
async function encodeProbe(encoder: OnnxEncoder, probe: Probe | undefined): Promise<EncodedText[]> {
  const query = await encoder.encodeQuery(probe?.query.text ?? PLAIN_PROBE.query)
  const documents = await encoder.encodeDocuments([probe?.document.text ?? PLAIN_PROBE.document])
  return [query, ...documents]
}

/** Holds a backend's vectors against the stored ones; without any, WebGPU's against those of wasm. */
async function findProblem(
  backend: EncoderBackend,
  encoded: readonly EncodedText[],
  probe: Probe | undefined,
  { opening, runtime }: Load,
  rules: ModelRules,
): Promise<string | undefined> {
  if (probe !== undefined) {
    return disagreement(encoded, [probe.query.vectors, probe.document.vectors], "the model's own")
  }
  if (backend !== 'webgpu' || !runtime.backends.includes('wasm')) return undefined
  const session = await runtime.create('wasm', await readSource(await opening, 'wasm'))
  try {
    const reference = await encodeProbe(new OnnxEncoder(rules, session, 'wasm', []), undefined)
    return disagreement(encoded, reference.map(rowsOf), 'those of wasm')
  } finally {
    await session.close()
  }
}

/** What the model does with texts: its graph is not read, and nothing can be encoded. */
export async function loadTextRules({ files, onProgress }: Pick<LoadEncoderOptions, 'files' | 'onProgress'>) {
  return textRules(await readTextParts(await ModelFolder.open(files, onProgress)))
}

async function readRules(folder: ModelFolder): Promise<ModelRules> {
  const [rules, hash] = await Promise.all([readTextParts(folder), folder.manifest?.hash ?? hashOf(folder)])
  const name = folder.manifest?.name ?? baseName(folder.location.replaceAll('\\', '/'))
  return { name, hash, ...rules }
}

async function readProbe(folder: ModelFolder): Promise<Probe | undefined> {
  const path = folder.manifest?.probe
  return path === undefined ? undefined : parseProbe(await folder.fields(path))
}

/** The backend's graph and the weights beside it. */
async function readSource(folder: ModelFolder, backend: EncoderBackend): Promise<SessionSource> {
  const graphs = folder.manifest?.graphs
  const kind = GRAPHS[backend].find((candidate) => graphs?.[candidate] !== undefined)
  const listed = kind === undefined ? undefined : graphs?.[kind]
  const [path, graph] = listed === undefined ? await findGraph(folder) : [listed, folder.read(listed)]
  const weights = folder.manifest?.externalData ?? findExternalData(path, await graph)
  const directory = path.slice(0, path.lastIndexOf('/') + 1)
  const external = weights.map(async (weight) => ({
    path: weight.startsWith(directory) ? weight.slice(directory.length) : weight,
    data: await folder.read(weight),
  }))
  const [bytes, ...files] = await Promise.all([graph, ...external])
  return { name: `${folder.location}/${path}`, graph: bytes, external: files }
}

/** The one graph of a folder without a manifest. */
async function findGraph(folder: ModelFolder): Promise<[path: string, graph: Promise<Uint8Array>]> {
  for (const path of SINGLE_GRAPHS) {
    if ((await folder.find(path)) !== undefined) return [path, folder.read(path)]
  }
  throw noGraph(folder.location)
}

/** Weight files that a graph without a manifest keeps beside it, by the usual names, where it mentions them. */
function findExternalData(graphPath: string, graph: Uint8Array): string[] {
  const directory = graphPath.slice(0, graphPath.lastIndexOf('/') + 1)
  const usual = [`${graphPath}_data`, `${graphPath}.data`, `${directory}weights.bin`]
  return usual.filter((path) => names(graph, baseName(path)))
}

/** What a manifest's hash would be, for a folder without one. */
async function hashOf(folder: ModelFolder): Promise<string> {
  const [graphPath, graph] = await findGraph(folder)
  const weights = findExternalData(graphPath, await graph)
  const paths = [...CONFIGURATION, ...(weights.length > 0 ? weights : [graphPath])]
  const entries = await Promise.all(
    paths.map(async (path) => {
      const bytes = await folder.find(path)
      return bytes === undefined ? [] : [[path, { sha256: await sha256Hex(bytes) }] as const]
    }),
  )
  return vectorHash(entries.flat())
}

const CONFIGURATION: readonly string[] = [
  'tokenizer.json',
  'tokenizer_config.json',
  'config_sentence_transformers.json',
  'sentence_bert_config.json',
  'onnx_config.json',
]
