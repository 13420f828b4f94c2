/** Ctrl-C during `selvage build`, with the real model: it ends soon and says so in a line, and what was there stays. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { interruptible } from '../../src/node/interrupt.ts'

let folder: string
let out = ''
let err = ''
/** Called at each line of progress. */
let onErr: (text: string) => void
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'selvage-interrupt-'))
  await mkdir(at('docs'))
  await writeFile(at('docs/cats.md'), '# Cats\n\nA cat sleeps most of the day.\n')
  vi.stubEnv('SELVAGE_CACHE_DIR', at('cache'))
  out = ''
  err = ''
  onErr = () => {}
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += text
    onErr(String(text))
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const at = (path: string) => join(folder, path)
const build = (signal?: AbortSignal, ...options: string[]) =>
  run(['build', at('docs'), '-o', at('out'), ...options], signal)

async function contents(): Promise<(readonly [string, string])[]> {
  const names = (await readdir(at('out'))).sort()
  return Promise.all(names.map(async (name) => [name, await readFile(at(`out/${name}`), 'latin1')] as const))
}

const lastLine = () => err.trimEnd().split('\n').at(-1)

test.each(['Loading the model', 'Reading', 'Encoding'])('at "%s": the old index stays, whole', async (stage) => {
  expect(await build()).toBe(0)
  const before = await contents()
  await writeFile(at('docs/rivers.md'), '# Rivers\n\nA bridge carries a road over a river.\n')
  const controller = new AbortController()
  onErr = (text) => text.startsWith(stage) && controller.abort()
  expect(await build(controller.signal)).toBe(130)
  expect(await contents()).toEqual(before)
  expect(lastLine()).toBe(
    `Stopped; ${at('out')} is as it was before. With --incremental a build goes on from where the last one was stopped.`,
  )
  expect(err).not.toMatch(/\n {4}at /)
})

test('with --incremental what was encoded is kept', async () => {
  const controller = new AbortController()
  onErr = (text) => text.startsWith('Finding centroids') && controller.abort()
  expect(await build(controller.signal, '--incremental')).toBe(130)
  expect(await readdir(at('out'))).toEqual([])
  expect(lastLine()).toMatch(/What was encoded is in the cache, and the next build goes on from there\.$/)
  onErr = () => {}
  expect(await build(undefined, '--incremental')).toBe(0)
  expect(out).toMatch(/1 of 1 passages from the cache/)
})

test.each(['SIGINT', 'SIGTERM'] as const)('%s is heard once, then as if nobody listened', async (name) => {
  const listeners = process.listenerCount(name)
  await interruptible(async (signal) => {
    expect(process.listenerCount(name)).toBe(listeners + 1)
    process.emit(name)
    expect(signal.aborted).toBe(true)
    expect(process.listenerCount(name)).toBe(listeners)
  })
  await expect(interruptible(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed')
  expect(process.listenerCount(name)).toBe(listeners)
  await interruptible(async (signal) => expect(signal.aborted).toBe(true), AbortSignal.abort())
})
