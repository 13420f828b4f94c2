/** Packing to 8 bits: the bytes are those of the Python that packs, and unpacking loses nothing that packing kept. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { loadEncoder } from '../../src/encoder/load.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { weightShapes } from '../../src/training/bertShape.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { memoryFiles } from '../../src/training/memoryFiles.ts'
import { GRAPH_KINDS, packModel } from '../../src/training/pack.ts'
import { packRows, unpackRows } from '../../src/training/rows8.ts'
import { count } from '../../src/training/safetensors.ts'
import { PROJECTION, type Tensor } from '../../src/training/types.ts'
import { closeness } from '../encoder/support.ts'
import { fixture, golden, packedFiles, tinyCheckpoint, tinyFiles } from './support.ts'

test('weights and graphs are those of pack.py, byte for byte', async () => {
  const { weights, graphs } = packModel(await tinyCheckpoint())
  expect(Buffer.compare(weights, fixture('onnx/weights.bin'))).toBe(0)
  for (const kind of GRAPH_KINDS) expect(Buffer.compare(graphs[kind], fixture(`onnx/${kind}.onnx`)), kind).toBe(0)
})

test('what pack.py packed is unpacked to within half a step of the checkpoint, and packed again to the same bytes', async () => {
  const { shape, weights } = await tinyCheckpoint()
  const unpacked = await readCheckpoint(packedFiles())
  expect(unpacked.shape).toEqual(shape)
  expect([...unpacked.weights.keys()].sort()).toEqual([...weights.keys()].sort())
  for (const [name, wanted] of weights) {
    const got = unpacked.weights.get(name)!
    expect(got.shape, name).toEqual(wanted.shape)
    const isRounded = /(dense|query|key|value|word_embeddings)\.weight$/.test(name)
    if (!isRounded) expect(got.data, name).toEqual(wanted.data)
    else expectWithinHalfAStep(got, wanted, name)
  }
  expect(Buffer.compare(packModel(unpacked).weights, fixture('onnx/weights.bin'))).toBe(0)
})

function expectWithinHalfAStep(got: Tensor, wanted: Tensor, name: string): void {
  const columns = wanted.shape[1]!
  let worst = 0
  for (let row = 0; row < wanted.shape[0]!; row++) {
    const values = wanted.data.subarray(row * columns, (row + 1) * columns)
    const step = Math.max(...values.map((value) => Math.abs(value))) / 127 || 1 // the padding row is all zeros
    for (const [i, value] of values.entries())
      worst = Math.max(worst, Math.abs(got.data[row * columns + i]! - value) / step)
  }
  expect(worst, name).toBeLessThan(0.5001)
  expect(worst, name).toBeGreaterThan(0.3) // something was rounded at all
}

const matrix = fc.integer({ min: 1, max: 5 }).chain((columns) =>
  fc
    .array(fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), { minLength: columns, maxLength: columns }), {
      minLength: 1,
      maxLength: 4,
    })
    // Numbers so small that their scale has fewer bits are no weights of any model.
    .map((rows) => rows.map((row) => row.map((value) => (Math.abs(value) < 1e-30 ? 0 : value)))),
)

test('rows are packed as a plain reading of the rule does it', () => {
  fc.assert(
    fc.property(matrix, (rows) => {
      const { numbers, scales } = packRows(Float32Array.from(rows.flat()), rows.length)
      const wanted = rows.map((row) => {
        const scale = Math.fround(Math.max(...row.map((value) => Math.abs(value))) / 127) || 1
        return { scale, numbers: row.map((value) => halfToEven(Math.fround(value / scale))) }
      })
      expect([...scales]).toEqual(wanted.map(({ scale }) => scale))
      expect([...numbers]).toEqual(wanted.flatMap((row) => row.numbers))
    }),
  )
})

/** Of the whole numbers about a value the nearest; of two that are as near, the even one. */
function halfToEven(value: number): number {
  const candidates = [Math.floor(value), Math.ceil(value)]
  const distance = (whole: number) => Math.abs(value - whole)
  const [low = 0, high = 0] = candidates
  if (distance(low) !== distance(high)) return (distance(low) < distance(high) ? low : high) + 0
  return (low % 2 === 0 ? low : high) + 0
}

test('halves go to the even number', () => {
  // The largest is 127, so a step is 1.
  expect([...packRows(Float32Array.of(127, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5), 1).numbers]).toEqual([
    127, 0, 2, 2, 0, -2, -2,
  ])
})

test('rows that are unpacked and packed again are the same, scales and all', () => {
  fc.assert(
    fc.property(matrix, (rows) => {
      const packed = packRows(Float32Array.from(rows.flat()), rows.length)
      expect(packRows(unpackRows(packed), rows.length)).toEqual(packed)
    }),
    { numRuns: 1000 },
  )
})

test('a row of zeros stays one', () => {
  expect(packRows(new Float32Array(3), 1)).toEqual({ numbers: new Int8Array(3), scales: Float32Array.of(1) })
})

test("the packed model's vectors are near PyLate's", { timeout: 30_000 }, async () => {
  const { weights, graphs } = packModel(await tinyCheckpoint())
  for (const kind of GRAPH_KINDS) {
    const files = new Map<string, Uint8Array>([
      ['onnx/weights.bin', weights],
      ['onnx/f32.onnx', graphs[kind]],
    ])
    const encoder = await loadEncoder({
      files: memoryFiles(files, kind, tinyFiles()),
      inference: nodeRuntime({ threads: 1 }),
    })
    const { rows, mean, worst } = await closeness(encoder, golden())
    await encoder.close()
    console.log(`${kind}: ${rows} rows, mean cosine ${mean.toFixed(7)}, worst ${worst.toFixed(7)}`)
    expect(rows).toBeGreaterThan(300)
    // A weight is off by up to 1/254 of the largest of its row. Random weights of this size change a token's vector little from
    // one layer to the next, and so their rounding little too: some 1e-5 of cosine. A wrong scale or a swapped row is far off.
    expect(mean).toBeGreaterThan(0.99999)
    expect(worst).toBeGreaterThan(0.9999)
    expect(mean).toBeLessThan(0.999999) // it was the packed weights that ran
  }
})

test('a weight that is not finite, no projection, a size that is no multiple of 16: each is told', async () => {
  const { shape, weights } = await tinyCheckpoint()
  const name = 'encoder.layer.1.output.dense.weight'
  const broken = weights.get(name)!.data.slice().fill(Number.NaN, 7, 8)
  const without = new Map(weights)
  without.delete(PROJECTION)
  const changed = (tensor: Tensor) => ({ shape, weights: new Map(weights).set(name, tensor) })
  expect(() => packModel(changed({ shape: [48, 96], data: broken }))).toThrow(
    /"encoder.layer.1.output.dense.weight" holds NaN \(number 7\)/,
  )
  expect(() => packModel({ shape, weights: without })).toThrow(/no projection/)
  const odd = { ...shape, layers: 1, hidden: 24, heads: 2, vocabulary: 9 }
  const zeros = new Map(
    [...weightShapes(odd), [PROJECTION, [8, 24]] as const].map(([key, sizes]) => [
      key,
      { shape: sizes, data: new Float32Array(count(sizes)) },
    ]),
  )
  expect(() => packModel({ shape: odd, weights: zeros })).toThrow(/size of the model is 24, wanted a multiple of 16/)
})
