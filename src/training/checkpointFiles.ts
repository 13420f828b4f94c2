/**
 * A model folder as a checkpoint that can be trained: from the weights that PyTorch wrote (`model.safetensors`, and the
 * projection's beside it, in PyLate's or sentence-transformers' layout), or else from a graph that Selvage packed, whose
 * weights have been rounded to 8 bits. A bi-encoder has no projection; its checkpoint has none either. It knows no
 * tokenizer and does not write.
 */
import type { ModelFiles } from '../encoder/encoder.ts'
import { Fields, isObject, parseJsonObject } from '../encoder/json.ts'
import { SelvageError } from '../errors.ts'
import { checkWeights, readShape } from './bertShape.ts'
import { readSafetensors } from './safetensors.ts'
import { type BertShape, type Checkpoint, PROJECTION, type Tensor, type Weights } from './types.ts'
import { unpackModel } from './unpack.ts'

export const SAFETENSORS = 'model.safetensors'

/** Graphs of ours that hold all weights, the one that computes with them as they are first. */
const GRAPHS: readonly string[] = ['onnx/f32.onnx', 'f32.onnx', 'onnx/wasm.onnx']

export async function readCheckpoint(files: ModelFiles): Promise<Checkpoint> {
  const shape = await readShape(files)
  const dense = await findDense(files)
  const bytes = await files.read(SAFETENSORS)
  const weights =
    bytes === undefined
      ? await readPacked(files, shape)
      : new Map(encoderWeights(bytes, `${files.location}/${SAFETENSORS}`))
  if (bytes !== undefined && dense !== undefined) weights.set(PROJECTION, await readProjection(files, dense, shape))
  if (dense !== undefined && weights.get(PROJECTION)?.shape[0] !== dense.dim) {
    throw new SelvageError(
      'model-invalid',
      `${files.location}/${dense.path}/config.json says that vectors have ${dense.dim} numbers, the projection gives ` +
        `${weights.get(PROJECTION)?.shape[0] ?? 'none: there is none'}. The files belong to two models.`,
    )
  }
  const checkpoint = { shape, weights }
  checkWeights(checkpoint, files.location)
  return checkpoint
}

/** Those of BertModel, by its own names: checkpoints of models around it put "bert." before them, TensorFlow's say gamma and beta. */
function* encoderWeights(bytes: Uint8Array, where: string): Generator<[string, Tensor]> {
  for (const [stored, tensor] of readSafetensors(bytes, where)) {
    const name = stored
      .replace(/^bert\./, '')
      .replace(/LayerNorm\.gamma$/, 'LayerNorm.weight')
      .replace(/LayerNorm\.beta$/, 'LayerNorm.bias')
    // The rest is for other tasks: the pooler of [CLS], the head that guesses words.
    if (/^(embeddings|encoder)\./.test(name)) yield [name, tensor]
  }
}

async function readPacked(files: ModelFiles, shape: BertShape): Promise<Map<string, Tensor>> {
  for (const path of GRAPHS) {
    const graph = await files.read(path)
    if (graph === undefined) continue
    const folder = path.slice(0, path.lastIndexOf('/') + 1)
    const weights: Weights = await unpackModel(
      graph,
      (name) => beside(files, folder + name),
      shape,
      `${files.location}/${path}`,
    )
    return new Map(weights)
  }
  const other = (await files.read('pytorch_model.bin')) ?? (await files.read('model.safetensors.index.json'))
  throw new SelvageError(
    'model-missing',
    other === undefined
      ? `${files.location} has no weights: looked for ${SAFETENSORS} and ${GRAPHS.join(', ')}. Copy the whole model folder.`
      : `${files.location} has its weights in another form than one ${SAFETENSORS}. Save it anew with ` +
          'save_pretrained(..., safe_serialization=True).',
  )
}

async function beside(files: ModelFiles, path: string): Promise<Uint8Array> {
  const bytes = await files.read(path)
  if (bytes !== undefined) return bytes
  throw new SelvageError(
    'model-missing',
    `${files.location} has no ${path}, where its graph keeps the weights. Copy the whole model folder.`,
  )
}

interface Dense {
  /** Its folder. */
  readonly path: string
  readonly dim: number
}

/** The projection that modules.json names, checked to be nothing but a matrix; undefined where a model has none. */
async function findDense(files: ModelFiles): Promise<Dense | undefined> {
  const bytes = await files.read('modules.json')
  if (bytes === undefined) return undefined
  const where = `${files.location}/modules.json`
  let modules: unknown
  try {
    modules = JSON.parse(new TextDecoder().decode(bytes))
  } catch (cause) {
    throw new SelvageError('model-invalid', `${where} is not JSON. Fetch it again.`, { cause })
  }
  const paths = (Array.isArray(modules) ? modules : []).flatMap((module) => {
    if (!isObject(module)) return []
    const fields = new Fields(module, where)
    return fields.string('type')?.endsWith('.Dense') ? [fields.required(fields.string('path'), 'path')] : []
  })
  if (paths.length > 1) {
    throw new SelvageError(
      'model-invalid',
      `${where} names ${paths.length} Dense layers (${paths.join(', ')}); what can be trained has one projection.`,
    )
  }
  const [path] = paths
  if (path === undefined) return undefined
  const place = `${files.location}/${path}/config.json`
  const config = await files.read(`${path}/config.json`)
  if (config === undefined)
    throw new SelvageError('model-missing', `${place} is not there. Copy the whole model folder.`)
  const fields = new Fields(parseJsonObject(config, place), place)
  const activation = fields.string('activation_function') ?? 'torch.nn.modules.activation.Tanh' // sentence-transformers' default
  for (const [key, got, isPlain] of [
    ['bias', fields.boolean('bias') ?? true, fields.boolean('bias') === false],
    ['activation_function', activation, activation.endsWith('.Identity')],
    ['use_residual', fields.boolean('use_residual') ?? false, !fields.boolean('use_residual')],
  ] as const) {
    if (isPlain) continue
    throw new SelvageError(
      'model-invalid',
      `${place}: "${key}" is ${JSON.stringify(got)}; what can be trained is a projection by a matrix alone: no bias, no activation, no residual.`,
    )
  }
  return { path, dim: fields.required(fields.positiveInteger('out_features'), 'out_features') }
}

async function readProjection(files: ModelFiles, { path }: Dense, shape: BertShape): Promise<Tensor> {
  const file = `${path}/${SAFETENSORS}`
  const tensors = readSafetensors(await beside(files, file), `${files.location}/${file}`)
  const tensor = tensors.get('linear.weight')
  if (tensor !== undefined && tensor.shape[1] === shape.hidden) return tensor
  throw new SelvageError(
    'model-invalid',
    `${files.location}/${file} has ${tensor === undefined ? 'no "linear.weight"' : `"linear.weight" as [${tensor.shape}]`}, ` +
      `wanted [dim, ${shape.hidden}] for the encoder beside it.`,
  )
}
