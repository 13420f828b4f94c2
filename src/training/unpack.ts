/**
 * The weights of a model that was packed to 8 bits, as f32 by their names in a checkpoint: for a folder that has nothing but
 * its graphs. They are those that its f32 graph computes with; what the rounding to 8 bits took is not to be had back. Packed
 * again they give the same file. It reads graphs of ours; those of other exporters call weights what they like.
 */
import { SelvageError } from '../errors.ts'
import { weightShapes } from './bertShape.ts'
import { MIDDLE } from './encoderGraph.ts'
import { ONNX, type OnnxTensor, readWeights } from './onnxFile.ts'
import { turned } from './pack.ts'
import { packedName, scaleName } from './packedNames.ts'
import { unpackRows } from './rows8.ts'
import { count } from './safetensors.ts'
import { type BertShape, PROJECTION, type Tensor, type Weights } from './types.ts'

/**
 * @param readFile the bytes of a file beside the graph
 * @param where the graph's file in words
 */
export async function unpackModel(
  graph: Uint8Array,
  readFile: (name: string) => Promise<Uint8Array>,
  shape: BertShape,
  where: string,
): Promise<Weights> {
  const stored = readWeights(graph, where)
  if (!stored.has('word') || !stored.has(scaleName('word'))) {
    throw new SelvageError(
      'model-invalid',
      `${where} is no graph that Selvage packed: its weights have other names. To train the model, put its model.safetensors into the folder.`,
    )
  }
  const files = new Map<string, Uint8Array>()
  for (const { external } of stored.values()) {
    if (external !== undefined && !files.has(external.file)) files.set(external.file, await readFile(external.file))
  }
  const unpacker = new Unpacker(stored, files, where)
  const weights = new Map<string, Tensor>()
  for (const [name, sizes] of weightShapes(shape)) weights.set(name, unpacker.read(name, sizes))
  // A bi-encoder's graph ends with hidden states.
  const projection = stored.get(packedName(PROJECTION).name)
  if (projection !== undefined)
    weights.set(PROJECTION, unpacker.read(PROJECTION, [projection.dims[1] ?? 0, shape.hidden]))
  return weights
}

class Unpacker {
  readonly #stored: ReadonlyMap<string, OnnxTensor>
  readonly #files: ReadonlyMap<string, Uint8Array>
  readonly #where: string

  constructor(stored: ReadonlyMap<string, OnnxTensor>, files: ReadonlyMap<string, Uint8Array>, where: string) {
    this.#stored = stored
    this.#files = files
    this.#where = where
  }

  /** @param shape that of the checkpoint */
  read(weight: string, shape: readonly number[]): Tensor {
    const { name, form } = packedName(weight)
    const sizes = form === 'turned' ? [...shape].reverse() : shape
    if (form === 'f32') return { shape, data: this.#floats(name, sizes) }
    if (form === 'turned') return { shape, data: turned({ shape: sizes, data: this.#floats(name, sizes) }) }
    const bytes = this.#bytes(name, sizes, form === 'i8' ? ONNX.i8 : ONNX.u8, 1)
    const numbers = Int8Array.from(bytes, (byte) => (form === 'i8' ? (byte << 24) >> 24 : byte - MIDDLE))
    const scales = this.#floats(scaleName(name), sizes.slice(0, 1))
    return { shape, data: unpackRows({ numbers, scales }) }
  }

  #floats(name: string, sizes: readonly number[]): Float32Array<ArrayBuffer> {
    return new Float32Array(new Uint8Array(this.#bytes(name, sizes, ONNX.float, 4)).buffer) // a copy: floats start anywhere in the file
  }

  #bytes(name: string, sizes: readonly number[], type: number, size: number): Uint8Array {
    const tensor = this.#stored.get(name)
    if (tensor === undefined) throw this.#invalid(`has no weight "${name}"`)
    if (tensor.type !== type || tensor.dims.length !== sizes.length || tensor.dims.some((dim, i) => dim !== sizes[i])) {
      throw this.#invalid(`has "${name}" as [${tensor.dims}] of type ${tensor.type}, wanted [${sizes}] of type ${type}`)
    }
    const { raw, external } = tensor
    const wanted = count(sizes) * size
    if (external === undefined) {
      if (raw?.length === wanted) return raw
      throw this.#invalid(`has ${raw?.length ?? 0} bytes for "${name}", wanted ${wanted}`)
    }
    const file = this.#files.get(external.file) ?? new Uint8Array()
    if (external.length === wanted && external.offset + wanted <= file.length) {
      return file.subarray(external.offset, external.offset + wanted)
    }
    throw this.#invalid(
      `puts "${name}" at byte ${external.offset} of ${external.file}, ${external.length} long, wanted ${wanted} within its ${file.length} bytes`,
    )
  }

  #invalid(what: string): SelvageError {
    return new SelvageError(
      'model-invalid',
      `${this.#where} ${what}: its files belong to two models or one is truncated. Fetch the model again.`,
    )
  }
}
