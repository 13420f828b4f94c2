/** Packs, and a web server that answers for each as a test wants: right, wrong, late, or in halves. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { memoryStore } from '../../src/store/memory.ts'
import { type PackRef, writePack } from '../../src/store/packs.ts'

export interface Packs {
  readonly refs: readonly PackRef[]
  readonly bytesOf: (file: string) => Uint8Array
}

/** Packs of these sizes, of bytes that tell them apart. */
export async function makePacks(sizes: readonly number[]): Promise<Packs> {
  const refs: PackRef[] = []
  const contents = new Map<string, Uint8Array>()
  for (const [i, size] of sizes.entries()) {
    const bytes = Uint8Array.from({ length: size }, (_, at) => (at * (2 * i + 1) + i) % 251)
    const ref = await writePack(memoryStore(), 'codes', bytes)
    refs.push(ref)
    contents.set(ref.file, bytes)
  }
  return { refs, bytesOf: (file) => contents.get(file)! }
}

export type Answer = (request: IncomingMessage, response: ServerResponse, right: Uint8Array) => void

export interface PackServer {
  readonly url: string
  /** Files in the order they were asked for; `: no-cache` behind those that were wanted past the cache. */
  readonly asked: string[]
  /** Answers for a file, one for each time it is asked for; after the last it is sent as it is. */
  readonly answers: Map<string, Answer[]>
  close(): void
}

export const answers = {
  right: ((request, response, right) => {
    const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const part = start && end ? right.subarray(Number(start), Number(end) + 1) : right
    response.writeHead(part === right ? 200 : 206, { 'content-length': part.length }).end(part)
  }) satisfies Answer,
  missing: ((_, response) => response.writeHead(404).end()) satisfies Answer,
  page: ((_, response) =>
    response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Home</h1>')) satisfies Answer,
  half: ((_, response, right) => response.end(right.subarray(0, right.length >> 1))) satisfies Answer,
  brokenOff: ((_, response, right) => {
    response.writeHead(200, { 'content-length': right.length })
    response.write(right.subarray(0, right.length >> 1), () => response.destroy())
  }) satisfies Answer,
  changed: ((_, response, right) => response.end(right.map((byte) => byte ^ 1))) satisfies Answer,
  never: (() => {}) satisfies Answer,
}

export async function servePacks(packs: Packs): Promise<PackServer> {
  const asked: string[] = []
  const planned = new Map<string, Answer[]>()
  const server = createServer((request, response) => {
    const file = (request.url ?? '').slice(1)
    asked.push(request.headers['cache-control'] === 'no-cache' ? `${file}: no-cache` : file)
    const right = packs.bytesOf(file)
    const answer = planned.get(file)?.shift() ?? (right ? answers.right : answers.missing)
    answer(request, response, right)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    asked,
    answers: planned,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
