/** Records that the browser has deleted: noticed, told by the documents' names, and no hindrance to the rest. */
import { expect, test } from 'vitest'
import { downloadBase, openBase } from '../../src/engine/base.ts'
import { buildIndex } from '../../src/engine/build.ts'
import { changeCollection, named, waiting } from '../../src/engine/collection.ts'
import { withoutLost } from '../../src/engine/lost.ts'
import { packsOf } from '../../src/engine/manifest.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { MANIFEST_KEY } from '../../src/store/store.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { assign, atRest, collectionOf, found, record, writerOver } from './live/support.ts'

async function withDocuments(...ids: string[]) {
  const store = memoryStore()
  const writer = writerOver(store)
  for (const id of ids) await writer.add([record(id, `word${id}`)])
  await writer.close()
  return store
}

const lost = (id: string) => ({ id, code: 'storage-failed', message: expect.stringContaining(`"${id}" is lost`) })

test('where all is there, nothing is changed', async () => {
  const store = await withDocuments('a', 'b')
  const before = await collectionOf(store)
  expect(await withoutLost(store)).toEqual(before)
  expect(await withoutLost(memoryStore())).toMatchObject({ generation: 0 })
})

test.each(['rows', 'lexical', 'texts'])(
  'without a pack of its %s a segment goes, and its documents are told',
  async (kind) => {
    const store = await withDocuments('a', 'b', 'c')
    const { segments } = await collectionOf(store)
    const [gone] = packsOf(segments[1]!).filter(({ file }) => file.startsWith(`${kind}-`))
    await store.delete(gone!.file)
    const now = await withoutLost(store)
    expect(now.segments).toEqual([segments[0], segments[2]])
    expect(now.problems).toEqual([lost('b')])
    expect((await store.list()).sort()).toEqual([MANIFEST_KEY, ...named(now)].sort())
    expect(await found(store, 'wordb', { k: 3 })).toHaveLength(2)
    // It can be added again, and is a problem no more.
    const writer = writerOver(store)
    expect(await writer.add([record('b', 'wordb')])).toEqual({ ids: ['b'], problems: [] })
    expect((await collectionOf(store)).problems).toEqual([])
    expect(await found(store, 'wordb', { k: 1 })).toEqual(['/b'])
  },
)

test('what was deleted before is not told as lost, and names that are gone too are counted', async () => {
  const store = memoryStore()
  const writer = writerOver(store)
  await writer.add(['a', 'b', 'c'].map((id) => record(id, `word${id}`)))
  await writer.delete(['b'])
  const [segment] = (await collectionOf(store)).segments
  await store.delete(segment!.vectors.kind === 'rows' ? segment!.vectors.packs[0]!.file : '')
  const kept = await collectionOf(store)
  expect((await withoutLost(store)).problems).toEqual([lost('a'), lost('c')])

  await changeCollection(store, () => ({ next: kept })) // as it was, but for all its packs
  expect((await withoutLost(store)).problems.at(-1)).toEqual({
    id: '',
    code: 'storage-failed',
    message: expect.stringContaining('2 documents are lost that are not named here'),
  })
})

test('documents that wait and are lost are told; those behind them come', async () => {
  const store = memoryStore()
  const first = writerOver(store)
  await first.pause()
  for (const id of ['a', 'b', 'c']) first.add([record(id, `word${id}`)]).catch(() => {})
  await atRest(store, (now) => waiting(now) === 3)
  await first.close()
  await store.delete((await collectionOf(store)).inbox[0]!.pack.file)
  const next = writerOver(store)
  await next.resume()
  await atRest(store, (now) => waiting(now) === 0)
  expect((await next.documents()).map(({ id }) => id)).toEqual(['b', 'c'])
  expect((await next.state()).problems).toEqual([lost('a')])
})

test('a hundred problems are remembered, and how many there were beside them', async () => {
  const store = memoryStore()
  const writer = writerOver(store, { foldSegments: 1000, foldPassages: 1000 })
  await writer.add(Array.from({ length: 150 }, (_, i) => record(`d${i}`, `word${i}`)))
  await writer.close()
  for (const { vectors } of (await collectionOf(store)).segments)
    if (vectors.kind === 'rows') for (const { file } of vectors.packs) await store.delete(file)
  const { problems } = await withoutLost(store)
  expect(problems).toHaveLength(100)
  expect(problems[98]).toEqual(lost('d98'))
  expect(problems[99]!.message).toMatch('51 documents are lost that are not named here')
})

test('the site has its packs still: its index is only not whole any more, and what is missing is fetched', async () => {
  const site = memoryStore('the site')
  const sources = ['a', 'b'].map((id) => ({ path: id, record: record(id, `word${id}`) }))
  const { manifest } = await buildIndex({ sources, encoder: fakeEncoder(), store: site, assign })
  const store = memoryStore()
  await openBase({ store, remote: site })
  expect((await withoutLost(store)).generation).toBe(1) // nothing has come yet, and nothing is lost
  await downloadBase({ store, remote: site })
  const writer = writerOver(store)
  await writer.add([record('own', 'mine')])
  await store.delete(manifest.texts.packs[0]!.file)
  const now = await withoutLost(store)
  expect(now.base).toEqual({ manifest, isComplete: false, hidden: [] })
  expect(now.problems).toEqual([])
  await downloadBase({ store, remote: site })
  expect((await withoutLost(store)).base?.isComplete).toBe(true)
  expect(await found(store, 'worda', { k: 1 })).toEqual(['/a'])
  expect(await found(store, 'mine', { k: 1 })).toEqual(['/own'])
})

test('many that notice it at the same time tell it once', async () => {
  const store = await withDocuments('a', 'b')
  const [segment] = (await collectionOf(store)).segments
  await store.delete(packsOf(segment!)[0]!.file)
  const all = await Promise.all([withoutLost(store), withoutLost(store), withoutLost(store)])
  for (const { problems } of all) expect(problems).toEqual([lost('a')])
})
