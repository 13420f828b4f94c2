/** Documents encoded by processes, with the real model: the same vectors in the same order, and nothing that hangs. */
import type { ChildProcess, ForkOptions } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { DEFAULT_MODEL, defaultWorkers, openNodeEncoder } from '../../src/node/model.ts'

const workers: ChildProcess[] = []
vi.mock('node:child_process', async (original) => {
  const module = await original<typeof import('node:child_process')>()
  const fork = (path: URL, args: readonly string[], options: ForkOptions) => {
    const worker = module.fork(path, args, options)
    workers.push(worker)
    return worker
  }
  return { ...module, fork }
})

/** A tiny one, where it matters little what is encoded. */
const TINY = resolve(import.meta.dirname, '../fixtures/golden/bert-expansion')
const encoders: Encoder[] = []
async function open(threads: number, model = TINY): Promise<Encoder> {
  const encoder = await openNodeEncoder({ model, threads })
  encoders.push(encoder)
  return encoder
}
afterEach(async () => {
  await Promise.all(encoders.splice(0).map((encoder) => encoder.close()))
  workers.length = 0
})

const WORDS = 'search by meaning in the browser; useRef() keeps a value, 42 times'.split(' ')
const texts = Array.from({ length: 40 }, (_, i) =>
  Array.from({ length: [1, 40, 0, 80, 9][i % 5] ?? 0 }, (_, k) => WORDS[(i + k * 7) % WORDS.length]).join(' '),
)

test('vectors and order are those of one encoder that encodes alone, to the bit; progress counts up to all', async () => {
  const [alone, pool] = [await open(1, DEFAULT_MODEL), await open(3, DEFAULT_MODEL)]
  const expected = await alone.encodeDocuments(texts)
  expect(workers).toHaveLength(0)
  for (const given of [texts, texts.slice(0, 5), [], texts.toReversed()]) {
    const done: number[] = []
    const encoded = await pool.encodeDocuments(given, { onDone: (count) => done.push(count) })
    const wanted = given === texts || given.length < 40 ? expected.slice(0, given.length) : expected.toReversed()
    expect(encoded).toEqual(wanted)
    expect(done.at(-1) ?? 0).toBe(given.length)
    expect(done).toEqual([...done].sort((a, b) => a - b))
  }
  expect(workers).toHaveLength(3)
  expect(pool.layoutDocument(texts[1] ?? '').tokenIds).toEqual(expected[1]?.tokenIds)
  expect(await pool.encodeQuery('a query')).toEqual(await alone.encodeQuery('a query'))
})

test('no more workers than there is work for, and none before there is any', async () => {
  const pool = await open(2)
  await pool.encodeQuery('a query')
  expect(workers).toHaveLength(0)
  await pool.encodeDocuments(texts.slice(0, 3))
  expect(workers).toHaveLength(1)
})

test('two calls at a time each get their own', async () => {
  const pool = await open(2)
  const [first, second] = await Promise.all([
    pool.encodeDocuments(texts.slice(0, 20)),
    pool.encodeDocuments(texts.slice(20)),
  ])
  expect([...first, ...second]).toEqual(await pool.encodeDocuments(texts))
})

describe('what ends early', () => {
  const many = Array.from({ length: 200 }, (_, i) => texts[i % texts.length] ?? '')

  test('an abort is answered at once, and the pool can be used again', async () => {
    const pool = await open(2)
    const controller = new AbortController()
    let last = 0
    const encoding = pool.encodeDocuments(many, {
      signal: controller.signal,
      onDone: (count) => {
        last = count
        if (count >= 20) controller.abort()
      },
    })
    await expect(encoding).rejects.toMatchObject({ code: 'aborted' })
    expect(last).toBeLessThan(40)
    await expect(pool.encodeDocuments(many, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' })
    await expect(pool.encodeDocuments(texts.slice(0, 3))).resolves.toHaveLength(3)
  })

  test('a worker that dies is an error, not a wait; the next call has a new one', async () => {
    const pool = await open(2)
    let killed = false
    const encoding = pool.encodeDocuments(many, {
      onDone: () => {
        if (!killed) workers[0]?.kill('SIGKILL')
        killed = true
      },
    })
    await expect(encoding).rejects.toMatchObject({ code: 'worker-died' })
    await expect(pool.encodeDocuments(texts)).resolves.toHaveLength(texts.length)
    expect(workers).toHaveLength(3)
  })

  test('closed while it encodes: pending and later calls reject', async () => {
    const pool = await open(2)
    const encoding = pool.encodeDocuments(many)
    const rejected = expect(encoding).rejects.toMatchObject({ code: 'closed' })
    await pool.close()
    await rejected
    await expect(pool.encodeDocuments(texts)).rejects.toMatchObject({ code: 'closed' })
  })

  test('an error of the caller in onDone, and a text that is none, reject the call', async () => {
    const pool = await open(2)
    const onDone = () => {
      throw new RangeError('the display is full')
    }
    await expect(pool.encodeDocuments(texts, { onDone })).rejects.toThrow('the display is full')
    const odd = JSON.parse('["a text", 7]')
    await expect(pool.encodeDocuments(odd)).rejects.toMatchObject({ code: 'invalid-argument' })
  })

  test('a model that is changed or taken away while it is in use', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'selvage-pool-'))
    await cp(TINY, folder, { recursive: true })
    const pool = await open(2, folder)
    const changed = (path: string) => join(folder, path)
    await cp(changed('config_sentence_transformers.json'), changed('kept.json'))
    const few = texts.slice(0, 4) // for one worker
    await writeFile(changed('config_sentence_transformers.json'), '{"query_length": 8}')
    await expect(pool.encodeDocuments(few)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/was changed while it was in use/),
    })
    await cp(changed('kept.json'), changed('config_sentence_transformers.json'))
    await expect(pool.encodeDocuments(few)).resolves.toHaveLength(few.length)
    await rm(folder, { recursive: true })
  })
})

test.each([
  [8, 32e9, 8],
  [8, 4.1e9, 4],
  [2, 0.5e9, 1],
])('by default %d cores and %d bytes of memory take %d workers', (cores, bytes, workers) => {
  expect(defaultWorkers(cores, bytes)).toBe(workers)
})
