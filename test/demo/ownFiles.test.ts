/** What the page says of files that it hands to the engine: only what has come true. */
import { Selvage, SelvageError, type StoredState } from 'selvage'
import { beforeEach, expect, test, vi } from 'vitest'
import { OwnFiles } from '../../demo/files/ownFiles.ts'

vi.mock('selvage', () => import('../../src/index.ts')) // whether it is built or not

/** What the engine has, and whether it takes more. */
let kept: Map<string, string>
let isFull = false
/** Adding takes until this. */
let work: Promise<void> | undefined
let handedOver: string[]
let said: string[]
let settled = 0
let own: OwnFiles

const engine: Pick<Selvage, 'documents' | 'update' | 'delete'> = {
  documents: async () => [...kept].map(([id, hash]) => ({ id, url: `own:${id}`, title: id, meta: { hash } })),
  async update(documents) {
    if (isFull) throw new SelvageError('storage-full', 'No room.')
    handedOver.push(...documents.map(({ id }) => id))
    await work
    for (const { id, meta } of documents) kept.set(id, meta?.['hash'] ?? '')
    return { ids: documents.map(({ id }) => id), problems: [] }
  },
  async delete(ids) {
    if (isFull) throw new SelvageError('storage-full', 'No room.')
    return ids.filter((id) => kept.delete(id))
  },
}

beforeEach(() => {
  kept = new Map()
  isFull = false
  work = undefined
  handedOver = []
  said = []
  settled = 0
  own = new OwnFiles({ draw: () => {}, settled: () => settled++, announce: (text) => said.push(text) })
  const stored: StoredState = {
    ...{ kind: 'browser', generation: 1, isComplete: true, isOutdated: false },
    ...{ waiting: 0, foreign: 0, isPaused: false, problems: [] },
  }
  own.opened(Object.assign(Object.create(Selvage.prototype), engine), {
    ...{ model: undefined, pages: 1, sections: 1, passages: 1, tokens: 1, bytes: 1 },
    ...{ hasKeywords: true, filters: ['own'], sorts: [], stored },
  })
})

const drop = (files: Readonly<Record<string, string>>) =>
  own.add(async () =>
    Object.entries(files).map(([path, text]) => {
      const bytes = new TextEncoder().encode(text)
      return { path, open: async () => ({ size: bytes.length, bytes: async () => bytes }) }
    }),
  )

test('new files, files that are the same, and files that take the place of older ones', async () => {
  await drop({ 'a.md': 'one', 'b.md': 'two' })
  await drop({ 'a.md': 'one', 'b.md': 'three', 'c.md': 'four' })
  expect(said).toEqual([
    '2 files were added.',
    '1 file was added. 1 file took the place of its older text. 1 file is the same as before, and stayed.',
  ])
})

test('a file that found no room has taken nothing’s place', async () => {
  await drop({ 'a.md': 'one' })
  said = []
  isFull = true
  await drop({ 'a.md': 'two' })
  expect(said).toEqual([
    expect.stringMatching(/^Not all of the files could be kept: the browser gives this site no more/),
  ])
})

test('what could not be deleted is not called deleted', async () => {
  await drop({ 'a.md': 'one' })
  said = []
  isFull = true
  await own.delete(['a.md'])
  expect([said, settled]).toEqual([[], 0])
  isFull = false
  await own.delete(['a.md'])
  expect([said, settled]).toEqual([['1 file deleted.'], 1])
})

test('what was deleted on its way was not added', async () => {
  let finish = () => {}
  work = new Promise((resolve) => {
    finish = resolve
  })
  const dropped = drop({ 'a.md': 'one', 'b.md': 'two' })
  await vi.waitFor(() => expect(handedOver).toEqual(['a.md', 'b.md']))
  await own.delete(['a.md'])
  finish()
  await dropped
  expect(said).toEqual(['1 file deleted.', '1 file was added.'])
})
