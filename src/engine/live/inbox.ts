/**
 * Documents that wait to be added, as they came: written down first, so that a page that is closed loses none. Read in
 * portions small enough that what was done is soon kept.
 */
import { SelvageError } from '../../errors.ts'
import { readPack, writePack } from '../../store/packs.ts'
import type { BlobSource } from '../../store/store.ts'
import type { DocumentRecord } from '../../text/document.ts'
import { checkRecord } from '../../text/parse/record.ts'
import { gunzip, gzip } from '../../util.ts'
import { type InboxEntry, randomId } from '../collection.ts'
import { type Staged, stage } from './staged.ts'

/** Text of one portion, about: some ten passages. */
const PORTION_CHARS = 8 << 10
const PORTION_DOCUMENTS = 32

/** The entry, and its pack to be put. Errors: `unreadable-document`, `duplicate-document` within the call. */
export async function newEntry(given: readonly unknown[]): Promise<{ entry: InboxEntry } & Pick<Staged, 'put'>> {
  const documents = given.map((record, i) => checkRecord(record, `document ${i}`))
  const ids = documents.map(({ id }) => id)
  const seen = new Set<string>()
  const twice = ids.find((id) => seen.size === seen.add(id).size)
  if (twice !== undefined)
    throw new SelvageError('duplicate-document', `Two of the documents have the id "${twice}". Give each its own.`)
  const { store, put } = stage()
  // The same documents may come a second time: the pack is another one then, and not dropped with the first.
  const nonce = randomId()
  const bytes = await gzip(new TextEncoder().encode(JSON.stringify({ nonce, documents })))
  return { entry: { pack: await writePack(store, 'inbox', bytes), ids, done: 0, skipped: [] }, put }
}

/** Errors: `index-invalid` where the pack is gone. */
export async function documentsOf(source: BlobSource, { pack }: InboxEntry): Promise<DocumentRecord[]> {
  const bytes = await gunzip(await readPack(source, pack))
  // The pack's hash was right: these are the bytes that newEntry wrote.
  const { documents }: { documents: DocumentRecord[] } = JSON.parse(new TextDecoder().decode(bytes))
  return documents
}

/** Those that are next, and how many were passed by with them because they are not wanted any more. */
export function nextPortion(
  { done, skipped }: InboxEntry,
  documents: readonly DocumentRecord[],
): { documents: DocumentRecord[]; taken: number } {
  const unwanted = new Set(skipped)
  const portion: DocumentRecord[] = []
  let chars = 0
  let at = done
  for (; at < documents.length && portion.length < PORTION_DOCUMENTS && chars < PORTION_CHARS; at++) {
    const document = documents[at]!
    if (unwanted.has(document.id)) continue
    portion.push(document)
    chars += document.text.length
  }
  return { documents: portion, taken: at - done }
}
