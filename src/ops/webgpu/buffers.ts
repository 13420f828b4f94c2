/**
 * GPU buffers: uploads, and a pool of those that every query needs (query, results, staging), because creating a
 * buffer costs more than a small query's arithmetic.
 */

/** Kept for the next query at most; what is over goes. */
const MAX_IDLE_BYTES = 64 * 2 ** 20
/** The largest piece of one writeBuffer: the browser holds a copy of each until the GPU has it. */
const WRITE_BYTES = 32 * 2 ** 20
const STREAM_BYTES = 2 ** 22

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

/** A buffer that is filled from its start, piece by piece, of any lengths: writes go in multiples of four bytes. */
export class BufferStream {
  readonly #queue: GPUQueue
  readonly #buffer: GPUBuffer
  readonly #pending: Uint8Array<ArrayBuffer>
  #pendingBytes = 0
  #written = 0

  constructor(queue: GPUQueue, buffer: GPUBuffer) {
    this.#queue = queue
    this.#buffer = buffer
    this.#pending = new Uint8Array(Math.min(STREAM_BYTES, buffer.size))
  }

  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const count = Math.min(bytes.length - from, this.#pending.length - this.#pendingBytes)
      this.#pending.set(bytes.subarray(from, from + count), this.#pendingBytes)
      this.#pendingBytes += count
      from += count
      if (this.#pendingBytes === this.#pending.length) this.#flush(this.#pending.length)
    }
  }

  /** Fills up to four bytes with whatever is there. */
  finish(): void {
    this.#flush(Math.ceil(this.#pendingBytes / 4) * 4)
  }

  #flush(bytes: number): void {
    if (bytes > 0) this.#queue.writeBuffer(this.#buffer, this.#written, this.#pending, 0, bytes)
    this.#written += bytes
    this.#pendingBytes = 0
  }
}

export function asBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Rows of `rowBytes`, filled up with zeros to `width`; the same bytes where nothing is to fill. */
export function padRows(values: ArrayBufferView, rowBytes: number, width: number): Uint8Array {
  const bytes = asBytes(values)
  if (rowBytes === width) return bytes
  const rows = bytes.length / rowBytes
  const padded = new Uint8Array(rows * width)
  for (let row = 0; row < rows; row++) padded.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), row * width)
  return padded
}
