/** A writer over a store, and what a reader finds in it: as a tab has both, without workers. */
import { type Collection, collectedIndex, readCollection } from '../../../src/engine/collection.ts'
import { pageEncoder } from '../../../src/engine/encodePages.ts'
import { Engine } from '../../../src/engine/engine.ts'
import { LiveWriter, type WriterOptions } from '../../../src/engine/live/writer.ts'
import { createOps } from '../../../src/ops/create.ts'
import { withLease } from '../../../src/store/lease.ts'
import type { SharedStore } from '../../../src/store/store.ts'
import type { DocumentRecord } from '../../../src/text/document.ts'
import type { EngineQuery } from '../../../src/types.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'

export const kernels = await createOps({ backend: 'wasm' })
export const assign = kernels.assignCentroids.bind(kernels)

let leases = 0

export function writerOver(store: SharedStore, options: Partial<WriterOptions> = {}): LiveWriter {
  const name = `test ${leases++}`
  return new LiveWriter({
    store,
    source: store,
    encoder: pageEncoder(fakeEncoder()),
    assign,
    lease: (run, signal) => withLease(name, run, { signal }),
    onCommit: () => {},
    ...options,
  })
}

export function record(id: string, text: string, more: Partial<DocumentRecord> = {}): DocumentRecord {
  return { id, url: `/${id}`, title: id, text, ...more }
}

/** Addresses that a reader of the store finds, best first. */
export async function found(store: SharedStore, text: string, given: Partial<EngineQuery> = {}): Promise<string[]> {
  const { mode = 'semantic' } = given
  const engine = new Engine(collectedIndex((await readCollection(store)).collection, store))
  if (mode !== 'keyword') await engine.loadVectors(kernels)
  const matrix = mode === 'keyword' ? undefined : (await fakeEncoder().encodeQuery(text)).matrix
  const { hits } = await engine.search({ text, matrix, k: 10, ...given, mode })
  engine.close()
  return hits.map(({ passage }) => passage.section.url)
}

export async function collectionOf(store: SharedStore): Promise<Collection> {
  return (await readCollection(store)).collection
}

/** When the writer rests. */
export async function atRest(store: SharedStore, isDone: (now: Collection) => boolean): Promise<void> {
  for (let waited = 0; waited < 500; waited++) {
    if (isDone(await collectionOf(store))) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('The writer did not come to rest within 5 s.')
}
