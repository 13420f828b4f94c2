/**
 * A process that is killed at any of its operations: whoever opens the store next finds the last committed state, goes on with what
 * waited, and leaves nothing lying about. Every operation of a session is tried, so these tests are exhaustive for what they do;
 * test/e2e/faults does the same with a browser that is really killed.
 */
import { describe, expect, test } from 'vitest'
import { downloadBase, openBase } from '../../../src/engine/base.ts'
import { buildIndex } from '../../../src/engine/build.ts'
import { named, waiting } from '../../../src/engine/collection.ts'
import type { LiveWriter } from '../../../src/engine/live/writer.ts'
import { packsOf } from '../../../src/engine/manifest.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { packFault } from '../../../src/store/packs.ts'
import { type BlobSource, MANIFEST_KEY, type SharedStore } from '../../../src/store/store.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'
import { type MortalStore, mortalStore } from '../../support/mortalStore.ts'
import { assign, atRest, collectionOf, found, record, writerOver } from './support.ts'

const OPTIONS = { foldPassages: 4, trainPassages: 4 }

/** Id -> its text. */
type Documents = ReadonlyMap<string, string>

interface Step {
  readonly run: (writer: LiveWriter) => Promise<unknown>
  readonly after: (before: Documents) => Documents
  /** What of it can be seen as soon as it is committed. */
  readonly ids: readonly string[]
}

const text = (i: number) => `word${i} common${i % 3} and some more of it`
const documents = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => record(`d${from + i}`, text(from + i)))

function adding(from: number, to: number): Step {
  const added = documents(from, to)
  return {
    run: (writer) => writer.add(added),
    after: (before) => new Map([...before, ...added.map((one) => [one.id, one.text] as const)]),
    ids: added.map(({ id }) => id),
  }
}

/** Portions, a new text, a deletion, folds on the way, and one segment of all in the end. */
const SESSION: readonly Step[] = [
  adding(0, 3),
  adding(3, 7),
  {
    run: (writer) => writer.add([record('d1', 'changed entirely')], { replace: true }),
    after: (before) => new Map([...before, ['d1', 'changed entirely']]),
    ids: ['d1'],
  },
  {
    run: (writer) => writer.delete(['d2', 'd5']),
    after: (before) => new Map([...before].filter(([id]) => id !== 'd2' && id !== 'd5')),
    ids: [],
  },
  adding(7, 12),
  { run: (writer) => writer.compact(), after: (before) => before, ids: [] },
]

/** Ids of what a reader finds, in order. Fails where a document is there twice. */
async function idsIn(store: SharedStore): Promise<string[]> {
  const ids = (await writerOver(store).documents()).map(({ id }) => id).sort()
  expect(ids).toEqual([...new Set(ids)])
  return ids
}

const sorted = (documents: Documents) => [...documents.keys()].sort()

/** Of packs that are named and have to be here, what is wrong with each. */
async function faults(store: SharedStore): Promise<string[]> {
  const { base, segments, inbox } = await collectionOf(store)
  const packs = [
    ...(base?.isComplete ? packsOf(base.manifest) : []),
    ...segments.flatMap(packsOf),
    ...inbox.map(({ pack }) => pack),
  ]
  const found = await Promise.all(
    packs.map(async (ref) => {
      const bytes = await store.get(ref.file)
      return bytes ? packFault(bytes, ref) : `${ref.file} is missing`
    }),
  )
  return found.flatMap((fault) => fault ?? [])
}

async function expectNoStray(store: SharedStore): Promise<void> {
  const packs = (await store.list()).filter((key) => key !== MANIFEST_KEY)
  expect(packs.sort()).toEqual(named(await collectionOf(store)).sort())
}

async function expectFound(store: SharedStore, wanted: Documents): Promise<void> {
  for (const [id, its] of wanted) {
    const [word = ''] = its.split(' ')
    expect(await found(store, word, { mode: 'keyword', k: 20 })).toEqual([`/${id}`])
  }
}

/** Until it is killed. Returns how many steps were heard of as done. */
async function session(store: MortalStore): Promise<number> {
  const writer = writerOver(store, OPTIONS)
  let done = 0
  try {
    for (const step of SESSION) {
      await step.run(writer)
      done++
    }
  } catch (error) {
    if (!store.isDead) throw error
  }
  await writer.close()
  return done
}

const states = [...SESSION.keys(), SESSION.length].map((count) =>
  SESSION.slice(0, count).reduce<Documents>((before, { after }) => after(before), new Map()),
)

test.each([
  ['before', false],
  ['after', true],
])('killed %s any operation: the last committed state is there, and what waited is added once', async (_, isDone) => {
  const kills = { all: 0, withWaiting: 0, withFolded: 0 }
  for (let at = 0; ; at++) {
    const store = memoryStore()
    const mortal = mortalStore(store, at, isDone)
    const done = await session(mortal)
    if (!mortal.isDead) break
    const where = `killed at operation ${at}, in step ${done}`

    // As the next session finds it.
    const left = await collectionOf(store)
    expect(await faults(store), where).toEqual([])
    const before = states[done]!
    const after = states[done + 1] ?? before
    const waits = left.inbox.flatMap(({ ids, done, skipped }) => ids.slice(done).filter((id) => !skipped.includes(id)))
    const present = new Set([...(await idsIn(store)), ...waits])
    for (const id of before.keys()) if (after.has(id)) expect(present, where).toContain(id)
    kills.all++
    if (waiting(left) > 0) kills.withWaiting++
    if (left.segments.some(({ vectors }) => vectors.kind === 'plaid')) kills.withFolded++

    // It goes on with what waits: what was written down comes, and nothing else.
    const writer = writerOver(store, OPTIONS)
    writer.work()
    await atRest(store, (now) => waiting(now) === 0)
    await writer.close()
    const now = await idsIn(store)
    expect(now, where).toEqual([...present].sort())
    if (now.join() !== sorted(after).join()) expect(now, where).toEqual(sorted(before))
    expect(await faults(store), where).toEqual([])
    await expectNoStray(store)

    // What was not heard of is asked for again, as a person would, unless it can be seen; the rest follows.
    const next = writerOver(store, OPTIONS)
    for (const [i, step] of SESSION.entries()) {
      const isThere = i === done && step.ids.some((id) => now.includes(id) && !before.has(id))
      if (i >= done && !isThere) await step.run(next)
    }
    await next.close()
    expect(await idsIn(store), where).toEqual(sorted(states.at(-1)!))
    if (at % 5 === 0) await expectFound(store, states.at(-1)!)
    await expectNoStray(store)
  }
  expect(kills.all).toBeGreaterThan(60)
  expect(kills.withWaiting).toBeGreaterThan(10)
  expect(kills.withFolded).toBeGreaterThan(10)
})

describe('an index that is downloaded', async () => {
  const site = async (texts: readonly string[]) => {
    const store = memoryStore('the site')
    const sources = texts.map((its, i) => ({ path: `p${i}`, record: record(`p${i}`, its) }))
    const plaid = { bits: 4, centroids: 6 } as const
    const { manifest } = await buildIndex({ sources, encoder: fakeEncoder(), store, assign, plaid })
    return { store, manifest }
  }
  const old = await site(Array.from({ length: 9 }, (_, i) => text(i)))
  const newer = await site(Array.from({ length: 9 }, (_, i) => `${text(i)} newer`))

  /** What was asked of it. */
  const watched = (store: SharedStore) => {
    const asked: string[] = []
    const remote: BlobSource = {
      location: store.location,
      get(key) {
        asked.push(key)
        return store.get(key)
      },
    }
    return { remote, asked }
  }
  const visit = async (store: SharedStore, remote: BlobSource) => {
    await (await openBase({ store, remote })).isNewer
    await downloadBase({ store, remote })
  }

  test.each([
    ['first', false, false],
    ['first', true, false],
    ['newer', false, true],
    ['newer', true, true],
  ])('the %s one, killed after an operation: %s', async (_, isDone, isSecond) => {
    const fresh = async () => {
      const store = memoryStore()
      if (isSecond) await visit(store, old.store)
      return store
    }
    const from = isSecond ? newer : old
    const kills = { all: 0, withPacks: 0 }
    for (let at = 0; ; at++) {
      const store = await fresh()
      const mortal = mortalStore(store, at, isDone)
      const failure = await visit(mortal, from.store).catch((error: unknown) => error)
      if (!mortal.isDead) break
      expect(failure).toMatchObject({ message: 'The process was killed.' })
      kills.all++

      // One of the two is here whole, or the first is on its way; whatever is here is what it should be.
      const { base } = await collectionOf(store)
      if (isSecond) {
        expect(base?.isComplete).toBe(true)
        const isNewer = base?.manifest.texts.packs[0]?.file === newer.manifest.texts.packs[0]?.file
        expect(await found(store, 'newer', { mode: 'keyword', k: 20 })).toHaveLength(isNewer ? 9 : 0)
        expect(await found(store, 'word4', { k: 1 })).toEqual(['/p4'])
      }
      const here = await store.has(packsOf(from.manifest).map(({ file }) => file))
      if (here.size > 0) kills.withPacks++

      const { remote, asked } = watched(from.store)
      await visit(store, remote)
      expect(asked.filter((file) => here.has(file))).toEqual([])
      const now = await collectionOf(store)
      expect(now.base).toMatchObject({ isComplete: true, manifest: from.manifest })
      expect(await faults(store)).toEqual([])
      await expectNoStray(store)
    }
    expect(kills.all).toBeGreaterThan(10)
    expect(kills.withPacks).toBeGreaterThan(3)
  })
})
