/** The encoder's worker in a real Chromium: its files in IndexedDB, and its port for the worker that writes. */

import * as Comlink from 'comlink'
import { afterEach, expect, test } from 'vitest'
import { deleteIdb, listIdb } from '../../src/store/idb.ts'
import type { Page } from '../../src/text/document.ts'
import type { Progress } from '../../src/types.ts'
import { Link } from '../../src/worker/link.ts'
import { portEncoder } from '../../src/worker/pageEncoder.ts'
import type { EncoderApi } from '../../src/worker/protocol.ts'
import { spawnEncoder } from '../../src/worker/spawn.ts'

const modelUrl = new URL('/models/selvage-mini/', location.href).href
const KEPT = { modelUrl, backend: 'wasm' } as const

const links: Link<EncoderApi>[] = []
afterEach(async () => {
  for (const link of links.splice(0)) link.close()
  for (const name of await listIdb()) await deleteIdb(name)
})

function start(): Link<EncoderApi> {
  const link = new Link<EncoderApi>('encoder', spawnEncoder())
  links.push(link)
  return link
}

async function load(link: Link<EncoderApi>, storage: 'browser' | 'none') {
  const progress: Progress[] = []
  const told = Comlink.proxy((event: Progress) => progress.push(event))
  const status = await link.call((remote) => remote.load({ modelUrl, backend: 'wasm', storage }, told))
  return { status, progress }
}

test('a model is loaded, kept, completed for offline use, and loaded again by another worker', async () => {
  const first = start()
  expect(await first.call((remote) => remote.kept(KEPT))).toEqual({ bytes: 0, isComplete: false })
  const { status } = await load(first, 'browser')
  expect(status.storage).toEqual({ kind: 'browser' })
  const loaded = await first.call((remote) => remote.kept(KEPT))
  expect(loaded.isComplete).toBe(false) // no page loads the graphs of other backends
  const { encoded } = await first.call((remote) => remote.encodeQuery('how do I rename a column?'))

  // A worker that has not loaded anything does it too.
  const second = start()
  const told = Comlink.proxy(() => {})
  const all = await second.call((remote) => remote.download(KEPT, told))
  expect(all.isComplete).toBe(true)
  expect(all.bytes).toBeGreaterThan(loaded.bytes)
  expect(await second.call((remote) => remote.kept(KEPT))).toEqual(all)
  const again = await load(second, 'browser')
  console.log(
    `load: ${Math.round(status.loadMs)} ms at first, ${Math.round(again.status.loadMs)} ms out of IndexedDB, ` +
      `${Math.round((await load(start(), 'none')).status.loadMs)} ms out of the HTTP cache`,
  )
  expect(again.status.storage).toEqual({ kind: 'browser' })
  const answer = await second.call((remote) => remote.encodeQuery('how do I rename a column?'))
  expect(answer.encoded.matrix).toEqual(encoded.matrix)
})

test('without `storage` nothing is kept', async () => {
  const { status } = await load(start(), 'none')
  expect(status.storage).toEqual({ kind: 'none' })
  expect(await listIdb()).toEqual([])
})

test('a stopped download says so, and a stop without one is nothing', async () => {
  const link = start()
  await link.call((remote) => remote.stopDownload())
  const stopAtOnce = Comlink.proxy(() => {
    link.call((remote) => remote.stopDownload())
  })
  const downloading = link.call((remote) => remote.download(KEPT, stopAtOnce))
  await expect(downloading).rejects.toMatchObject({ code: 'aborted' })
  expect((await link.call((remote) => remote.kept(KEPT))).isComplete).toBe(false)
  const goOn = Comlink.proxy(() => {})
  expect((await link.call((remote) => remote.download(KEPT, goOn))).isComplete).toBe(true)
})

function page(number: number): Page {
  const text = `Page ${number} says how a column is renamed, and what becomes of its values when its type is changed.`
  const block = { kind: 'paragraph', start: 0, end: text.length } as const
  const url = `/p${number}`
  return { url, title: 'Columns', sections: [{ headings: ['Columns'], anchor: '', url, text, blocks: [block] }] }
}

test('pages are encoded through a port while a question is answered; a new port takes the place of the old', async () => {
  const link = start()
  await load(link, 'none')
  const connect = async () => {
    const { port1, port2 } = new MessageChannel()
    await link.call((remote) => remote.connect(Comlink.transfer(port1, [port1])))
    return portEncoder(port2)
  }
  const writer = await connect()
  expect((await writer.model()).name).toBe('selvage-mini')
  const pages = Array.from({ length: 40 }, (_, i) => page(i))
  const order: string[] = []
  const start1 = performance.now()
  let asked: Promise<number> | undefined
  const encoding = writer.encodePages(pages, {
    onDone() {
      if (asked) return
      const sent = performance.now()
      const answer = link.call((remote) => remote.encodeQuery('rename a column'))
      asked = answer.then(() => {
        order.push('question')
        return performance.now() - sent
      })
    },
  })
  const encoded = await encoding.finally(() => order.push('pages'))
  const totalMs = performance.now() - start1
  const waitMs = await asked
  console.log(`40 passages in ${Math.round(totalMs)} ms; a question among them: ${Math.round(waitMs ?? 0)} ms`)
  expect(order).toEqual(['question', 'pages'])
  expect(encoded.halves).toHaveLength(40)
  expect(encoded.halves.every(({ length }) => length > 0)).toBe(true)

  const pending = writer.encodePages(pages)
  const next = await connect()
  expect((await next.encodePages(pages.slice(0, 1))).halves).toEqual(encoded.halves.slice(0, 1))
  writer.close()
  await expect(pending).rejects.toMatchObject({ code: 'worker-died' })
})

test('the tokenizer alone lays passages out as the model does, and does not load it', async () => {
  const alone = start()
  await alone.call((remote) => remote.loadTexts({ modelUrl, storage: 'browser' }))
  const passages = [{ headings: ['Tables', 'Columns'], text: 'Rename a column with `alter table`.' }]
  const [layout] = await alone.call((remote) => remote.layOut(passages))
  const whole = start()
  await load(whole, 'browser')
  expect(await whole.call((remote) => remote.layOut(passages))).toEqual([layout])
  expect(layout!.offset).toBe('Tables > Columns\n'.length)
  await expect(alone.call((remote) => remote.encodeQuery('rename'))).rejects.toMatchObject({ code: 'internal' })

  const { encoded, knownShare } = await whole.call((remote) => remote.encodeQuery('rename столбец'))
  expect(knownShare).toBeCloseTo(6 / 13, 6)
  const { tokenIds, starts, ends } = encoded
  const named = await alone.call((remote) => remote.queryTokens('rename столбец', { tokenIds, starts, ends }))
  expect(named.find(({ isMask }) => !isMask)?.text).toBe('[CLS]')
  expect(named.map(({ text }) => text).join('')).toContain('renameстолбец') // in pieces, one behind the other
  expect(named).toHaveLength(encoded.matrix.rows)
})
