/**
 * Which models can be trained, and what they are made of: the fields of a config.json that decide it, and the name and shape
 * of each weight that transformers' BertModel has. A model that computes something else is refused with the field that says
 * so: its weights would load, and its vectors would be wrong. It knows no file but config.json.
 */
import type { ModelFiles } from '../encoder/encoder.ts'
import { Fields, parseJsonObject } from '../encoder/json.ts'
import { SelvageError } from '../errors.ts'
import { type BertShape, type Checkpoint, PROJECTION, type Tensor } from './types.ts'

/** Field, the value that is trained, and whether it may be absent. */
const REQUIRED: readonly (readonly [key: string, wanted: unknown, absent: boolean])[] = [
  ['model_type', 'bert', false],
  ['hidden_act', 'gelu', true],
  ['position_embedding_type', 'absolute', true],
  ['is_decoder', false, true],
  ['add_cross_attention', false, true],
]

/** BertConfig's own. */
const NORM_EPSILON = 1e-12

export async function readShape(files: ModelFiles): Promise<BertShape> {
  const bytes = await files.read('config.json')
  if (bytes === undefined) {
    throw new SelvageError('model-missing', `${files.location} has no config.json. Copy the whole model folder.`)
  }
  const where = `${files.location}/config.json`
  return parseShape(new Fields(parseJsonObject(bytes, where), where))
}

export function parseShape(config: Fields): BertShape {
  for (const [key, wanted, mayBeAbsent] of REQUIRED) {
    const got = config.json[key] ?? undefined
    if (got === wanted || (got === undefined && mayBeAbsent)) continue
    throw new SelvageError(
      'model-invalid',
      `${config.where}: "${key}" is ${JSON.stringify(got) ?? 'absent'}, wanted ${JSON.stringify(wanted)}. What can be trained is BERT ` +
        'as it was published (MiniLM, bert-base, bge-small, ...): absolute positions, GELU, an encoder. Take a model of that kind.',
    )
  }
  const size = (key: string): number => config.required(config.positiveInteger(key), key)
  const epsilon = config.json['layer_norm_eps'] ?? NORM_EPSILON
  if (typeof epsilon !== 'number' || !(epsilon > 0)) {
    throw new SelvageError('model-invalid', `${config.where}: "layer_norm_eps" is ${epsilon}, wanted a number above 0.`)
  }
  const shape: BertShape = {
    layers: size('num_hidden_layers'),
    hidden: size('hidden_size'),
    heads: size('num_attention_heads'),
    intermediate: size('intermediate_size'),
    vocabulary: size('vocab_size'),
    positions: size('max_position_embeddings'),
    segments: size('type_vocab_size'),
    normEpsilon: epsilon,
  }
  if (shape.hidden % shape.heads !== 0) {
    throw new SelvageError(
      'model-invalid',
      `${config.where}: "hidden_size" ${shape.hidden} is no multiple of "num_attention_heads" ${shape.heads}.`,
    )
  }
  return shape
}

/** The matrices of one layer: name and shape `[out, in]`, in H and intermediate size. */
export const LINEARS = [
  'attention.self.query',
  'attention.self.key',
  'attention.self.value',
  'attention.output.dense',
  'intermediate.dense',
  'output.dense',
] as const
export type Linear = (typeof LINEARS)[number]

/** Name and shape of each weight of the encoder, without the projection. */
export function weightShapes(shape: BertShape): Map<string, readonly number[]> {
  const { hidden, intermediate } = shape
  const shapes = new Map<string, readonly number[]>()
  const norm = (name: string): void => {
    for (const part of ['weight', 'bias']) shapes.set(`${name}.${part}`, [hidden])
  }
  shapes.set('embeddings.word_embeddings.weight', [shape.vocabulary, hidden])
  shapes.set('embeddings.position_embeddings.weight', [shape.positions, hidden])
  shapes.set('embeddings.token_type_embeddings.weight', [shape.segments, hidden])
  norm('embeddings.LayerNorm')
  for (let layer = 0; layer < shape.layers; layer++) {
    const prefix = `encoder.layer.${layer}.`
    for (const linear of LINEARS) {
      const out = linear === 'intermediate.dense' ? intermediate : hidden
      shapes.set(`${prefix}${linear}.weight`, [out, linear === 'output.dense' ? intermediate : hidden])
      shapes.set(`${prefix}${linear}.bias`, [out])
    }
    norm(`${prefix}attention.output.LayerNorm`)
    norm(`${prefix}output.LayerNorm`)
  }
  return shapes
}

/** Throws unless each weight is there with its shape, finite, and of the encoder's weights no other. `where`: for messages. */
export function checkWeights({ shape, weights }: Checkpoint, where: string): void {
  const wanted = weightShapes(shape)
  for (const [name, sizes] of wanted) checkTensor(name, weights.get(name), sizes, where)
  const projection = weights.get(PROJECTION)
  if (projection !== undefined) checkTensor(PROJECTION, projection, [projection.shape[0] ?? 0, shape.hidden], where)
  for (const name of weights.keys()) {
    if (name === PROJECTION || wanted.has(name)) continue
    throw new SelvageError(
      'model-invalid',
      `${where} has "${name}", which a BERT of ${shape.layers} layers lacks: its config.json tells of another model.`,
    )
  }
}

function checkTensor(name: string, tensor: Tensor | undefined, wanted: readonly number[], where: string): void {
  if (tensor === undefined) {
    throw new SelvageError('model-invalid', `${where} has no "${name}", wanted [${wanted}] by its config.json.`)
  }
  if (tensor.shape.length !== wanted.length || tensor.shape.some((size, i) => size !== wanted[i])) {
    throw new SelvageError(
      'model-invalid',
      `${where}: "${name}" is [${tensor.shape}], wanted [${wanted}] by its config.json: they are of two models.`,
    )
  }
  const at = tensor.data.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  throw new SelvageError(
    'model-invalid',
    `${where}: "${name}" holds ${tensor.data[at]} (number ${at}). A model with such a weight gives no vectors: ` +
      'take it from before it broke.',
  )
}
