/** Keeping the documentation's pages, seen from the page: a service worker answers over a port, or does not. */
import { afterEach, expect, test, vi } from 'vitest'
import { keepPages } from '../../demo/shell.ts'

/** A worker that does this with what it is asked. */
function worker(answer: (port: MessagePort) => void) {
  const asked: unknown[] = []
  const active = {
    postMessage(what: unknown, [port]: readonly MessagePort[]) {
      asked.push(what)
      if (port !== undefined) answer(port)
    },
  }
  vi.stubGlobal('navigator', { serviceWorker: { getRegistration: async () => ({ active }) } })
  return asked
}
afterEach(() => vi.unstubAllGlobals())

test('tells how far it is, and ends with the worker', async () => {
  worker((port) => {
    port.postMessage({ loaded: 1, total: 2 })
    port.postMessage('done')
  })
  const told: number[][] = []
  await keepPages((...progress) => told.push(progress), new AbortController().signal)
  expect(told).toEqual([[1, 2]])
})

test('rejects with what the worker says', async () => {
  worker((port) => port.postMessage({ error: 'A page could not be fetched.' }))
  await expect(keepPages(() => {}, new AbortController().signal)).rejects.toThrow('A page could not be fetched.')
})

test('stopped, it tells the worker and waits for nobody: a worker that was ended never answers', async () => {
  const stopping = new AbortController()
  const heard = new Promise<unknown>((resolve) => {
    worker((port) => {
      port.onmessage = ({ data }) => {
        resolve(data)
        port.close()
      }
      stopping.abort()
    })
  })
  await keepPages(() => {}, stopping.signal)
  expect(await heard).toBe('stop')
})

test('stopped before it began, it asks nothing', async () => {
  const asked = worker(() => {})
  await keepPages(() => {}, AbortSignal.abort())
  expect(asked).toEqual([])
})
