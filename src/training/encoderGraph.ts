/**
 * The graph of a BERT encoder with its projection, as each runtime runs it best over one file of 8-bit weights:
 *   webgpu  com.microsoft.MatMulNBits, 8 bits, accuracy level 4: integer dot products (DP4A) on WebGPU
 *   wasm    DynamicQuantizeLinear and MatMulInteger: integer SIMD on wasm, activations to 8 bits
 *   f32     weights unpacked once, when the session is created, then f32: Node, and GPUs as a check
 * Inputs int64 `[batch, sequence]`: input_ids, attention_mask, token_type_ids; output `embeddings` `[batch, sequence, E]`, unit
 * vectors. Attention adds -10000 where the mask is 0: a masked position still gets a vector of its own, which PyLate's query
 * augmentation needs. Nodes, names and their order are those of the Python that packed the default model. It knows no weight's
 * value: where they come from is its caller's.
 */
import type { GraphKind } from '../encoder/manifest.ts'
import type { Linear } from './bertShape.ts'
import {
  type Attribute,
  ONNX,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
  writeOnnx,
} from './onnxFile.ts'
import { blockScaleName, packedName, scaleName } from './packedNames.ts'
import { littleEndian } from './safetensors.ts'
import { type BertShape, PROJECTION } from './types.ts'

/** A stretch of the file of weights: a weight of the checkpoint, or its rows' scales, each repeated so often. */
export interface Stored {
  readonly weight: string
  readonly scales?: { readonly times: number }
}

/** Where it lies. `name` and `dims` are the graph's own. */
export type WeightOf = (name: string, dims: readonly number[], stored: Stored) => OnnxTensor

/** What webgpu's MatMulNBits shares a scale among, the largest that divides the inputs; wider is quicker. */
const BLOCKS = [128, 64, 32, 16] as const
/** What u8 rows are stored around. */
export const MIDDLE = 128
const MICROSOFT = 'com.microsoft'
const OPSETS: readonly (readonly [string, number])[] = [
  ['', 20],
  [MICROSOFT, 1],
]

/** Undefined where no block divides the number of inputs. */
export function blockOf(inputs: number): number | undefined {
  return BLOCKS.find((block) => inputs % block === 0)
}

export function encoderGraph(
  kind: GraphKind,
  shape: BertShape,
  dim: number,
  weightOf: WeightOf,
): Uint8Array<ArrayBuffer> {
  return new GraphBuilder(kind, shape, dim, weightOf).build()
}

class GraphBuilder {
  readonly #kind: GraphKind
  readonly #shape: BertShape
  readonly #dim: number
  readonly #weightOf: WeightOf
  readonly #nodes: OnnxNode[] = []
  readonly #weights = new Map<string, OnnxTensor>()

  constructor(kind: GraphKind, shape: BertShape, dim: number, weightOf: WeightOf) {
    this.#kind = kind
    this.#shape = shape
    this.#dim = dim
    this.#weightOf = weightOf
  }

  build(): Uint8Array<ArrayBuffer> {
    const { layers, hidden } = this.#shape
    let x = this.#embeddings()
    const bias = this.#attentionBias()
    const parts = this.#attentionParts()
    for (let layer = 0; layer < layers; layer++) x = this.#layer(x, layer, bias, parts)
    const projected = this.#op('MatMul', [x, this.#weight(PROJECTION, [hidden, this.#dim])])
    this.#op('LpNormalization', [projected], { axis: -1, p: 2 }, '', 'embeddings')
    const axes = ['batch', 'sequence']
    const input = (name: string): OnnxValue => ({ name, type: ONNX.i64, dims: axes })
    return writeOnnx({
      name: 'encoder',
      nodes: this.#nodes,
      weights: [...this.#weights.values()],
      inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map(input),
      outputs: [{ name: 'embeddings', type: ONNX.float, dims: [...axes, this.#dim] }],
      opsets: OPSETS,
    })
  }

  /** Words, places and segments, summed. Only the rows that a text needs are unpacked. */
  #embeddings(): string {
    const { vocabulary, positions, segments, hidden } = this.#shape
    const words = 'embeddings.word_embeddings.weight'
    const scales = this.#op('Gather', [this.#scales(words, [vocabulary]), 'input_ids'], { axis: 0 })
    const scale = this.#op('Unsqueeze', [scales, this.#ints('last', [-1])])
    const rows = this.#op('Gather', [this.#weight(words, [vocabulary, hidden]), 'input_ids'], { axis: 0 })
    const word = this.#op('Mul', [this.#op('Cast', [rows], { to: ONNX.float }), scale])
    const table = this.#weight('embeddings.position_embeddings.weight', [positions, hidden])
    const start = this.#ints('start', [0])
    const length = this.#op('Shape', ['input_ids'], { start: 1, end: 2 })
    const position = this.#op('Slice', [table, start, length, this.#ints('axis0', [0])])
    const types = this.#weight('embeddings.token_type_embeddings.weight', [segments, hidden])
    const segment = this.#op('Gather', [types, 'token_type_ids'], { axis: 0 })
    return this.#norm(this.#op('Add', [this.#op('Add', [word, segment]), position]), 'embeddings.LayerNorm')
  }

  #attentionBias(): string {
    const one = this.#float('one', 1)
    const off = this.#op('Sub', [one, this.#op('Cast', ['attention_mask'], { to: ONNX.float })])
    const bias = this.#op('Mul', [off, this.#float('minus', -10000)])
    return this.#op('Unsqueeze', [bias, this.#ints('axes12', [1, 2])])
  }

  #attentionParts(): { split: string; merge: string; scale: string } {
    const { hidden, heads } = this.#shape
    const split = this.#ints('split', [0, 0, heads, hidden / heads])
    const merge = this.#ints('merge', [0, 0, hidden])
    return { split, merge, scale: this.#float('scale', (hidden / heads) ** -0.5) }
  }

  #layer(input: string, layer: number, bias: string, parts: { split: string; merge: string; scale: string }): string {
    const { hidden, intermediate } = this.#shape
    const prefix = `encoder.layer.${layer}.`
    const head = (name: Linear, perm: readonly number[]): string => {
      const y = this.#linear(input, layer, name, hidden, hidden)
      return this.#op('Transpose', [this.#op('Reshape', [y, parts.split])], { perm })
    }
    const q = this.#op('Mul', [head('attention.self.query', [0, 2, 1, 3]), parts.scale])
    const k = head('attention.self.key', [0, 2, 3, 1])
    const v = head('attention.self.value', [0, 2, 1, 3])
    const scores = this.#op('Add', [this.#op('MatMul', [q, k]), bias])
    const attention = this.#op('Softmax', [scores], { axis: -1 })
    const read = this.#op('Transpose', [this.#op('MatMul', [attention, v])], { perm: [0, 2, 1, 3] })
    const merged = this.#op('Reshape', [read, parts.merge])
    const attended = this.#linear(merged, layer, 'attention.output.dense', hidden, hidden)
    const x = this.#norm(this.#op('Add', [attended, input]), `${prefix}attention.output.LayerNorm`)
    const wide = this.#linear(x, layer, 'intermediate.dense', hidden, intermediate)
    const active = this.#op('Gelu', [wide], {}, MICROSOFT) // its erf is what BERT's "gelu" is
    const narrow = this.#linear(active, layer, 'output.dense', intermediate, hidden)
    return this.#norm(this.#op('Add', [narrow, x]), `${prefix}output.LayerNorm`)
  }

  /** x [.., K] times weights `[N, K]` of 8 bits, plus a bias. */
  #linear(x: string, layer: number, linear: Linear, k: number, n: number): string {
    const name = `encoder.layer.${layer}.${linear}`
    const weight = `${name}.weight`
    const product = this.#kind === 'webgpu' ? this.#blocked(x, weight, k, n) : this.#transposed(x, weight, k, n)
    return this.#op('Add', [product, this.#weight(`${name}.bias`, [n])])
  }

  #blocked(x: string, weight: string, k: number, n: number): string {
    const block = blockOf(k) ?? k
    const blocks = k / block
    const numbers = this.#weight(weight, [n, blocks, block])
    const scales = this.#scales(weight, [n * blocks], { block, times: blocks })
    const attributes = { K: k, N: n, bits: 8, block_size: block, accuracy_level: 4 }
    return this.#op('MatMulNBits', [x, numbers, scales], attributes, MICROSOFT)
  }

  #transposed(x: string, weight: string, k: number, n: number): string {
    const turned = this.#op('Transpose', [this.#weight(weight, [n, k])], { perm: [1, 0] })
    if (this.#kind === 'f32') {
      const numbers = this.#op('Cast', [turned], { to: ONNX.float })
      const around = this.#op('Sub', [numbers, this.#float('mid', MIDDLE)])
      return this.#op('MatMul', [x, this.#op('Mul', [around, this.#scales(weight, [n])])])
    }
    const { name } = packedName(weight)
    const [q, scale, zero] = [`${name}.x`, `${name}.xs`, `${name}.xz`]
    this.#nodes.push({ op: 'DynamicQuantizeLinear', inputs: [x], outputs: [q, scale, zero] })
    const middle = this.#constant('mid8', ONNX.u8, [], Uint8Array.of(MIDDLE))
    const sums = this.#op('MatMulInteger', [q, turned, zero, middle])
    const cast = this.#op('Cast', [sums], { to: ONNX.float })
    return this.#op('Mul', [cast, this.#op('Mul', [scale, this.#scales(weight, [n])])])
  }

  #norm(x: string, name: string): string {
    const { hidden, normEpsilon } = this.#shape
    const inputs = [x, this.#weight(`${name}.weight`, [hidden]), this.#weight(`${name}.bias`, [hidden])]
    return this.#op('LayerNormalization', inputs, { axis: -1, epsilon: { float: normEpsilon } })
  }

  /** Adds a node and gives the name of its output, by which later nodes take it. */
  #op(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    domain = '',
    output = `${op}_${this.#nodes.length}`,
  ): string {
    this.#nodes.push({ op, inputs, outputs: [output], name: output, domain, attributes })
    return output
  }

  /** @param weight its name in the checkpoint */
  #weight(weight: string, dims: readonly number[]): string {
    const { name } = packedName(weight)
    this.#weights.set(name, this.#weightOf(name, dims, { weight }))
    return name
  }

  #scales(
    weight: string,
    dims: readonly number[],
    blocks?: { readonly block: number; readonly times: number },
  ): string {
    const { name: packed } = packedName(weight)
    const name = blocks === undefined ? scaleName(packed) : blockScaleName(packed, blocks.block)
    this.#weights.set(name, this.#weightOf(name, dims, { weight, scales: { times: blocks?.times ?? 1 } }))
    return name
  }

  #ints(name: string, values: readonly number[]): string {
    return this.#constant(name, ONNX.i64, [values.length], littleEndian(BigInt64Array.from(values, BigInt)))
  }

  #float(name: string, value: number): string {
    return this.#constant(name, ONNX.float, [], littleEndian(Float32Array.of(value)))
  }

  #constant(name: string, type: OnnxType, dims: readonly number[], raw: Uint8Array): string {
    this.#weights.set(name, { name, type, dims, raw })
    return name
  }
}
