/**
 * The weights of the tiny golden BERTs out of their ONNX files, whose checkpoints are not kept: matrices there are nameless, in
 * the order that they are used in; biases and norms are those of a fresh model, 0 and 1, and the file shares or folds them.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { LINEARS, readShape, weightShapes } from '../../src/training/bertShape.ts'
import { readWeights } from '../../src/training/onnxFile.ts'
import { type Checkpoint, PROJECTION, type Tensor } from '../../src/training/types.ts'

export const GOLDEN_BERTS = ['bert-expansion', 'bert-attended-masks', 'bert-no-expansion'] as const
export type GoldenBert = (typeof GOLDEN_BERTS)[number]

const path = (name: string) => fileURLToPath(new URL(`../fixtures/golden/${name}`, import.meta.url))

export const goldenFiles = (name: GoldenBert): ModelFiles => folderFiles(path(name))

export async function goldenCheckpoint(name: GoldenBert): Promise<Checkpoint> {
  const shape = await readShape(goldenFiles(name))
  const stored = readWeights(readFileSync(path(`${name}/model.onnx`)), name)
  const matrices = [...stored.values()].filter((tensor) => /^onnx::MatMul_\d+$/.test(tensor.name))
  const weights = new Map<string, Tensor>()
  for (const [weight, size] of weightShapes(shape)) {
    const data = new Float32Array(size.reduce((a, b) => a * b, 1))
    if (weight.endsWith('LayerNorm.weight')) data.fill(1)
    const raw = stored.get(`b.${weight}`)?.raw
    if (raw !== undefined) data.set(floats(raw))
    weights.set(weight, { shape: size, data })
  }
  const names = Array.from({ length: shape.layers }, (_, i) =>
    LINEARS.map((linear) => `encoder.layer.${i}.${linear}.weight`),
  )
  for (const [i, weight] of [...names.flat(), PROJECTION].entries()) {
    const { dims, raw } = matrices[i]!
    const [inputs, outputs] = dims as [number, number]
    const from = floats(raw!)
    const data = new Float32Array(from.length)
    for (let o = 0; o < outputs; o++) for (let k = 0; k < inputs; k++) data[o * inputs + k] = from[k * outputs + o]!
    weights.set(weight, { shape: [outputs, inputs], data })
  }
  return { shape, weights }
}

const floats = (raw: Uint8Array) => new Float32Array(new Uint8Array(raw).buffer)
