/**
 * A checkpoint for every runtime: one file of 8-bit weights and three small graphs over it (encoderGraph.ts). Every matrix
 * `[N, K]` is stored as u8 rows around 128 with one f32 scale per row; the word embedding as int8 rows with one scale each; places,
 * segments, biases, LayerNorms and the projection `[H, E]` as f32. Each weight starts at a multiple of 64 bytes. The bytes are
 * those of the Python that packed the default model, so that both may pack and a folder's hash tells nothing about which did.
 */
import type { GraphKind } from '../encoder/manifest.ts'
import { SelvageError } from '../errors.ts'
import { checkWeights } from './bertShape.ts'
import { blockOf, encoderGraph, MIDDLE, type Stored } from './encoderGraph.ts'
import { ONNX, type OnnxTensor, type OnnxType } from './onnxFile.ts'
import { packedName } from './packedNames.ts'
import { packRows, type Rows8 } from './rows8.ts'
import { littleEndian } from './safetensors.ts'
import { type Checkpoint, PROJECTION, type Tensor } from './types.ts'

/** As graphs name it: it lies beside them. */
export const WEIGHTS_FILE = 'weights.bin'
const ALIGNMENT = 64

export const GRAPH_KINDS: readonly GraphKind[] = ['webgpu', 'wasm', 'f32']

export interface PackedModel {
  readonly weights: Uint8Array<ArrayBuffer>
  readonly graphs: Readonly<Record<GraphKind, Uint8Array<ArrayBuffer>>>
}

export function packModel(checkpoint: Checkpoint): PackedModel {
  checkWeights(checkpoint, 'The checkpoint')
  const { shape, weights } = checkpoint
  const projection = weights.get(PROJECTION)
  if (projection === undefined) {
    throw new SelvageError(
      'model-invalid',
      'The checkpoint has no projection: it gives hidden states and no token vectors. Give it one first.',
    )
  }
  for (const size of [shape.hidden, shape.intermediate]) {
    if (blockOf(size) !== undefined) continue
    throw new SelvageError(
      'model-invalid',
      `A size of the model is ${size}, wanted a multiple of 16 (hidden_size, intermediate_size): WebGPU multiplies by blocks of 16 or more.`,
    )
  }
  const file = new WeightsFile(storedValues(checkpoint))
  const dim = projection.shape[0]!
  const graph = (kind: GraphKind) =>
    encoderGraph(kind, shape, dim, (name, dims, stored) => file.tensor(name, dims, stored))
  // The order decides where a weight lies in the file.
  const [webgpu, wasm, f32] = [graph('webgpu'), graph('wasm'), graph('f32')]
  return { weights: file.finish(), graphs: { webgpu, wasm, f32 } }
}

interface Value {
  readonly type: OnnxType
  readonly bytes: Uint8Array
}

/** The file of weights, filled in the order in which graphs ask for them. */
class WeightsFile {
  readonly #readStored: (stored: Stored) => Value
  readonly #placed = new Map<string, { readonly offset: number; readonly value: Value }>()
  #end = 0

  constructor(readStored: (stored: Stored) => Value) {
    this.#readStored = readStored
  }

  tensor(name: string, dims: readonly number[], stored: Stored): OnnxTensor {
    let placed = this.#placed.get(name)
    if (placed === undefined) {
      placed = { offset: Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT, value: this.#readStored(stored) }
      this.#end = placed.offset + placed.value.bytes.length
      this.#placed.set(name, placed)
    }
    const { offset, value } = placed
    return { name, type: value.type, dims, external: { file: WEIGHTS_FILE, offset, length: value.bytes.length } }
  }

  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#end)
    for (const { offset, value } of this.#placed.values()) all.set(value.bytes, offset)
    return all
  }
}

/** What is stored of a checkpoint's weights. Each is packed once, whichever of its parts is asked for first. */
function storedValues({ weights }: Checkpoint): (stored: Stored) => Value {
  const packed = new Map<string, Rows8>()
  const rows = (name: string, { data, shape }: Tensor): Rows8 => {
    const found = packed.get(name) ?? packRows(data, shape[0]!)
    packed.set(name, found)
    return found
  }
  const float = (data: Float32Array): Value => ({ type: ONNX.float, bytes: littleEndian(data) })

  return ({ weight, scales }) => {
    const tensor = weights.get(weight)
    if (tensor === undefined)
      throw new SelvageError('internal', `The graph wants "${weight}", the checkpoint lacks it.`)
    if (scales !== undefined) return float(repeated(rows(weight, tensor).scales, scales.times))
    const { form } = packedName(weight)
    if (form === 'f32') return float(tensor.data)
    if (form === 'turned') return float(turned(tensor))
    const { numbers } = rows(weight, tensor)
    if (form === 'i8') return { type: ONNX.i8, bytes: littleEndian(numbers) }
    return { type: ONNX.u8, bytes: Uint8Array.from(numbers, (number) => number + MIDDLE) }
  }
}

/** `[N, K]` as `[K, N]`. */
export function turned({ data, shape: [rows = 0, columns = 0] }: Tensor): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) out[column * rows + row] = data[row * columns + column]!
  }
  return out
}

function repeated(values: Float32Array<ArrayBuffer>, times: number): Float32Array<ArrayBuffer> {
  return times === 1
    ? values
    : Float32Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!)
}
