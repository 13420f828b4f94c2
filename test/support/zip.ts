/** Zips for tests, written byte by byte: whole, encrypted, lying about what is in them, cut off. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntryOf {
  readonly name: string
  readonly content: string | Uint8Array
  /** Marked as encrypted; what it holds is then noise to whoever has no password. */
  readonly isEncrypted?: boolean
  /** What the archive says that it unpacks to. Default: the truth. */
  readonly saidSize?: number
}

const SIGNED_UTF8 = 1 << 11
const ENCRYPTED = 1

export function zipOf(entries: readonly ZipEntryOf[]): Buffer<ArrayBuffer> {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, isEncrypted = false, saidSize } of entries) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data)
    const path = Buffer.from(name)
    // Version, flags, method (deflate), time, date, checksum, sizes, lengths: the same in both headers.
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(SIGNED_UTF8 | (isEncrypted ? ENCRYPTED : 0), 2)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(checksum(data), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(saidSize ?? data.length, 18)
    common.writeUInt16LE(path.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, packed])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.from('PK\x01\x02\x14\x00', 'latin1'), common, tail, path)
    parts.push(local)
    offset += local.length
  }
  const list = Buffer.concat(central)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...parts, list, Buffer.from('PK\x05\x06'), end])
}

/** Node 20.19 has it; its types came later. */
function checksum(data: Buffer): number {
  return crc32(data)
}
