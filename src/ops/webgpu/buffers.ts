/**
 * GPU buffers: uploads, and a pool of those that every query needs (query, results, staging), because creating a
 * buffer costs more than a small query's arithmetic.
 */

/** Kept for the next query at most; what is over goes. */
const MAX_IDLE_BYTES = 64 * 2 ** 20
/** The largest piece of one writeBuffer: the browser holds a copy of each until the GPU has it. */
const WRITE_BYTES = 32 * 2 ** 20

/** Buffers in sizes of powers of two, from 1 KiB on, by usage. Not cleared between uses. */
export class BufferPool {
  readonly #device: GPUDevice
  readonly #idle: GPUBuffer[] = []
  #idleBytes = 0

  constructor(device: GPUDevice) {
    this.#device = device
  }

  /** A buffer of at least `bytes`. Give it back when the GPU is done with it. */
  take(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const size = Math.min(2 ** Math.ceil(Math.log2(Math.max(bytes, 1024))), this.#device.limits.maxBufferSize)
    const index = this.#idle.findIndex((buffer) => buffer.size === size && buffer.usage === usage)
    if (index < 0) return this.#device.createBuffer({ label, size, usage })
    const buffer = this.#idle[index]!
    this.#idle.splice(index, 1)
    this.#idleBytes -= size
    return buffer
  }

  giveBack(buffers: readonly GPUBuffer[]): void {
    for (const buffer of buffers) {
      if (this.#idleBytes + buffer.size > MAX_IDLE_BYTES) {
        buffer.destroy()
      } else {
        this.#idle.push(buffer)
        this.#idleBytes += buffer.size
      }
    }
  }
}

/** Writes the whole of `data` (a multiple of 4 bytes) to the start of the buffer. */
export function write(queue: GPUQueue, buffer: GPUBuffer, data: ArrayBufferView): void {
  for (let done = 0; done < data.byteLength; done += WRITE_BYTES) {
    const bytes = Math.min(WRITE_BYTES, data.byteLength - done)
    queue.writeBuffer(buffer, done, data.buffer, data.byteOffset + done, bytes)
  }
}

/** Rows of `dim` values, filled up with zeros to `width` values; the array itself where nothing is to fill. */
export function padRows(values: Float32Array | Uint16Array, dim: number, width: number): Float32Array | Uint16Array {
  if (dim === width) return values
  const rows = values.length / dim
  const padded = values instanceof Uint16Array ? new Uint16Array(rows * width) : new Float32Array(rows * width)
  for (let row = 0; row < rows; row++) padded.set(values.subarray(row * dim, (row + 1) * dim), row * width)
  return padded
}
