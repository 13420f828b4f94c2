/** How much of an index is kept in the browser, by what it holds. Asks the store for names only. */
import { type Collection, named } from '../engine/collection.ts'
import type { SegmentParts } from '../engine/segment.ts'
import { packsOfVectors } from '../plaid/rows.ts'
import { type PackRef, sumOfPacks } from '../store/packs.ts'
import type { SharedStore } from '../store/store.ts'
import type { EngineOpened, StorageReport } from './protocol.ts'

export async function storageReport(
  name: string,
  { passages, tokens, stored: { kind, isComplete } }: EngineOpened,
  collection: Collection,
  store: SharedStore | undefined,
): Promise<StorageReport> {
  const { base, segments, inbox } = collection
  const parts: SegmentParts[] = [...(base ? [base.manifest] : []), ...segments]
  const here = (await store?.has(named(collection))) ?? new Set()
  const bytesOf = (packs: readonly PackRef[]) => {
    const unique = new Map(packs.filter(({ file }) => here.has(file)).map((pack) => [pack.file, pack]))
    return sumOfPacks([...unique.values()])
  }
  const kinds = {
    vectors: bytesOf(parts.flatMap(({ vectors }) => packsOfVectors(vectors))),
    texts: bytesOf(parts.flatMap(({ texts }) => texts.packs)),
    keywords: bytesOf(parts.flatMap(({ lexical }) => lexical?.packs ?? [])),
    pages: bytesOf(parts.flatMap(({ pages }) => pages?.packs ?? [])),
    waiting: bytesOf(inbox.map(({ pack }) => pack)),
  }
  const total = Object.values(kinds).reduce((sum, bytes) => sum + bytes, 0)
  return { name, kind, passages, tokens, isComplete, bytes: { ...kinds, total } }
}
