/**
 * Blocks: small gzipped pieces that lie one behind the other in packs. A reader takes the one piece it needs out of a pack of
 * hundreds, where the source can read parts (a folder, a web server that knows ranges); files stay few all the same.
 * A piece read alone cannot be checked by the pack's hash: gzip's own CRC-32 tells whether it is what was written.
 */
import { SelvageError } from '../errors.ts'
import { concat, gunzip, gzip } from '../util.ts'
import { type HeaderFields, type PackRef, readPack, writePack } from './packs.ts'
import type { BlobSource, BlobStore } from './store.ts'

/** The manifest's part about blocks. */
export interface BlocksHeader {
  readonly packs: readonly PackRef[]
  /** Bytes of each block. Blocks follow each other through the packs, and none lies in two. */
  readonly blockBytes: readonly number[]
}

/** A host that sends no parts makes a reader load a whole pack for one block: so they are not large. */
const PACK_BYTES = 512 << 10

export class BlocksWriter {
  readonly #store: BlobStore
  readonly #kind: string
  readonly #packs: PackRef[] = []
  readonly #blockBytes: number[] = []
  #pending: Uint8Array[] = []
  #pendingBytes = 0

  /** `kind` begins the packs' names. */
  constructor(store: BlobStore, kind: string) {
    this.#store = store
    this.#kind = kind
  }

  async add(content: Uint8Array): Promise<void> {
    const block = await gzip(content)
    if (this.#pendingBytes + block.length > PACK_BYTES) await this.#flush()
    this.#pending.push(block)
    this.#pendingBytes += block.length
    this.#blockBytes.push(block.length)
  }

  async finish(): Promise<BlocksHeader> {
    await this.#flush()
    return { packs: this.#packs, blockBytes: this.#blockBytes }
  }

  async #flush(): Promise<void> {
    if (this.#pending.length === 0) return
    this.#packs.push(
      await writePack(
        this.#store,
        this.#kind,
        concat((length) => new Uint8Array(length), this.#pending),
      ),
    )
    this.#pending = []
    this.#pendingBytes = 0
  }
}

/** Errors: `index-invalid` naming the field. A header without block sizes is of a version that had one block a pack. */
export function parseBlocksHeader(fields: HeaderFields): BlocksHeader {
  const packs = fields.packs('packs')
  return { packs, blockBytes: fields.has('blockBytes') ? fields.counts('blockBytes') : packs.map(({ bytes }) => bytes) }
}

/** Reads blocks by number; what they say is decoded once and kept while it is among the last used. */
export class BlocksReader<Content> {
  readonly #source: BlobSource
  readonly #decode: (bytes: Uint8Array, block: number) => Content
  readonly #keep: number
  readonly #places: readonly { readonly pack: PackRef; readonly start: number; readonly end: number }[]
  readonly #blocks = new Map<number, Promise<Content>>()

  /** Errors: `index-invalid` for blocks that are not what the packs hold. */
  constructor(
    source: BlobSource,
    header: BlocksHeader,
    decode: (bytes: Uint8Array, block: number) => Content,
    keepBlocks = 128,
  ) {
    this.#source = source
    this.#decode = decode
    this.#keep = keepBlocks
    this.#places = placesOf(header, source.location)
  }

  get count(): number {
    return this.#places.length
  }

  /** Errors: `index-invalid` for a block that is missing or damaged, and what the source throws. */
  read(block: number): Promise<Content> {
    let loading = this.#blocks.get(block)
    if (loading === undefined) {
      loading = this.#load(block)
      // A failed load must not be remembered: the next one tries again.
      loading.catch(() => this.#blocks.delete(block))
    }
    this.#blocks.delete(block)
    this.#blocks.set(block, loading)
    for (const oldest of this.#blocks.keys()) {
      if (this.#blocks.size <= this.#keep) break
      this.#blocks.delete(oldest)
    }
    return loading
  }

  async #load(block: number): Promise<Content> {
    const place = this.#places[block]
    if (place === undefined)
      throw new SelvageError('internal', `Block ${block} of ${this.#places.length} was asked for.`)
    const { pack, start, end } = place
    const isWhole = start === 0 && end === pack.bytes
    const bytes = isWhole || !this.#source.slice ? undefined : await this.#source.slice(pack.file, start, end)
    let content: Uint8Array
    try {
      content = await gunzip(bytes ?? (await readPack(this.#source, pack)).subarray(start, end))
    } catch (cause) {
      if (cause instanceof SelvageError) throw cause
      throw new SelvageError(
        'index-invalid',
        `${pack.file} of the index at ${this.#source.location} is damaged: bytes ${start} to ${end} are not what was written. ` +
          'Build the index again, or copy it again in full.',
        { cause },
      )
    }
    return this.#decode(content, block)
  }
}

function placesOf({ packs, blockBytes }: BlocksHeader, location: string) {
  const places: { pack: PackRef; start: number; end: number }[] = []
  let pack = 0
  let start = 0
  for (const bytes of blockBytes) {
    if (packs[pack]?.bytes === start) {
      pack++
      start = 0
    }
    const ref = packs[pack]
    if (ref === undefined || start + bytes > ref.bytes) throw misfit(location)
    places.push({ pack: ref, start, end: start + bytes })
    start += bytes
  }
  if (pack < packs.length - 1 || (packs[pack]?.bytes ?? 0) !== start) throw misfit(location)
  return places
}

function misfit(location: string): SelvageError {
  return new SelvageError(
    'index-invalid',
    `The manifest at ${location} has blocks that do not fill their packs. Build the index again.`,
  )
}
