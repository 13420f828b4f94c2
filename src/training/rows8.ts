/**
 * Eight bits a weight: each row of a matrix as whole numbers of -127 to 127 and one f32 scale. Symmetric, no zero point, and
 * to the nearest even as numpy rounds, so that the bytes are those of the Python that packed the default model.
 */

export interface Rows8 {
  /** `[R, C]` */
  readonly numbers: Int8Array<ArrayBuffer>
  /** `[R]` */
  readonly scales: Float32Array<ArrayBuffer>
}

const LARGEST = 127

/** @param data `[R, C]`, finite */
export function packRows(data: Float32Array, rows: number): Rows8 {
  const columns = data.length / rows
  const numbers = new Int8Array(data.length)
  const scales = new Float32Array(rows)
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let largest = 0
    for (let i = start; i < start + columns; i++) largest = Math.max(largest, Math.abs(data[i]!))
    const scale = Math.fround(largest / LARGEST) || 1
    scales[row] = scale
    for (let i = start; i < start + columns; i++) {
      const rounded = roundEven(Math.fround(data[i]! / scale))
      numbers[i] = Math.min(LARGEST, Math.max(-LARGEST, rounded))
    }
  }
  return { numbers, scales }
}

/** The f32 weights that these stand for. Packing them again gives the same numbers and the same scales. */
export function unpackRows({ numbers, scales }: Rows8): Float32Array<ArrayBuffer> {
  const columns = numbers.length / scales.length
  const data = new Float32Array(numbers.length)
  for (const [row, scale] of scales.entries()) {
    const largest = largestOf(scale)
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      const number = numbers[i]!
      data[i] = Math.abs(number) === LARGEST ? Math.sign(number) * largest : number * scale
    }
  }
  return data
}

/**
 * An f32 whose 127th part is the scale in f32. 127 scales, rounded, is one most of the time and its neighbour else: without
 * this, weights that are unpacked and packed again would drift by the last bit of a scale now and then.
 */
function largestOf(scale: number): number {
  const near = Math.fround(scale * LARGEST)
  if (Math.fround(near / LARGEST) === scale) return near
  const bits = new Int32Array(Float32Array.of(near).buffer)
  const below = neighbour(bits, -1)
  if (Math.fround(below / LARGEST) === scale) return below
  const above = neighbour(bits, 1)
  return Math.fround(above / LARGEST) === scale ? above : near
}

function neighbour(bits: Int32Array, step: number): number {
  return new Float32Array(Int32Array.of(bits[0]! + step).buffer)[0]!
}

/** numpy's rint: halves to the even one. */
function roundEven(value: number): number {
  const rounded = Math.round(value) // halves up
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
