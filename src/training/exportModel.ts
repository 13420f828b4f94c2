/**
 * A trained checkpoint as a model folder, all files in memory: PyLate's layout, which PyLate and whoever reads its models
 * load, and the 8-bit graphs that Selvage runs, with a probe and a manifest. Tokenizer and configuration are those of the folder
 * that training began with. It writes nothing, and runs nothing: who opens the new graph for the probe is its caller's.
 */
import type { Encoder, ModelFiles } from '../encoder/encoder.ts'
import { Fields, type JsonObject, parseJsonObject } from '../encoder/json.ts'
import { loadLayouts } from '../encoder/layouts.ts'
import { MANIFEST_FILE, makeManifest } from '../encoder/manifest.ts'
import { disagreement, PLAIN_PROBE, parseProbe, rowsOf } from '../encoder/probe.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { checkWeights } from './bertShape.ts'
import { SAFETENSORS } from './checkpointFiles.ts'
import { jsonBytes, memoryFiles, readJson } from './memoryFiles.ts'
import { GRAPH_KINDS, packModel, WEIGHTS_FILE } from './pack.ts'
import { readSafetensors, writeSafetensors } from './safetensors.ts'
import { type Checkpoint, PROJECTION, type Tensor } from './types.ts'

export interface ExportOptions {
  /** The model's name, for display. */
  readonly name: string
  /**
   * Opens a model folder on its one graph, to make the probe with and to try each graph: `loadEncoder` with a runtime that has
   * all their operators, as onnxruntime-node does. The encoder is closed here. Without it the folder has no probe, and a browser
   * trusts its graph for WebGPU where it agrees with that for wasm.
   */
  readonly open?: (files: ModelFiles) => Promise<Encoder>
  /** Told of a graph that is left out, in a sentence. */
  readonly onNote?: (note: string) => void
}

const OPTIONS: readonly string[] = ['name', 'open', 'onNote'] satisfies (keyof ExportOptions)[]

/** Copied as they are; the first two must be there. */
const COPIED: readonly string[] = [
  'tokenizer.json',
  'config_sentence_transformers.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'vocab.txt',
  'sentence_bert_config.json',
]

const PROBE = 'probe.json'
const DENSE = '1_Dense'

/** The files by their paths. @param source the folder that training began with: tokenizer and configuration */
export async function exportModel(
  checkpoint: Checkpoint,
  source: ModelFiles,
  options: ExportOptions,
): Promise<Map<string, Uint8Array>> {
  rejectUnknown(options, OPTIONS, 'exportModel')
  const { name, open, onNote } = options
  checkWeights(checkpoint, 'The trained checkpoint')
  const packed = packModel(checkpoint)
  const files = new Map<string, Uint8Array>()
  for (const [path, bytes] of await pylateFiles(checkpoint, source)) files.set(path, bytes)
  for (const kind of GRAPH_KINDS) files.set(`onnx/${kind}.onnx`, packed.graphs[kind])
  files.set(`onnx/${WEIGHTS_FILE}`, packed.weights)
  const folder = memoryFiles(files, name)
  if (open !== undefined) {
    const probe = await makeProbe(folder, open)
    files.set(PROBE, probe)
    for (const kind of ['webgpu', 'wasm'] as const) {
      const problem = await problemOf(packed.graphs[kind], files, open)
      if (problem === undefined) continue
      files.delete(`onnx/${kind}.onnx`)
      onNote?.(
        `The graph for ${kind} is left out: ${problem}. A page runs the f32 graph in its place, which is slower.`,
      )
    }
  }
  const manifest = await makeManifest(folder, [...files.keys()], name)
  files.set(MANIFEST_FILE, jsonBytes(manifest))
  return files
}

/**
 * Why a page would not trust the graph. Those for WebGPU and wasm compute with 8 bits, and a model whose numbers are far apart
 * loses more by that than a page allows; it would be refused there, when nobody can do anything about it.
 */
async function problemOf(
  graph: Uint8Array,
  files: ReadonlyMap<string, Uint8Array>,
  open: (files: ModelFiles) => Promise<Encoder>,
): Promise<string | undefined> {
  const probe = parseProbe(new Fields(parseJsonObject(files.get(PROBE)!, PROBE), PROBE))
  const encoder = await open(memoryFiles(new Map(files).set('onnx/f32.onnx', graph), 'the graph'))
  try {
    const encoded = [
      await encoder.encodeQuery(probe.query.text),
      ...(await encoder.encodeDocuments([probe.document.text])),
    ]
    return disagreement(encoded, [probe.query.vectors, probe.document.vectors], "those of the model's f32 graph")
  } finally {
    await encoder.close()
  }
}

/** What PyLate's `save` writes. */
async function pylateFiles({ shape, weights }: Checkpoint, source: ModelFiles): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>()
  for (const [i, path] of COPIED.entries()) {
    const bytes = await source.read(path)
    if (bytes !== undefined) files.set(path, bytes)
    else if (i < 2) {
      throw new SelvageError(
        'model-missing',
        `${source.location} has no ${path}, which the new model needs. Train from a folder in PyLate's layout.`,
      )
    }
  }
  const config = await readJson(source, 'config.json')
  const projection = weights.get(PROJECTION)!
  const [dim = 0, hidden = 0] = projection.shape
  files.set('config.json', jsonBytes({ ...config, vocab_size: shape.vocabulary, ...asFloat32(config) }))
  files.set('modules.json', jsonBytes(MODULES))
  files.set(
    `${DENSE}/config.json`,
    jsonBytes({
      in_features: hidden,
      out_features: dim,
      bias: false,
      activation_function: 'torch.nn.modules.linear.Identity',
      use_residual: false,
    }),
  )
  const encoder = new Map(weights)
  encoder.delete(PROJECTION)
  files.set(SAFETENSORS, writeSafetensors(new Map([...encoder, ...(await poolerOf(source))])))
  files.set(`${DENSE}/${SAFETENSORS}`, writeSafetensors(new Map([['linear.weight', projection]])))
  return files
}

const MODULES = [
  { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
  { idx: 1, name: '1', path: DENSE, type: 'pylate.models.Dense.Dense' },
]

/** What is written is f32, whatever the folder's weights were; transformers before 5 calls the key by another name. */
function asFloat32(config: JsonObject): JsonObject {
  const key = 'torch_dtype' in config ? 'torch_dtype' : 'dtype'
  return { [key]: 'float32', architectures: ['BertModel'] }
}

/** A part of BertModel that token vectors do not pass through. Carried along, since PyTorch warns of weights that are missing. */
async function poolerOf(source: ModelFiles): Promise<[string, Tensor][]> {
  const bytes = await source.read(SAFETENSORS)
  if (bytes === undefined) return []
  const stored = readSafetensors(bytes, `${source.location}/${SAFETENSORS}`)
  return [...stored].flatMap(([name, tensor]) => {
    const plain = name.replace(/^bert\./, '')
    return plain.startsWith('pooler.') ? [[plain, tensor]] : []
  })
}

/** A query and a document with the vectors of the f32 graph: what each backend is held against when it is loaded. */
async function makeProbe(folder: ModelFiles, open: (files: ModelFiles) => Promise<Encoder>): Promise<Uint8Array> {
  const layouts = await loadLayouts(folder)
  const encoder = await open(folder)
  try {
    const query = await encoder.encodeQuery(PLAIN_PROBE.query)
    const [document] = await encoder.encodeDocuments([PLAIN_PROBE.document])
    const entry = (text: string, layout: { ids: Int32Array; attention: Int32Array }, encoded: typeof query) => ({
      text,
      input_ids: [...layout.ids],
      attention_mask: [...layout.attention],
      // Five digits, as PyLate's own in the default model: far finer than what backends are allowed.
      embeddings: rowsOf(encoded).map((row) => Array.from(row, (value) => Math.round(value * 1e5) / 1e5)),
    })
    const probe = {
      made_with: "onnxruntime on the folder's f32 graph",
      query: entry(PLAIN_PROBE.query, layouts.query(PLAIN_PROBE.query), query),
      document: entry(PLAIN_PROBE.document, layouts.document(PLAIN_PROBE.document), document!),
    }
    return new TextEncoder().encode(`${JSON.stringify(probe)}\n`)
  } finally {
    await encoder.close()
  }
}
