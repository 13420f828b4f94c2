/**
 * selvage.json, the model folder's own manifest: which graph serves which backend, the weight files beside the graphs,
 * the probe, and the size and SHA-256 of every file, so that a download shows a true total and a truncated or changed
 * file is told apart. Pure: it is given bytes and gives back objects; who reads folders and the network is elsewhere.
 */
import { SelvageError } from '../errors.ts'
import { sha256Hex } from '../util.ts'
import type { ModelFiles } from './encoder.ts'
import { Fields, type JsonObject } from './json.ts'

export const MANIFEST_FILE = 'selvage.json'
const FORMAT = 1

/** A graph's use: for ORT-web's WebGPU, for its wasm, and plain f32 for Node and wherever a special one is missing. */
export type GraphKind = 'webgpu' | 'wasm' | 'f32'
const GRAPH_KINDS: readonly GraphKind[] = ['webgpu', 'wasm', 'f32']

export interface FileEntry {
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface ModelManifest {
  readonly format: 1
  readonly name: string
  /** SHA-256 over the files that decide the vectors; see `vectorFiles`. */
  readonly hash: string
  readonly graphs: Partial<Record<GraphKind, string>>
  /** Weight files that the graphs refer to, by their path in the folder. */
  readonly externalData: readonly string[]
  readonly probe?: string
  readonly files: Readonly<Record<string, FileEntry>>
}

export function parseManifest(json: JsonObject, where: string): ModelManifest {
  const fields = new Fields(json, where)
  const format = fields.required(fields.positiveInteger('format'), 'format')
  if (format !== FORMAT) {
    throw new SelvageError(
      'model-invalid',
      `${where} has format ${format}; this version of Selvage reads format ${FORMAT}. Write it anew with \`selvage model\`.`,
    )
  }
  const graphFields = fields.required(fields.object('graphs'), 'graphs')
  const graphs: Partial<Record<GraphKind, string>> = {}
  for (const kind of GRAPH_KINDS) {
    const path = graphFields.string(kind)
    if (path !== undefined) graphs[kind] = path
  }
  if (Object.keys(graphs).length === 0) {
    throw new SelvageError('model-invalid', `${where}: "graphs" names no graph (wanted ${GRAPH_KINDS.join(', ')}).`)
  }
  const fileFields = fields.required(fields.object('files'), 'files')
  const files: Record<string, FileEntry> = {}
  for (const path of Object.keys(fileFields.json)) {
    const entry = fileFields.required(fileFields.object(path), path)
    files[path] = {
      bytes: entry.required(entry.positiveInteger('bytes'), 'bytes'),
      sha256: entry.required(entry.string('sha256'), 'sha256'),
    }
  }
  const probe = fields.string('probe')
  const externalData = fields.strings('externalData') ?? []
  for (const path of [...Object.values(graphs), ...externalData, ...(probe === undefined ? [] : [probe])]) {
    if (files[path] === undefined) {
      throw new SelvageError('model-invalid', `${where} refers to ${path}, which is not in its "files".`)
    }
  }
  return {
    format: FORMAT,
    name: fields.required(fields.string('name'), 'name'),
    hash: fields.required(fields.string('hash'), 'hash'),
    graphs,
    externalData,
    ...(probe === undefined ? {} : { probe }),
    files,
  }
}

/**
 * The manifest of a folder. `paths` are the folder's files; of them the graphs, their weights, the probe and the
 * configuration are taken and everything else (README, checkpoints, an older manifest) is left out.
 */
export async function makeManifest(files: ModelFiles, paths: readonly string[], name: string): Promise<ModelManifest> {
  const present = new Set(paths)
  const graphs: Partial<Record<GraphKind, string>> = {}
  for (const kind of GRAPH_KINDS) {
    const path = [`onnx/${kind}.onnx`, `${kind}.onnx`].find((candidate) => present.has(candidate))
    if (path !== undefined) graphs[kind] = path
  }
  if (Object.keys(graphs).length === 0) {
    const single = SINGLE_GRAPHS.find((candidate) => present.has(candidate))
    if (single !== undefined) graphs.f32 = single
  }
  const graphPaths = Object.values(graphs)
  if (graphPaths.length === 0) throw noGraph(files.location)

  const entries: Record<string, FileEntry> = {}
  const external = new Set<string>()
  const add = async (path: string): Promise<Uint8Array> => {
    const bytes = await files.read(path)
    if (bytes === undefined) throw new SelvageError('model-missing', `${files.location} has no ${path}.`)
    entries[path] = { bytes: bytes.length, sha256: await sha256Hex(bytes) }
    return bytes
  }
  for (const graph of graphPaths) {
    const bytes = await add(graph)
    for (const path of paths) if (isBeside(path, graph) && names(bytes, baseName(path))) external.add(path)
  }
  for (const path of external) await add(path)
  for (const path of paths) if (isConfiguration(path)) await add(path)
  const probe = present.has('probe.json') ? 'probe.json' : undefined

  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)))
  const draft = {
    format: FORMAT,
    name,
    graphs,
    externalData: [...external].sort(),
    ...(probe === undefined ? {} : { probe }),
    files: sorted,
  } as const
  return { ...draft, hash: await vectorHash(vectorFiles(draft)) }
}

/** Where a folder with one graph keeps it: Hugging Face's and PyLate's exports, then the full graph of pack.py. */
export const SINGLE_GRAPHS: readonly string[] = ['onnx/model.onnx', 'model.onnx', 'onnx/f32.onnx']

export function noGraph(location: string): SelvageError {
  return new SelvageError(
    'model-missing',
    `${location} has no graph: looked for ${MANIFEST_FILE}, ${SINGLE_GRAPHS.join(', ')}. Export the model to ONNX into that folder.`,
  )
}

/**
 * The files that decide a model's vectors: tokenizer, configuration and weights. Graphs over shared external weights
 * are left out, so that all backends of a folder have one hash; a graph that holds its weights is in.
 */
function vectorFiles(manifest: Pick<ModelManifest, 'graphs' | 'externalData' | 'files'>): [string, FileEntry][] {
  const graphs = new Set(Object.values(manifest.graphs))
  const weights = new Set(manifest.externalData.length > 0 ? manifest.externalData : graphs)
  return Object.entries(manifest.files).filter(
    ([path]) => weights.has(path) || (path !== 'probe.json' && isConfiguration(path)),
  )
}

/** SHA-256 over "sha256  path" lines in order of path, as `sha256sum` would list them. */
export async function vectorHash(files: readonly (readonly [string, Pick<FileEntry, 'sha256'>])[]): Promise<string> {
  const lines = files.map(([path, { sha256 }]) => `${sha256}  ${path}\n`)
  return sha256Hex(new TextEncoder().encode(lines.sort().join('')))
}

export function isConfiguration(path: string): boolean {
  return /^(\d+_Dense\/)?[\w.-]+\.json$/.test(path) && path !== MANIFEST_FILE && path !== 'golden.json'
}

const directory = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const isBeside = (path: string, graph: string): boolean =>
  path !== graph && directory(path) === directory(graph) && !/\.(onnx|json|md|txt)$/.test(path)

/** Whether the bytes hold the name, as an ONNX graph does that keeps its weights in a file of that name. */
export function names(bytes: Uint8Array, name: string): boolean {
  const wanted = new TextEncoder().encode(name)
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return true
  }
  return false
}
