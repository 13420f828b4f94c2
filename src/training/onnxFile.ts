/**
 * ONNX files: a graph is written from a plain description, and the weights of one are read. Field numbers are those of
 * onnx.proto (ONNX 1.19, IR version 9); written are the bytes that Python's onnx writes for the same graph, so that packing
 * here and there can be held against each other. It knows no operator; of a file that is read it knows the weights only.
 */
import { SelvageError } from '../errors.ts'
import { type ProtoField, ProtoWriter, readFields, readInts } from './protobuf.ts'

/** TensorProto.DataType. */
export const ONNX = { float: 1, u8: 2, i8: 3, i64: 7 } as const
export type OnnxType = (typeof ONNX)[keyof typeof ONNX]

/** A weight: its bytes here, or a stretch of a file beside the graph. */
export interface OnnxTensor {
  readonly name: string
  readonly type: number
  readonly dims: readonly number[]
  readonly raw?: Uint8Array
  readonly external?: { readonly file: string; readonly offset: number; readonly length: number }
}

/** A whole number, several of them, or one with a point. */
export type Attribute = number | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly name?: string
  /** '' is ONNX itself. */
  readonly domain?: string
  readonly attributes?: Readonly<Record<string, Attribute>>
}

/** An input or output. A size in words may be any number. */
export interface OnnxValue {
  readonly name: string
  readonly type: OnnxType
  readonly dims: readonly (number | string)[]
}

export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly OnnxNode[]
  readonly weights: readonly OnnxTensor[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  /** Sets of operators by domain, and their version. */
  readonly opsets: readonly (readonly [domain: string, version: number])[]
}

const IR_VERSION = 9
const ATTRIBUTE = { float: 1, int: 2, ints: 7 } as const
const EXTERNAL = 1

export function writeOnnx(graph: OnnxGraph): Uint8Array<ArrayBuffer> {
  const model = new ProtoWriter().int(1, IR_VERSION).text(2, 'selvage')
  model.message(7, (body) => {
    for (const node of graph.nodes) body.message(1, (message) => writeNode(message, node))
    body.text(2, graph.name)
    for (const weight of graph.weights) body.message(5, (message) => writeTensor(message, weight))
    for (const value of graph.inputs) body.message(11, (message) => writeValue(message, value))
    for (const value of graph.outputs) body.message(12, (message) => writeValue(message, value))
  })
  for (const [domain, version] of graph.opsets) model.message(8, (set) => set.text(1, domain).int(2, version))
  return model.finish()
}

function writeNode(message: ProtoWriter, { op, inputs, outputs, name, domain, attributes = {} }: OnnxNode): void {
  for (const input of inputs) message.text(1, input)
  for (const output of outputs) message.text(2, output)
  if (name !== undefined) message.text(3, name)
  message.text(4, op)
  for (const key of Object.keys(attributes).sort()) {
    message.message(5, (entry) => writeAttribute(entry.text(1, key), attributes[key]!))
  }
  if (domain !== undefined) message.text(7, domain)
}

function writeAttribute(entry: ProtoWriter, value: Attribute): void {
  if (typeof value === 'number') entry.int(3, value).int(20, ATTRIBUTE.int)
  else if ('float' in value) entry.float(2, value.float).int(20, ATTRIBUTE.float)
  else {
    for (const item of value) entry.int(8, item)
    entry.int(20, ATTRIBUTE.ints)
  }
}

function writeTensor(message: ProtoWriter, { name, type, dims, raw, external }: OnnxTensor): void {
  for (const size of dims) message.int(1, size)
  message.int(2, type).text(8, name)
  if (raw !== undefined) message.bytes(9, raw)
  if (external === undefined) return
  const { file, offset, length } = external
  for (const [key, value] of [
    ['location', file],
    ['offset', String(offset)],
    ['length', String(length)],
  ] as const) {
    message.message(13, (entry) => entry.text(1, key).text(2, value))
  }
  message.int(14, EXTERNAL)
}

function writeValue(message: ProtoWriter, { name, type, dims }: OnnxValue): void {
  const writeSize = (size: number | string) => (entry: ProtoWriter) =>
    typeof size === 'number' ? entry.int(1, size) : entry.text(2, size)
  message.text(1, name).message(2, (kind) =>
    kind.message(1, (tensor) =>
      tensor.int(1, type).message(2, (shape) => {
        for (const size of dims) shape.message(1, writeSize(size))
      }),
    ),
  )
}

/** A graph's weights by name, with their bytes where the graph holds these itself. */
export function readWeights(graph: Uint8Array, where: string): Map<string, OnnxTensor> {
  const weights = new Map<string, OnnxTensor>()
  for (const { field, bytes } of readFields(graph, where)) {
    if (field !== 7) continue
    for (const inner of readFields(bytes, where)) {
      if (inner.field !== 5) continue
      const tensor = readTensor(inner.bytes, where)
      weights.set(tensor.name, tensor)
    }
  }
  if (weights.size === 0) throw new SelvageError('model-invalid', `${where} is no ONNX graph, or has no weights.`)
  return weights
}

function readTensor(message: Uint8Array, where: string): OnnxTensor {
  const dims: number[] = []
  const external = new Map<string, string>()
  let [name, type, isExternal] = ['', 0, false]
  let raw: Uint8Array | undefined
  for (const entry of readFields(message, where)) {
    if (entry.field === 1) dims.push(...readInts(entry, where).map(Number))
    else if (entry.field === 2) type = Number(entry.int)
    else if (entry.field === 8) name = textOf(entry)
    else if (entry.field === 9) raw = entry.bytes
    else if (entry.field === 13) external.set(...readPair(entry.bytes, where))
    else if (entry.field === 14) isExternal = entry.int === BigInt(EXTERNAL)
  }
  if (!isExternal) return { name, type, dims, ...(raw === undefined ? {} : { raw }) }
  const [file, offset, length] = [external.get('location'), external.get('offset') ?? '0', external.get('length')]
  if (file === undefined || !/^\d+$/.test(offset) || !/^\d+$/.test(length ?? '')) {
    throw new SelvageError('model-invalid', `${where}: "${name}" is in a file beside it, but where in it is not said.`)
  }
  return { name, type, dims, external: { file, offset: Number(offset), length: Number(length) } }
}

function readPair(message: Uint8Array, where: string): [key: string, value: string] {
  let [key, value] = ['', '']
  for (const entry of readFields(message, where)) {
    if (entry.field === 1) key = textOf(entry)
    else if (entry.field === 2) value = textOf(entry)
  }
  return [key, value]
}

const textOf = ({ bytes }: ProtoField): string => new TextDecoder().decode(bytes)
