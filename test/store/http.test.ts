import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { httpStore } from '../../src/store/http.ts'

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(listener: RequestListener): Promise<string> {
  const started = createServer(listener)
  server = started
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve))
  const address: AddressInfo | string | null = started.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return `http://127.0.0.1:${address.port}/index`
}

test('reads a file below the folder, with progress', async () => {
  const url = await serve((request, response) => {
    expect(request.url).toBe('/index/a.pack')
    response.setHeader('content-length', 3).end(Uint8Array.of(1, 2, 3))
  })
  const seen: [string, number, number][] = []
  const store = httpStore({ url, onBytes: (...event) => seen.push(event) })
  expect(await store.get('a.pack')).toEqual(Uint8Array.of(1, 2, 3))
  expect(seen.at(-1)).toEqual(['a.pack', 3, 3])
})

test('404, and HTML in place of a file, mean that it is not there', async () => {
  const url = await serve((request, response) => {
    if (request.url?.endsWith('page.pack')) response.setHeader('content-type', 'text/html').end('<h1>Home</h1>')
    else response.writeHead(404).end()
  })
  const store = httpStore({ url })
  expect(await store.get('gone.pack')).toBeUndefined()
  expect(await store.get('page.pack')).toBeUndefined()
})

test('a passing fault is tried again, a lasting one is named', async () => {
  let calls = 0
  const url = await serve((request, response) => {
    calls++
    const lasting = request.url?.endsWith('lasting.pack')
    if (lasting || calls === 1) response.writeHead(503).end()
    else if (calls === 2) response.setHeader('content-length', 10).write('half', () => response.destroy())
    else response.end('whole')
  })
  const store = httpStore({ url, tries: 3, retryDelayMs: 1 })
  expect(new TextDecoder().decode(await store.get('passing.pack'))).toBe('whole')
  calls = 0
  await expect(store.get('lasting.pack')).rejects.toMatchObject({
    code: 'download-failed',
    message: `${url}/lasting.pack answered 503 Service Unavailable.`,
  })
  expect(calls).toBe(3)
})

test('a server that is not there is named', async () => {
  const store = httpStore({ url: 'http://127.0.0.1:9/', tries: 1 })
  await expect(store.get('a.pack')).rejects.toMatchObject({ code: 'download-failed' })
})

/** What a server that knows ranges answers, or one that does not. */
function answerRange(range: string | undefined, file: Uint8Array, knowsRanges: boolean): [number, Uint8Array] {
  const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? []
  return knowsRanges && start && end ? [206, file.slice(Number(start), Number(end) + 1)] : [200, file]
}

test.each([
  ['a server that knows ranges sends parts', true, [2, 2, 2, 2]],
  ['one that does not sends the whole once, to all who asked', false, [1000]],
])('%s', async (_, knowsRanges, wanted) => {
  const file = Uint8Array.from({ length: 1000 }, (_, i) => i % 251)
  const url = await serve((request, response) => {
    const [status, bytes] = answerRange(request.headers.range, file, knowsRanges)
    response.writeHead(status, { 'content-length': bytes.length })
    response.flushHeaders()
    // The body comes later than every other request: only one of them may want it.
    setTimeout(() => response.end(bytes), 50)
  })
  const received: number[] = []
  const store = httpStore({ url, onBytes: (_key, loaded, total) => loaded === total && received.push(total) })
  const starts = [0, 300, 700, 998]
  const parts = await Promise.all(starts.map((start) => store.slice!('a.pack', start, start + 2)))
  expect(parts).toEqual(starts.map((start) => file.subarray(start, start + 2)))
  expect(received).toEqual(wanted)
  expect(await store.slice!('a.pack', 5, 7)).toEqual(file.subarray(5, 7))
})

test('a part of what a server compressed is not taken for a part of the file', async () => {
  const file = Uint8Array.from({ length: 100 }, (_, i) => i)
  const { gzipSync } = await import('node:zlib')
  const url = await serve((request, response) => {
    const packed = gzipSync(file)
    if (request.headers.range) response.writeHead(206, { 'content-encoding': 'gzip' }).end(packed.subarray(0, 9))
    else response.setHeader('content-encoding', 'gzip').end(packed)
  })
  expect(await httpStore({ url }).slice!('a.pack', 10, 20)).toEqual(file.subarray(10, 20))
})

test('a file that goes while it is asked for is missing, not empty, and asked for again the next time', async () => {
  const file = Uint8Array.of(0, 1, 2, 3)
  let isThere = false
  const url = await serve((request, response) => {
    if (request.headers.range) response.writeHead(206, { 'content-encoding': 'gzip' }).end()
    else if (isThere) response.end(file)
    else response.writeHead(404).end()
  })
  const store = httpStore({ url })
  expect(await store.slice!('a.pack', 1, 3)).toBeUndefined()
  isThere = true
  expect(await store.slice!('a.pack', 1, 3)).toEqual(file.subarray(1, 3))
})

test('whoever waits for a download that breaks off tries again, and does not take the file for missing', async () => {
  const file = Uint8Array.of(0, 1, 2, 3)
  let breakOff = () => {}
  const first = new ReadableStream({
    start(controller) {
      breakOff = () => controller.error(new Error('connection reset'))
    },
  })
  // Between the answer to the second and what it then asks for, the first breaks off.
  const second = new ReadableStream({
    async cancel() {
      breakOff()
      await new Promise((resolve) => setTimeout(resolve, 20))
    },
  })
  const bodies: BodyInit[] = [first, second]
  vi.stubGlobal('fetch', async () => new Response(bodies.shift() ?? file))
  try {
    const store = httpStore({ url: 'http://127.0.0.1/', retryDelayMs: 100 })
    const parts = await Promise.all([store.slice!('a.pack', 0, 2), store.slice!('a.pack', 2, 4)])
    expect(parts).toEqual([file.subarray(0, 2), file.subarray(2, 4)])
  } finally {
    vi.unstubAllGlobals()
  }
})
