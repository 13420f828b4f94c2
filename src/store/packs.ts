/**
 * Packs: write-once blobs named by the hash of their content, so that a name never changes its meaning, a new deploy
 * shares what did not change, and a truncated or flipped byte is noticed when the pack is read.
 */
import { SelvageError } from '../errors.ts'
import { canHash, formatBytes, sha256Hex } from '../util.ts'
import { plainSha256Hex } from './sha256.ts'
import type { BlobSource, BlobStore } from './store.ts'

/** How a manifest names a pack. */
export interface PackRef {
  /** Key in the store: `<kind>-<first 16 hex digits of the hash>.pack`. */
  readonly file: string
  readonly bytes: number
  /** SHA-256 of the stored bytes, hex. */
  readonly sha256: string
}

export async function writePack(store: Pick<BlobStore, 'put'>, kind: string, bytes: Uint8Array): Promise<PackRef> {
  const sha256 = canHash() ? await sha256Hex(bytes) : plainSha256Hex(bytes)
  const file = packName(kind, sha256)
  await store.put(file, bytes)
  return { file, bytes: bytes.byteLength, sha256 }
}

export function packName(kind: string, sha256: string): string {
  return `${kind}-${sha256.slice(0, 16)}.pack`
}

/** Reads and checks a pack. Errors: `index-invalid` for a pack that is missing, of another size or of other content. */
export async function readPack(source: BlobSource, ref: PackRef): Promise<Uint8Array> {
  const bytes = await source.get(ref.file)
  const fault = bytes && (await packFault(bytes, ref, source.isVerified))
  if (bytes !== undefined && fault === undefined) return bytes
  const remedy = 'Build the index again, or copy it again in full.'
  const message = `${ref.file} of the index at ${source.location} ${fault ?? 'is missing'}. ${remedy}`
  throw new SelvageError('index-invalid', message)
}

/** What is wrong with the bytes of a pack, as the end of a sentence; undefined where nothing is. */
export async function packFault(bytes: Uint8Array, ref: PackRef, isVerified = false): Promise<string | undefined> {
  if (bytes.byteLength !== ref.bytes)
    return `has ${bytes.byteLength} bytes, the manifest says ${ref.bytes} (${formatBytes(ref.bytes)})`
  // Without https there is no digest to be had; the size must do.
  if (!isVerified && canHash() && (await sha256Hex(bytes)) !== ref.sha256)
    return 'has other content than the manifest says'
  return undefined
}

/** The digits of its hash in a pack's name: enough to know it by where no manifest is at hand. */
export function hashInName(file: string): string | undefined {
  return /-([0-9a-f]{16})\.pack$/.exec(file)?.[1]
}

/** Bytes of all of them. */
export function sumOfPacks(packs: readonly PackRef[]): number {
  return packs.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Typed access to one part of a parsed manifest. Each getter throws `index-invalid` naming the field. */
export interface HeaderFields {
  /** Whether the field is there at all. */
  has(name: string): boolean
  text(name: string): string
  /** A whole number >= 0. */
  count(name: string): number
  counts(name: string): number[]
  texts(name: string): string[]
  pack(name: string): PackRef
  packs(name: string): PackRef[]
}

export function headerFields(value: unknown, part: string, location: string): HeaderFields {
  const fields = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : [])
  const checked = <T>(name: string, convert: (field: unknown) => T | undefined): T => {
    const result = convert(fields.get(name))
    if (result !== undefined) return result
    const message = `The manifest at ${location} has no valid "${part}.${name}". Build the index again.`
    throw new SelvageError('index-invalid', message)
  }
  return {
    has: (name) => fields.has(name),
    text: (name) => checked(name, asText),
    count: (name) => checked(name, asCount),
    counts: (name) => checked(name, (field) => asList(field, asCount)),
    texts: (name) => checked(name, (field) => asList(field, asText)),
    pack: (name) => checked(name, asPackRef),
    packs: (name) => checked(name, (field) => asList(field, asPackRef)),
  }
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

function asList<T>(value: unknown, convert: (entry: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: T[] = []
  for (const entry of value) {
    const converted = convert(entry)
    if (converted === undefined) return undefined
    list.push(converted)
  }
  return list
}

function asPackRef(value: unknown): PackRef | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (!('file' in value && 'bytes' in value && 'sha256' in value)) return undefined
  const { file, bytes, sha256 } = value
  if (typeof file !== 'string' || asCount(bytes) === undefined || typeof bytes !== 'number') return undefined
  // A name with a path in it could lead a file store out of its folder.
  return typeof sha256 === 'string' && /^[\w-]+\.pack$/.test(file) ? { file, bytes, sha256 } : undefined
}
