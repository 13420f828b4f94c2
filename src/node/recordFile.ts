/**
 * A `.jsonl` or `.jsonl.gz` file as records, one line at a time: a data set may be larger than memory. A bad line does
 * not stop the rest: it is named with its number. What a stream gives before it fails is the same at every reading,
 * since builds read their documents twice.
 */
import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { asSelvageError, SelvageError } from '../errors.ts'
import { decodeText } from '../text/decode.ts'
import type { RecordSource } from '../text/document.ts'
import { parseRecordLine } from '../text/parse/index.ts'
import { formatBytes } from '../util.ts'

/** Compressed bytes taken at once. Gzip makes at most 1,032 bytes of one, so at most 17 MB wait to be read. */
const CHUNK_BYTES = 16 << 10

/** A file of another kind has no good line at all: nobody reads more of such messages. */
const MAX_TOLD = 100

const NEWLINE = 10

export function isRecordPath(path: string): boolean {
  return /\.jsonl(?:\.gz)?$/i.test(path)
}

/** `name` is the file in messages; lines longer than `maxBytes` are refused unread. Empty lines are nothing. */
export async function* readRecords(
  path: string,
  name: string,
  maxBytes: number,
  onUnreadable: (error: SelvageError) => void,
): AsyncGenerator<RecordSource> {
  const lineOf = new Map<string, number>()
  let line = 0
  let bad = 0
  try {
    for await (const bytes of linesOf(/\.gz$/i.test(path) ? gunzipped(path) : createReadStream(path), maxBytes)) {
      const where = `${name}:${++line}`
      try {
        if (typeof bytes === 'number') throw tooLong(where, bytes, maxBytes)
        const text = decodeText(bytes, where)
        if (text.trim() === '') continue
        const record = parseRecordLine(text, where)
        const first = lineOf.get(record.id)
        if (first !== undefined) throw doubled(where, record.id, first)
        lineOf.set(record.id, line)
        yield { path: where, record }
      } catch (error) {
        if (++bad <= MAX_TOLD) onUnreadable(asSelvageError(error, 'unreadable-document', `${where}: `))
      }
    }
  } catch (error) {
    onUnreadable(
      asSelvageError(error, 'unreadable-document', `${name} cannot be read past line ${line}; make or fetch it anew: `),
    )
  }
  if (bad > MAX_TOLD)
    onUnreadable(
      new SelvageError('unreadable-document', `${name}: ${bad - MAX_TOLD} more lines cannot be used either.`),
    )
}

/** The lines without their ends; of one that is too long, its length. */
async function* linesOf(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array | number> {
  let pieces: Uint8Array[] = []
  let length = 0
  const take = (): Uint8Array | number => {
    const line = length > maxBytes ? length : Buffer.concat(pieces)
    pieces = []
    length = 0
    return line
  }
  const add = (piece: Uint8Array): void => {
    length += piece.length
    if (length > maxBytes) pieces = []
    else pieces.push(piece)
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      add(chunk.subarray(start, end))
      yield take()
      start = end + 1
    }
    if (start < chunk.length) add(chunk.subarray(start))
  }
  if (length > 0) yield take()
}

/**
 * A file's bytes without gzip, and where it ends too early or is damaged, first all that could be read and then the
 * error. Node's pipes would drop what waits in them, more or less of it as it happens.
 */
async function* gunzipped(path: string): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip()
  let ready: Uint8Array[] = []
  let failure: Error | undefined
  let isOver = false
  const over = new Promise<void>((resolve) => gunzip.once('close', resolve)).then(() => {
    isOver = true
  })
  gunzip.on('data', (bytes: Uint8Array) => ready.push(bytes))
  gunzip.on('error', (error) => {
    failure = error
  })
  const take = (): Uint8Array[] => {
    const taken = ready
    ready = []
    return taken
  }
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES })) {
      await Promise.race([over, new Promise((resolve) => gunzip.write(chunk, resolve))])
      yield* take()
      if (isOver) break
    }
    gunzip.end()
    await over
    yield* take()
    if (failure !== undefined) throw failure
  } finally {
    gunzip.destroy()
  }
}

function tooLong(where: string, bytes: number, maxBytes: number): SelvageError {
  const sizes = `${formatBytes(bytes)} long, and a record may have at most ${formatBytes(maxBytes)}`
  return new SelvageError('unreadable-document', `${where}: the line is ${sizes}. Split it, or leave it out.`)
}

function doubled(where: string, id: string, line: number): SelvageError {
  const reason = `"id" is ${JSON.stringify(id)}, as in line ${line}`
  return new SelvageError(
    'unreadable-document',
    `${where}: ${reason}. Give each record an id of its own, or leave it out.`,
  )
}
