/** The writer's encoder goes away in the middle: another is asked for, and what waits goes on with it; but not for ever. */
import { expect, test } from 'vitest'
import { pageEncoder } from '../../src/engine/encodePages.ts'
import { type ErrorCode, SelvageError } from '../../src/errors.ts'
import { memoryStore } from '../../src/store/memory.ts'
import { LentEncoder } from '../../src/worker/lentEncoder.ts'
import type { PortEncoder } from '../../src/worker/pageEncoder.ts'
import { collectionOf, found, record, writerOver } from '../engine/live/support.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const working = (): PortEncoder => ({ ...pageEncoder(fakeEncoder()), close: () => {} })

function failing(code: ErrorCode): PortEncoder {
  return { ...working(), encodePages: () => Promise.reject(new SelvageError(code, 'It went away.')) }
}

/** Never answers, until it is closed. */
function silent(): PortEncoder {
  let close: PortEncoder['close'] = () => {}
  const closed = new Promise<never>((_, reject) => {
    close = (reason = new SelvageError('worker-died', 'It is gone.')) => reject(reason)
  })
  closed.catch(() => {})
  return { ...working(), encodePages: () => closed, close: (reason) => close(reason) }
}

function lent(first: PortEncoder, next: () => PortEncoder | undefined) {
  const store = memoryStore()
  let asked = 0
  const encoder = new LentEncoder(first, () => {
    asked++
    setTimeout(() => {
      const other = next()
      if (other === undefined) return
      encoder.lend(other)
      writer.work()
    })
  })
  const writer = writerOver(store, { encoder })
  return { store, writer, encoder, asked: () => asked }
}

test.each(['device-lost', 'worker-died'] as const)('%s while documents are added: they are added', async (code) => {
  const { store, writer, asked } = lent(failing(code), working)
  expect(await writer.add([record('a', 'apple')])).toEqual({ ids: ['a'], problems: [] })
  expect(asked()).toBe(1)
  expect((await found(store, 'apple'))[0]).toBe('/a')
})

test('one that is known to be gone is waited for no longer', async () => {
  const { writer, encoder } = lent(silent(), working)
  const adding = writer.add([record('a', 'apple')])
  setTimeout(() => encoder.lost(), 20)
  expect(await adding).toEqual({ ids: ['a'], problems: [] })
})

test('a document that takes down one after the other is kept and told', async () => {
  let isWell = false
  const { store, writer, asked } = lent(failing('worker-died'), () => (isWell ? working() : failing('worker-died')))
  await expect(writer.add([record('a', 'apple')])).rejects.toMatchObject({
    code: 'runtime-failed',
    message: expect.stringContaining('4 times in a row'),
  })
  expect(asked()).toBe(3)
  expect((await collectionOf(store)).inbox).toHaveLength(1)
  isWell = true
  await writer.resume()
  await expect.poll(async () => (await collectionOf(store)).inbox.length).toBe(0)
  expect((await found(store, 'apple'))[0]).toBe('/a')
})

test('other errors are told as they are', async () => {
  const { writer, asked } = lent(failing('model-invalid'), working)
  await expect(writer.add([record('a', 'apple')])).rejects.toMatchObject({ code: 'model-invalid' })
  expect(asked()).toBe(0)
})
