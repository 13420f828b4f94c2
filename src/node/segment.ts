/**
 * A segment of the embedding cache: a write-once file with the vectors of some passages. Little-endian:
 *   header   magic "SELVEMB1", u32 number of entries, u32 CRC-32 of the entries
 *   entries  each 16 bytes key, u32 bytes, u32 CRC-32 of the value
 *   values   f16 bits, one behind the other in the order of the entries
 * Nothing in one is believed that does not check: a cache may always say that it does not know.
 */
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

const MAGIC = Buffer.from('SELVEMB1')
const HEADER = 16
const ENTRY = 24
const KEY = 16

/** Where a value lies: the bytes [start, end) of the segment. */
export interface Located {
  readonly key: string
  readonly segment: string
  readonly start: number
  readonly end: number
  readonly crc: number
}

export function packSegment(entries: ReadonlyMap<string, Uint16Array>): Uint8Array {
  const values = [...entries.values()].map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength),
  )
  const index = Buffer.alloc(entries.size * ENTRY)
  for (const [i, key] of [...entries.keys()].entries()) {
    const value = values[i] ?? Buffer.alloc(0)
    index.write(key, i * ENTRY, 'hex')
    index.writeUInt32LE(value.length, i * ENTRY + KEY)
    index.writeUInt32LE(crc32(value), i * ENTRY + KEY + 4)
  }
  const header = Buffer.alloc(HEADER)
  MAGIC.copy(header)
  header.writeUInt32LE(entries.size, 8)
  header.writeUInt32LE(crc32(index), 12)
  return Buffer.concat([header, index, ...values])
}

/** What a segment holds, without its values; undefined where it is no whole segment. */
export async function readIndex(path: string, segment: string): Promise<Located[] | undefined> {
  const file = await open(path)
  try {
    const { size } = await file.stat()
    const header = Buffer.alloc(HEADER)
    await file.read(header, 0, HEADER, 0)
    const start = HEADER + header.readUInt32LE(8) * ENTRY
    if (!header.subarray(0, MAGIC.length).equals(MAGIC) || start > size) return undefined
    const index = Buffer.alloc(start - HEADER)
    await file.read(index, 0, index.length, HEADER)
    if (crc32(index) !== header.readUInt32LE(12)) return undefined
    const located: Located[] = []
    let at = start
    for (let i = 0; i < index.length; i += ENTRY) {
      const end = at + index.readUInt32LE(i + KEY)
      const key = index.toString('hex', i, i + KEY)
      located.push({ key, segment, start: at, end, crc: index.readUInt32LE(i + KEY + 4) })
      at = end
    }
    return at === size ? located : undefined
  } finally {
    await file.close()
  }
}

/** The value in its bytes; undefined where they are not what was written. */
export function readValue(bytes: Uint8Array, { start, end, crc }: Located): Uint16Array | undefined {
  if (bytes.length !== end - start || crc32(bytes) !== crc) return undefined
  return new Uint16Array(bytes.slice().buffer) // a copy lies at an even address
}
