/** Documents come, change and go while the index is searched; what is compressed later is found as before. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { buildIndex } from '../../../src/engine/build.ts'
import { changeCollection, named, waiting } from '../../../src/engine/collection.ts'
import { pageEncoder } from '../../../src/engine/encodePages.ts'
import type { LiveWriter } from '../../../src/engine/live/writer.ts'
import { readRows } from '../../../src/plaid/rows.ts'
import { withLease } from '../../../src/store/lease.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { MANIFEST_KEY } from '../../../src/store/store.ts'
import type { WorkProgress } from '../../../src/types.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'
import { assign, atRest, collectionOf, found, record, writerOver } from './support.ts'

const FRUIT = ['apple', 'pear', 'plum', 'quince', 'cherry', 'medlar', 'fig', 'grape'] as const

const HIDDEN = record('none', '<meta name="robots" content="noindex"><p>Nothing to see</p>', { format: 'html' })

describe('what is added', () => {
  test('is found by meaning, by words and by both when add resolves, and in another session', async () => {
    const store = memoryStore()
    const writer = writerOver(store)
    const meta = { edition: '2' }
    expect(await writer.add([record('a', 'an apple falls', { meta }), record('b', 'a pear ripens')])).toEqual({
      ids: ['a', 'b'],
      problems: [],
    })
    for (const mode of ['semantic', 'keyword', 'hybrid'] as const)
      expect((await found(store, 'pear', { mode }))[0]).toBe('/b')
    await writer.close()
    expect((await found(store, 'apple'))[0]).toBe('/a')
    expect(await writerOver(store).documents()).toEqual([
      { id: 'a', url: '/a', title: 'a', meta },
      { id: 'b', url: '/b', title: 'b' },
    ])
  })

  test('a second document of the same id is refused, and nothing of the call is added', async () => {
    const store = memoryStore()
    const writer = writerOver(store)
    await writer.add([record('a', 'apple')])
    await expect(writer.add([record('c', 'cherry'), record('a', 'again')])).rejects.toMatchObject({
      code: 'duplicate-document',
      message: expect.stringContaining('"a"'),
    })
    await expect(writer.add([record('d', 'x'), record('d', 'y')])).rejects.toMatchObject({ code: 'duplicate-document' })
    expect((await writer.documents()).map(({ id }) => id)).toEqual(['a'])
  })

  test('what cannot be added is named, the rest is added', async () => {
    const writer = writerOver(memoryStore())
    const added = await writer.add([record('a', 'apple'), HIDDEN, record('b', 'pear')])
    expect(added.ids).toEqual(['a', 'b'])
    expect(added.problems).toEqual([
      { id: 'none', code: 'unreadable-document', message: 'It asks not to be searched.' },
    ])
  })

  test('a record that is none is refused before anything is written', async () => {
    const store = memoryStore()
    await expect(writerOver(store).add([{ id: 'a' }])).rejects.toMatchObject({ code: 'unreadable-document' })
    expect(await store.list()).toEqual([])
  })
})

test('an update takes the place of the old text in one step, a delete takes it away', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  await writer.add(FRUIT.map((fruit) => record(fruit, `${fruit} one`)))
  await writer.add([record('plum', 'walnut two')], { replace: true })
  expect(await found(store, 'walnut', { k: 1 })).toEqual(['/plum'])
  expect(await found(store, 'plum one', { mode: 'keyword' })).not.toContain('/walnut')
  expect(await writer.delete(['fig', 'nothing'])).toEqual(['fig'])
  expect(await found(store, 'fig', { k: 20 })).not.toContain('/fig')
  expect(await found(store, 'fig', { k: 20, mode: 'keyword' })).toEqual([])
  expect((await writer.documents()).map(({ id }) => id).sort()).toEqual(FRUIT.filter((one) => one !== 'fig').sort())
  await writer.add([record('fig', 'fig again')])
  expect((await found(store, 'fig'))[0]).toBe('/fig')
})

describe('beside an index of the site', async () => {
  const site = FRUIT.map((fruit) => ({ path: fruit, record: record(fruit, `${fruit} of the site, and more of it`) }))

  async function withBase() {
    const store = memoryStore()
    const plaid = { bits: 8, centroids: 6 } as const // many tokens to a centroid, as on real sites
    const { manifest } = await buildIndex({ sources: site, encoder: fakeEncoder(), store, assign, plaid })
    await store.delete(MANIFEST_KEY)
    await changeCollection(store, (now) => ({ next: { ...now, base: { manifest, isComplete: true, hidden: [] } } }))
    return { store, writer: writerOver(store, { foldPassages: 4 }) }
  }

  test('scores are on one scale: the same text has the same place wherever it lies', async () => {
    const { store, writer } = await withBase()
    await writer.add([record('own', 'apple of mine'), record('other', 'nothing like it')])
    expect(new Set((await found(store, 'apple', { k: 2 })).sort())).toEqual(new Set(['/apple', '/own']))
    expect(await found(store, 'apple mine', { k: 1 })).toEqual(['/own'])
    expect(await found(store, 'pear site', { k: 1 })).toEqual(['/pear'])
  })

  test('its pages can be replaced and deleted', async () => {
    const { store, writer } = await withBase()
    await expect(writer.add([record('apple', 'x', { url: 'apple' })])).rejects.toMatchObject({
      code: 'duplicate-document',
    })
    expect(await writer.delete(['apple', 'pear'])).toEqual(['apple', 'pear'])
    expect(await found(store, 'apple', { k: 20 })).not.toContain('/apple')
    await writer.add([record('plum', 'plum of mine')], { replace: true })
    expect(await found(store, 'plum', { k: 20, mode: 'keyword' })).toEqual(['/plum'])
    expect(await found(store, 'site', { k: 20, mode: 'keyword' })).toHaveLength(FRUIT.length - 3)
  })

  test('what is added is compressed with the centroids of the site, and found as before', async () => {
    const { store, writer } = await withBase()
    for (const fruit of FRUIT) await writer.add([record(`my-${fruit}`, `${fruit} of mine`)])
    await atRest(store, ({ segments }) => segments.some(({ vectors }) => vectors.kind === 'plaid'))
    await writer.close() // nothing goes on behind the back of who reads
    const { base, segments } = await collectionOf(store)
    const folded = segments.find(({ vectors }) => vectors.kind === 'plaid')!
    expect(folded.vectors).toMatchObject({ codec: (base!.manifest.vectors as { codec: unknown }).codec })
    for (const fruit of FRUIT) expect(await found(store, `${fruit} of mine`, { k: 1 })).toEqual([`/my-${fruit}`])
  })
})

test('compacting equals a build of the same documents with the same centroids', async () => {
  const documents = Array.from({ length: 30 }, (_, i) =>
    record(`d${i}`, `${FRUIT[i % 8]} number${i} ${FRUIT[(i * 3) % 8]}`),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.nat(29), { maxLength: 12 }),
      fc.integer({ min: 1, max: 9 }),
      async (gone, portion) => {
        const options = { foldPassages: 8, trainPassages: 8 }
        const store = memoryStore()
        const writer = writerOver(store, options)
        for (let at = 0; at < 10; at += portion) await writer.add(documents.slice(at, Math.min(10, at + portion)))
        await writer.compact() // has found centroids by now
        for (let at = 10; at < 30; at += portion) await writer.add(documents.slice(at, at + portion))
        await writer.delete(gone.map((i) => `d${i}`))
        await writer.compact()
        const { segments } = await collectionOf(store)
        expect(segments).toHaveLength(1)

        // The other way: the ten first make the centroids, then all that is left comes at once.
        const other = memoryStore()
        const builder = writerOver(other, options)
        for (let at = 0; at < 10; at += portion) await builder.add(documents.slice(at, Math.min(10, at + portion)))
        await builder.compact()
        await builder.delete(gone.filter((i) => i < 10).map((i) => `d${i}`))
        await builder.add(documents.slice(10).filter(({ id }) => !gone.includes(Number(id.slice(1)))))
        await builder.compact()
        expect(segments).toEqual((await collectionOf(other)).segments)
        expect((await store.list()).sort()).toEqual((await other.list()).sort()) // packs are named by what they hold
      },
    ),
    { numRuns: 12 },
  )
})

test('a few documents stay uncompressed, and lie together after compacting', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  for (const fruit of FRUIT) await writer.add([record(fruit, fruit)])
  await writer.compact()
  const { segments } = await collectionOf(store)
  expect(segments.map(({ vectors }) => vectors.kind)).toEqual(['rows'])
  const [only] = segments
  expect(only!.vectors.kind === 'rows' && (await readRows(store, only!.vectors))).toHaveLength(FRUIT.length)
  expect((await store.list()).sort()).toEqual([MANIFEST_KEY, ...named(await collectionOf(store))].sort())
})

test('pausing keeps what waits, closing too, and the next session goes on', async () => {
  const store = memoryStore()
  const first = writerOver(store)
  await first.pause()
  const adding = first.add(FRUIT.map((fruit) => record(fruit, fruit)))
  adding.catch(() => {})
  await atRest(store, (now) => waiting(now) === FRUIT.length)
  expect(await first.documents()).toEqual(FRUIT.map((id) => ({ id, url: id, title: id, isWaiting: true })))
  await first.close()
  await expect(adding).rejects.toMatchObject({ code: 'closed' })
  const progress: WorkProgress[] = []
  const second = writerOver(store, { onProgress: (at) => progress.push(at) })
  second.work()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(waiting(await collectionOf(store))).toBe(FRUIT.length)
  expect(progress.at(-1)).toMatchObject({ state: 'paused', documents: { done: 0, total: FRUIT.length } })
  await second.resume()
  await atRest(store, (now) => waiting(now) === 0)
  expect((await second.documents()).map(({ id }) => id)).toEqual([...FRUIT])
  expect(progress.at(-1)).toMatchObject({ state: 'idle' })
})

test('many writers add, replace and delete at the same time, and nothing is lost or twice there', async () => {
  const store = memoryStore()
  const writers: LiveWriter[] = []
  // As a channel between tabs brings the news: later, and to the others.
  const tell = (from: number) =>
    setTimeout(() => {
      for (const [w, other] of writers.entries()) if (w !== from) void other.heardOf()
    })
  for (let w = 0; w < 4; w++) {
    const shared = { lease: (run: () => Promise<void>) => withLease('shared', run), onCommit: () => tell(w) }
    writers.push(writerOver(store, { ...shared, foldPassages: 6, trainPassages: 6 }))
  }
  await Promise.all(
    writers.map(async (writer, w) => {
      for (let i = 0; i < 6; i++) {
        await writer.add([record(`w${w}-${i}`, `word${w}x${i} common`)])
        if (i % 3 === 2) await writer.delete([`w${w}-${i}`])
      }
    }),
  )
  await atRest(store, (now) => waiting(now) === 0)
  const ids = (await writers[0]!.documents()).map(({ id }) => id)
  const wanted = [0, 1, 2, 3].flatMap((w) => [0, 1, 3, 4].map((i) => `w${w}-${i}`))
  expect(ids.toSorted()).toEqual(wanted.toSorted())
  for (const writer of writers) await writer.close()
  expect((await store.list()).sort()).toEqual([MANIFEST_KEY, ...named(await collectionOf(store))].sort())
})

test('another model encodes anew what the one before has encoded', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  await writer.add(FRUIT.map((fruit) => record(fruit, fruit)))
  await writer.close()
  const other = pageEncoder(fakeEncoder({ hash: 'e'.repeat(64) }))
  const next = writerOver(store, { encoder: other })
  await next.add([record('new', 'walnut')])
  await atRest(store, ({ segments }) => segments.every(({ model }) => model.hash.startsWith('e')))
  expect((await next.documents()).map(({ id }) => id).sort()).toEqual([...FRUIT, 'new'].sort())
  expect((await found(store, 'quince'))[0]).toBe('/quince')
})

test('a model that fails loses nothing: what waits is added when it works again', async () => {
  const store = memoryStore()
  const working = pageEncoder(fakeEncoder())
  let isBroken = true
  const encoder = {
    ...working,
    encodePages: (...call: Parameters<typeof working.encodePages>) =>
      isBroken ? Promise.reject(new Error('out of memory')) : working.encodePages(...call),
  }
  const writer = writerOver(store, { encoder })
  await expect(writer.add([record('a', 'apple')])).rejects.toMatchObject({
    message: expect.stringContaining('out of memory'),
  })
  expect(waiting(await collectionOf(store))).toBe(1)
  isBroken = false
  await writer.resume()
  await atRest(store, (now) => waiting(now) === 0)
  expect((await found(store, 'apple'))[0]).toBe('/a')
})

/** An encoder that waits for `calls.before` before each call. */
function gated(hash?: string) {
  const model = pageEncoder(fakeEncoder(hash === undefined ? {} : { hash }))
  const calls = { before: async () => {} }
  const encodePages: typeof model.encodePages = async (...call) => {
    await calls.before()
    return model.encodePages(...call)
  }
  return { calls, encoder: { ...model, encodePages } }
}

test('what is deleted while it is read, and was no document, takes no others with it later', async () => {
  const store = memoryStore()
  const { calls, encoder } = gated()
  const writer = writerOver(store, { encoder })
  calls.before = async () => void (await writer.delete(['none']))
  await writer.add([record('a', 'apple'), record('b', 'pear'), HIDDEN])
  await writer.delete(['a'])
  expect((await writer.documents()).map(({ id }) => id)).toEqual(['b'])
  expect(await found(store, 'pear', { mode: 'keyword' })).toEqual(['/b'])
})

test('of more documents that cannot be added than are remembered, all are told', async () => {
  const writer = writerOver(memoryStore())
  const bad = Array.from({ length: 150 }, (_, i) => ({ ...HIDDEN, id: `bad${i}` }))
  const added = await writer.add([record('a', 'apple'), ...bad])
  expect(added.ids).toEqual(['a'])
  expect(added.problems.map(({ id }) => id)).toEqual(bad.map(({ id }) => id))
  expect(await writer.add([record('bad149', 'better now')])).toEqual({ ids: ['bad149'], problems: [] })
})

test('where there are no centroids yet, fresh passages are not merged with every document that comes', async () => {
  const states: WorkProgress['state'][] = []
  const onProgress = ({ state }: WorkProgress) => states.push(state)
  const store = memoryStore()
  const writer = writerOver(store, { foldPassages: 4, trainPassages: 20, onProgress })
  for (let i = 0; i < 24; i++) await writer.add([record(`d${i}`, `${FRUIT[i % 8]} number${i}`)])
  await atRest(store, ({ segments }) => segments.some(({ vectors }) => vectors.kind === 'plaid'))
  await writer.close()
  expect(states.filter((state) => state === 'merging').length).toBeLessThanOrEqual(2)
})

test('the work rests when what is left of a segment was written anew, and says so', async () => {
  const states: WorkProgress['state'][] = []
  const store = memoryStore()
  const options = { foldPassages: 4, trainPassages: 8 }
  const first = writerOver(store, options)
  await first.add(Array.from({ length: 12 }, (_, i) => record(`d${i}`, `${FRUIT[i % 8]} number${i}`)))
  await first.compact()
  await first.delete(Array.from({ length: 8 }, (_, i) => `d${i}`))
  await first.close()
  const writer = writerOver(store, { ...options, onProgress: ({ state }) => states.push(state) })
  writer.work()
  await atRest(store, ({ segments }) => segments.every(({ hidden }) => hidden.length === 0))
  await expect.poll(() => states).toEqual(['idle', 'merging', 'idle'])
  await writer.close()
})

test('compacting mixes no models', async () => {
  const store = memoryStore()
  const before = writerOver(store, { encoder: pageEncoder(fakeEncoder({ hash: 'e'.repeat(64) })) })
  for (const fruit of FRUIT) await before.add([record(fruit, fruit)])
  await before.close()
  await writerOver(store).compact()
  const { segments } = await collectionOf(store)
  expect(segments.map(({ model }) => model.hash.slice(0, 1))).toEqual(['f'])
})

test('calls that nobody waits between take effect in their order, whatever their size', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  await writer.pause()
  const long = 'word '.repeat(50_000)
  const calls = [
    writer.add([record('a', `${long} first`), record('b', 'wordb')], { replace: true }),
    writer.add([record('a', 'second')], { replace: true }),
    writer.delete(['b']),
    writer.add([record('b', 'wordb again')], { replace: true }),
    writer.add([record('a', 'third')], { replace: true }),
  ]
  for (const call of calls) call.catch(() => {})
  await atRest(store, (now) => waiting(now) === 2)
  await writer.resume()
  await Promise.all(calls)
  expect((await writer.documents()).map(({ id }) => id)).toEqual(['b', 'a'])
  expect(await found(store, 'third', { k: 1 })).toEqual(['/a'])
  expect(await found(store, 'second', { mode: 'keyword' })).toEqual([])
})

test('a rebuild is one of what is left, should a document go meanwhile', async () => {
  const store = memoryStore()
  const { calls, encoder } = gated('e'.repeat(64))
  const before = writerOver(store)
  for (const fruit of FRUIT) await before.add([record(fruit, fruit)])
  await before.close()
  const writer = writerOver(store, { encoder })
  calls.before = async () => {
    calls.before = async () => {}
    await writer.delete(['fig'])
  }
  await writer.rebuild()
  const { segments } = await collectionOf(store)
  expect(segments.map(({ model, texts }) => [model.hash.slice(0, 1), texts.pages])).toEqual([['e', FRUIT.length - 1]])
})

test('closing does not wait for another tab that works', async () => {
  const store = memoryStore()
  let end = () => {}
  const other = withLease('busy', () => new Promise<void>((resolve) => (end = resolve)))
  const writer = writerOver(store, { lease: (run, signal) => withLease('busy', run, { signal }) })
  const adding = writer.add([record('a', 'apple')])
  adding.catch(() => {})
  await atRest(store, (now) => waiting(now) === 1)
  await writer.close()
  await expect(adding).rejects.toMatchObject({ code: 'closed' })
  end()
  await other
})

test('documents that waited in an index that was deleted are not told as added', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  await writer.add([record('a', 'apple')])
  await writer.pause()
  const adding = writer.add([record('b', 'pear')])
  adding.catch(() => {})
  await atRest(store, (now) => waiting(now) === 1)
  for (const key of await store.list()) await store.delete(key)
  await writer.heardOf()
  await expect(adding).rejects.toMatchObject({ code: 'storage-failed' })
})
