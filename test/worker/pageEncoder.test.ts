import * as Comlink from 'comlink'
import { afterEach, expect, test } from 'vitest'
import { type Encoder, withDocuments } from '../../src/encoder/encoder.ts'
import { pageEncoder } from '../../src/engine/encodePages.ts'
import { SelvageError } from '../../src/errors.ts'
import type { Page } from '../../src/text/document.ts'
import { portEncoder, servePages } from '../../src/worker/pageEncoder.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

/** Passages at once for a model in Node, as the fake calls itself. */
const PORTION = 8

function page(number: number): Page {
  const text = `Text of page ${number}.`
  const block = { kind: 'paragraph', start: 0, end: text.length } as const
  const url = `/p${number}`
  const section = { headings: [`Page ${number}`], anchor: '', url, text, blocks: [block] }
  return { url, title: `Page ${number}`, sections: [section] }
}
const pages = (count: number) => Array.from({ length: count }, (_, i) => page(i))

/** Blocks the thread while it runs, as wasm does, and notes what it did. */
function blocking(log: string[] = []): Encoder {
  const plain = fakeEncoder()
  const busy = () => {
    const end = performance.now() + 2
    while (performance.now() < end);
  }
  const slow = withDocuments(plain, {
    async encodeDocuments(texts, options) {
      for (const _ of texts) busy()
      log.push(`portion of ${texts.length}`)
      return plain.encodeDocuments(texts, options)
    },
    close: async () => {},
  })
  return {
    ...slow,
    async encodeQuery(text) {
      log.push(`query ${text}`)
      return plain.encodeQuery(text)
    },
  }
}

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

function connect(encoder: () => Promise<Encoder>) {
  const { port1, port2 } = new MessageChannel()
  const end = servePages(encoder, port1)
  const far = portEncoder(port2)
  ends.push(end, () => far.close())
  return { far, end }
}

test('through the port come the same passages and vectors as without it', async () => {
  const encoder = fakeEncoder()
  const { far } = connect(async () => encoder)
  const near = pageEncoder(encoder)
  expect(await far.model()).toEqual({ name: 'fake', hash: 'f'.repeat(64), dim: 16 })
  const done: (readonly [number, number])[] = []
  const options = { onDone: (...told: [number, number]) => done.push(told) }
  expect(await far.encodePages(pages(20), options)).toEqual(await near.encodePages(pages(20)))
  expect(done.slice(0, 2)).toEqual([
    [8, 20],
    [16, 20],
  ])
  expect(await far.encodePages([])).toEqual(await near.encodePages([]))
})

test('an error comes through with its code', async () => {
  const { far } = connect(() => Promise.reject(new SelvageError('device-lost', 'gone')))
  await expect(far.model()).rejects.toMatchObject({ code: 'device-lost', message: 'gone' })
  await expect(far.encodePages(pages(1))).rejects.toBeInstanceOf(SelvageError)
})

test('a model that is still loading is waited for', async () => {
  let loaded = (_: Encoder) => {}
  const loading = new Promise<Encoder>((resolve) => {
    loaded = resolve
  })
  const { far } = connect(() => loading)
  const encoding = far.encodePages(pages(1))
  loaded(fakeEncoder())
  expect((await encoding).halves).toHaveLength(1)
})

test('a question is answered after the portion that runs, however long the call is', async () => {
  const log: string[] = []
  const encoder = blocking(log)
  const { far } = connect(async () => encoder)
  const { port1, port2 } = new MessageChannel()
  Comlink.expose({ encodeQuery: async (text: string) => (await encoder.encodeQuery(text)).matrix.rows }, port1)
  const asker = Comlink.wrap<{ encodeQuery(text: string): Promise<number> }>(port2)
  ends.push(() => port1.close())

  let asked: Promise<number> | undefined
  let portionsAtAnswer = 0
  const onDone = () => {
    asked ??= asker.encodeQuery('one two').then((rows) => {
      portionsAtAnswer = log.filter((entry) => entry.startsWith('portion')).length
      return rows
    })
  }
  await far.encodePages(pages(6 * PORTION), { onDone })
  expect(await asked).toBe(2)
  // Asked when the first was told of; heard after the second at the latest, answered before the third is over.
  expect(log.indexOf('query one two')).toBeLessThanOrEqual(2)
  expect(portionsAtAnswer).toBeLessThanOrEqual(3)
  expect(log).toHaveLength(7)
})

test('an abort rejects at once; the rest of the call is dropped on the other side', async () => {
  const log: string[] = []
  const encoder = blocking(log)
  const { far } = connect(async () => encoder)
  const stop = new AbortController()
  const done: number[] = []
  const encoding = far.encodePages(pages(10 * PORTION), {
    signal: stop.signal,
    onDone(count) {
      done.push(count)
      stop.abort()
    },
  })
  await expect(encoding).rejects.toMatchObject({ code: 'aborted' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(log.length).toBeLessThanOrEqual(3)
  expect(done).toEqual([PORTION])
  // The port is as good as before.
  expect((await far.encodePages(pages(1))).halves).toHaveLength(1)
  await expect(far.encodePages(pages(1), { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
})

test('an abort drops its own call only', async () => {
  const encoder = blocking()
  const { far } = connect(async () => encoder)
  const stop = new AbortController()
  const dropped = far.encodePages(pages(4 * PORTION), { signal: stop.signal, onDone: () => stop.abort() })
  const other = far.encodePages(pages(4 * PORTION))
  await expect(dropped).rejects.toMatchObject({ code: 'aborted' })
  expect((await other).halves).toHaveLength(4 * PORTION)
})

test('closed, the port rejects what is pending and what comes', async () => {
  const { far } = connect(() => new Promise(() => {}))
  const pending = [far.model(), far.encodePages(pages(1))]
  far.close()
  for (const call of pending) await expect(call).rejects.toMatchObject({ code: 'worker-died' })
  await expect(far.model()).rejects.toMatchObject({ code: 'worker-died' })

  const { far: other } = connect(() => new Promise(() => {}))
  const call = other.model()
  other.close(new SelvageError('closed', 'over'))
  await expect(call).rejects.toMatchObject({ code: 'closed', message: 'over' })
})

test('where the encoder ends it, nothing more is encoded and the writer is told', async () => {
  const log: string[] = []
  const encoder = blocking(log)
  const { far, end } = connect(async () => encoder)
  const encoding = far.encodePages(pages(10 * PORTION), { onDone: end })
  await expect(encoding).rejects.toMatchObject({ code: 'worker-died' })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(log.length).toBeLessThanOrEqual(3)
})
