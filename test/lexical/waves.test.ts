/**
 * What a cold keyword query costs over HTTP, on the documents of the demo: the manifest; then words, structure and the table
 * of passages at once; then texts. Each wave is a round trip, and on a telephone that is what one waits for.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import { listDocuments, readDocuments } from '../../src/node/readFolder.ts'
import { createOps } from '../../src/ops/create.ts'
import { httpStore } from '../../src/store/http.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { type Asked, serveWatched, type WatchedSite } from '../support/watchedServer.ts'

const FOLDER = mkdtempSync(join(tmpdir(), 'selvage-waves-'))

beforeAll(async () => {
  const ops = await createOps({ backend: 'wasm' })
  const files = await listDocuments(join(import.meta.dirname, '../../demo/content/vue'))
  const sources = readDocuments(files, (error) => {
    throw error
  })
  const encoder = fakeEncoder({ documentTokens: 180 })
  await buildIndex({ sources, encoder, store: fileStore(FOLDER), assign: ops.assignCentroids.bind(ops) })
  ops.close()
}, 120_000)
afterAll(() => rmSync(FOLDER, { recursive: true }))

let site: WatchedSite | undefined
afterEach(() => site?.close())

/** A visitor's first query. */
async function coldQuery(text: string, knowsRanges = true) {
  site = await serveWatched(FOLDER, { knowsRanges, inWaves: true })
  const loaded: string[] = []
  const onBytes = (key: string, bytes: number, total: number) => bytes === total && loaded.push(key)
  const engine = await Engine.open(httpStore({ url: site.url, onBytes }))
  const { hits, words } = await engine.search({ text, k: 10, mode: 'keyword' })
  const asked = await site.asked()
  return {
    titles: hits.map(({ passage }) => passage.section.headings.join(' > ')),
    words,
    waves: Math.max(...asked.map(({ wave }) => wave)),
    bytes: asked.reduce((sum, { bytes }) => sum + bytes, 0),
    asked,
    /** Files and parts that came whole. */
    loaded,
  }
}

const kinds = (asked: readonly Asked[], wave: number) =>
  [...new Set(asked.filter((one) => one.wave === wave).map(({ file }) => file.split(/[-.]/)[0]))].sort()

test.each([
  'watchEffect',
  'how do I pass props to a child component ',
  'reactive state',
  'v-on:click modifiers ',
  'server side rend', // still being typed
])('three waves, and little to load: %s', async (text) => {
  const { titles, waves, bytes, asked } = await coldQuery(text)
  expect(titles).toHaveLength(10)
  expect(waves).toBe(3)
  expect([1, 2, 3].map((wave) => kinds(asked, wave))).toEqual([['manifest'], ['lexical', 'pages'], ['texts']])
  // Packs of one block are asked for whole.
  expect(asked.every(({ status, range }) => status === (range === undefined ? 200 : 206))).toBe(true)
  // A text is in a block of 5 to 15 kB, a word in one of 6; the table of passages has 4 kB, the manifest 3.
  expect(bytes).toBeLessThan(3000 + 4000 + 10 * 15_000 + 10 * 6000)
})

const MEANT: readonly (readonly [text: string, waves: number, what: string])[] = [
  ['watchEfect ', 3, 'a slip that leaves the word in its block costs nothing'],
  ['xcomponent ', 5, 'one at its beginning costs two more: all words, then the block of what was meant'],
]

test.each(MEANT)('%s is %i waves: %s', async (text, wanted) => {
  const { words, waves } = await coldQuery(text)
  expect(words[0]!.terms[0]!.how).toBe('typo')
  expect(waves).toBe(wanted)
})

test('a server that knows no ranges: as many waves, and each file is loaded once', async () => {
  const { waves, asked, loaded, titles } = await coldQuery('watchEffect', false)
  expect(waves).toBe(3)
  expect(asked.every(({ status }) => status === 200)).toBe(true)
  expect(loaded.map((file) => file.split(/[-.]/)[0]).sort()).toEqual(['lexical', 'manifest', 'pages', 'texts'])
  expect(titles).toEqual((await coldQuery('watchEffect')).titles)
})

test('a second query asks for what is new only', async () => {
  site = await serveWatched(FOLDER)
  const engine = await Engine.open(httpStore({ url: site.url }))
  const ask = (text: string) => engine.search({ text, k: 10, mode: 'keyword' })
  const first = await ask('watchEffect ')
  const before = (await site.asked()).length
  expect((await ask('watchEffect ')).hits).toEqual(first.hits)
  expect(await site.asked()).toHaveLength(before)
  await ask('watchEffect cleanup ')
  const files = (await site.asked()).slice(before).map(({ file }) => file.split('-')[0])
  expect(files.filter((file) => file === 'lexical')).toHaveLength(1)
  expect(files.filter((file) => file === 'pages')).toEqual([])
})
