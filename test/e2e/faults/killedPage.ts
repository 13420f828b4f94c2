/**
 * The page whose browser is killed: store, writer and download as the workers have them, in one thread and without a model. What it is
 * about to do and what is done it tells the test, which outlives it.
 */
import { downloadBase, openBase } from '../../../src/engine/base.ts'
import {
  collectedIndex,
  named,
  readCollection,
  sweep,
  waiting,
  withCollection,
} from '../../../src/engine/collection.ts'
import { pageEncoder } from '../../../src/engine/encodePages.ts'
import { Engine } from '../../../src/engine/engine.ts'
import { LiveWriter } from '../../../src/engine/live/writer.ts'
import { packsOf } from '../../../src/engine/manifest.ts'
import type { Answer } from '../../../src/engine/search.ts'
import { createOps } from '../../../src/ops/create.ts'
import { httpStore } from '../../../src/store/http.ts'
import { deleteIdb, idbStore } from '../../../src/store/idb.ts'
import { layeredSource } from '../../../src/store/layered.ts'
import { withLease } from '../../../src/store/lease.ts'
import { packFault } from '../../../src/store/packs.ts'
import { MANIFEST_KEY, type SharedStore } from '../../../src/store/store.ts'
import type { AddedDocument, DocumentInput } from '../../../src/types.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'

export type Activity = 'add' | 'download' | 'fold' | 'swap'

/** Documents and the version that each has afterwards; undefined: none, it is deleted. */
export interface Told {
  readonly documents: readonly (readonly [id: string, version: number | undefined])[]
  /** False: it is about to be done. */
  readonly isDone: boolean
}

export interface Checked {
  /** What is wrong with packs that have to be there. */
  readonly faults: readonly string[]
  readonly strays: number
  readonly waiting: number
  readonly folded: number
  readonly isComplete: boolean
  /** Id and version of all that can be found. */
  readonly documents: readonly (readonly [id: string, version: number])[]
}

declare const tell: (told: Told) => Promise<void>
declare const fail: (message: string) => Promise<void>

const NAME = 'faults'
/** Only downloaded, again and again. */
const DOWNLOADED = 'faults-download'
/** More documents than that are deleted again: what is looked at after each kill is all of them. */
const MANY = 100

const remote = httpStore({ url: new URL('index/', location.href).href })
const ops = await createOps({ backend: 'wasm' })
const store = await idbStore(NAME)
const source = layeredSource({ store, remote, keep: true })
const writer = new LiveWriter({
  ...{ store, source, encoder: pageEncoder(fakeEncoder()), onCommit: () => {} },
  assign: (...call) => ops.assignCentroids(...call),
  lease: (run) => withLease('faults writer', run),
  ...{ foldPassages: 24, foldSegments: 8, trainPassages: 24 },
})

/** As it was left: nothing is done but reading. */
export async function check(): Promise<Checked> {
  const downloaded = await idbStore(DOWNLOADED)
  const [main, other] = [await checkStore(store), await checkStore(downloaded)]
  downloaded.close()
  const { collection } = await readCollection(store)
  return {
    faults: [...main.faults, ...other.faults],
    strays: main.strays + other.strays,
    waiting: waiting(collection),
    folded: collection.segments.filter(({ vectors }) => vectors.kind === 'plaid').length,
    isComplete: collection.base?.isComplete ?? false,
    documents: await documents(),
  }
}

async function checkStore(of: SharedStore): Promise<Pick<Checked, 'faults' | 'strays'>> {
  const { collection } = await readCollection(of)
  const { base, pending, segments, inbox } = collection
  const needed = [
    ...(base?.isComplete ? packsOf(base.manifest) : []),
    ...segments.flatMap(packsOf),
    ...inbox.map(({ pack }) => pack),
  ]
  const onTheirWay = [...(base ? packsOf(base.manifest) : []), ...(pending ? packsOf(pending) : [])]
  const faults: string[] = []
  for (const ref of needed) {
    const bytes = await of.get(ref.file)
    const fault = bytes ? await packFault(bytes, ref) : 'is missing'
    if (fault !== undefined) faults.push(`${of.location}: ${ref.file} ${fault}`)
  }
  for (const ref of onTheirWay) {
    const bytes = await of.get(ref.file)
    const fault = bytes && (await packFault(bytes, ref))
    if (fault !== undefined) faults.push(`${of.location}: ${ref.file}, on its way, ${fault}`)
  }
  return { faults, strays: (await stray(of)).length }
}

async function stray(of: SharedStore): Promise<string[]> {
  const kept = new Set([MANIFEST_KEY, ...named((await readCollection(of)).collection)])
  return (await of.list()).filter((key) => !kept.has(key))
}

async function documents(): Promise<(readonly [id: string, version: number])[]> {
  return (await writer.documents()).map(({ id, title }) => [id, versionOf(title)] as const)
}

/** What waits is added. */
export async function settle(): Promise<Checked['documents']> {
  await (await openBase({ store, remote })).isNewer
  writer.work()
  while (waiting((await readCollection(store)).collection) > 0) await after(5)
  return documents()
}

/** For each id, what its words find: addresses, the best first. */
export function find(ids: readonly string[]): Promise<{ words: string[]; meaning: string[] }[]> {
  return withCollection(store, async (now) => {
    const engine = new Engine(collectedIndex(now, source, store))
    await engine.loadVectors(ops)
    const found: { words: string[]; meaning: string[] }[] = []
    for (const id of ids) {
      const text = wordsOf(id)
      const { matrix } = await fakeEncoder().encodeQuery(text)
      const words = await engine.search({ text, k: 5, mode: 'keyword' })
      // So many that none is passed over: with vectors of random numbers, centroids tell little.
      const meaning = await engine.search({ text, matrix, k: 100, mode: 'semantic' })
      found.push({ words: urlsOf(words), meaning: urlsOf(meaning).slice(0, 1) })
    }
    engine.close()
    return found
  })
}

function urlsOf({ hits }: Answer): string[] {
  return hits.map(({ passage }) => passage.section.url)
}

/** Goes on for ever. @param seed of what is done, and the prefix of new ids. */
export function run(activity: Activity, seed: number): void {
  const random = randomOf(seed)
  const running: Readonly<Record<Activity, () => Promise<unknown>>> = {
    add: () => adding(seed, random),
    download: () => downloading(random),
    fold: () => folding(seed, random),
    swap: () => Promise.all([swapping(), adding(seed, random)]),
  }
  running[activity]().catch((error) => fail(`${activity}: ${error instanceof Error ? error.stack : error}`))
}

/** All that was begun is finished; keys that nobody names. */
export async function finish(): Promise<{ strays: string[]; documents: Checked['documents'] }> {
  await settle()
  await downloadBase({ store, remote })
  await writer.compact()
  await writer.close()
  await sweep(store)
  const downloaded = await idbStore(DOWNLOADED)
  await (await openBase({ store: downloaded, remote })).isNewer
  await downloadBase({ store: downloaded, remote })
  const strays = [...(await stray(store)), ...(await stray(downloaded))]
  downloaded.close()
  return { strays, documents: await documents() }
}

async function adding(seed: number, random: () => number): Promise<void> {
  for (let turn = 0; ; turn++) {
    const size = pick([1, 3, 12], random)
    await change(
      Array.from({ length: size }, (_, i) => [`s${seed}t${turn}d${i}`, 0] as const),
      false,
    )
    const there = await documents()
    const some = () => there.filter(() => random() < 3 / there.length)
    if (turn % 3 === 2)
      await change(
        some().map(([id, version]) => [id, version + 1] as const),
        true,
      )
    if (turn % 4 === 3) await remove(some().map(([id]) => id))
    if (there.length > MANY) await remove(there.slice(0, there.length - MANY / 2).map(([id]) => id))
  }
}

async function folding(seed: number, random: () => number): Promise<void> {
  for (let turn = 0; ; turn++) {
    await change([[`s${seed}f${turn}`, 0]], false)
    const there = await documents()
    await remove(there.filter(() => random() < 2 / there.length).map(([id]) => id))
    if (turn % 4 === 3) await writer.rebuild()
    else await writer.compact()
  }
}

async function downloading(random: () => number): Promise<void> {
  for (;;) {
    const downloaded = await idbStore(DOWNLOADED)
    await (await openBase({ store: downloaded, remote })).isNewer
    await downloadBase({ store: downloaded, remote })
    downloaded.close()
    if (random() < 0.3) await deleteIdb(DOWNLOADED)
    else await fetch('/deploy')
  }
}

async function swapping(): Promise<void> {
  for (;;) {
    await fetch('/deploy')
    await (await openBase({ store, remote })).isNewer
    await downloadBase({ store, remote })
  }
}

async function change(given: readonly (readonly [id: string, version: number])[], replace: boolean): Promise<void> {
  if (given.length === 0) return
  await tell({ documents: given, isDone: false })
  const { problems } = await writer.add(
    given.map(([id, version]) => input(id, version)),
    { replace },
  )
  if (problems.length > 0) await fail(JSON.stringify(problems))
  void tell({ documents: given, isDone: true })
}

async function remove(ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const gone = ids.map((id) => [id, undefined] as const)
  await tell({ documents: gone, isDone: false })
  await writer.delete(ids)
  void tell({ documents: gone, isDone: true })
}

function input(id: string, version: number): DocumentInput {
  return { id, url: `/${id}`, title: `Version ${version}`, text: `${wordsOf(id)} and version${version} of it` }
}

/** Words of this document only: enough of them that nothing else is nearer. */
function wordsOf(id: string): string {
  return ['one', 'two', 'three'].map((word) => `${id}${word}`).join(' ')
}

function versionOf(title: AddedDocument['title']): number {
  return Number(title.replace('Version ', ''))
}

function pick<T>(of: readonly T[], random: () => number): T {
  return of[Math.floor(random() * of.length)]!
}

/** Mulberry32, by Tommy Ettinger. */
export function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let value = Math.imul(state ^ (state >>> 15), 1 | state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32
  }
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
