/** Typed arrays as the bytes of packs and back, and the sentence for packs that do not fit each other. Knows no format. */
import { SelvageError } from '../errors.ts'
import type { BlobSource } from '../store/store.ts'
import { concat } from '../util.ts'

/** Files are little endian; so is every machine that runs WebGPU or Node today, and this is checked, not hoped. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

export function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A copy that a typed array of any kind may lie on. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
  if (!LITTLE_ENDIAN) throw new SelvageError('internal', 'Big-endian machines are not supported.')
  return new Uint8Array(bytes).buffer
}

/** As `aligned`, for numbers of `size` bytes. Errors: `index-invalid` where the bytes are no whole numbers. */
export function alignedTo(size: number, source: BlobSource, bytes: Uint8Array): ArrayBuffer {
  countOf(size, source, bytes.length)
  return aligned(bytes)
}

/** Numbers of `size` bytes in a pack. Errors: as alignedTo. */
export function countOf(size: number, source: BlobSource, bytes: number): number {
  if (bytes % size !== 0) throw disagree(source, `a pack of numbers has ${bytes} bytes, not a multiple of ${size}`)
  return bytes / size
}

export function joined(arrays: readonly Uint8Array[]): Uint8Array {
  return concat((length) => new Uint8Array(length), arrays)
}

export function disagree(source: BlobSource, what: string): SelvageError {
  return new SelvageError(
    'index-invalid',
    `The index at ${source.location} contradicts itself: ${what}. Build it again.`,
  )
}
