/** Ctrl-C during `selvage build`, with the real model: it ends soon and says so in a line, and what was there stays. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { interruptible } from '../../src/node/interrupt.ts'
import { commandLine } from '../support/command.ts'

/** Called at each line of progress. */
let onErr: (text: string) => void = () => {}
const cli = commandLine('selvage-interrupt-', (text) => onErr(text))
const { at, write } = cli
beforeEach(async () => {
  await write('docs/cats.md', '# Cats\n\nA cat sleeps most of the day.\n')
  vi.stubEnv('SELVAGE_CACHE_DIR', at('cache'))
  onErr = () => {}
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const build = (signal?: AbortSignal, ...options: string[]) =>
  run(['build', at('docs'), '-o', at('out'), ...options], signal)

async function contents(): Promise<(readonly [string, string])[]> {
  const names = (await readdir(at('out'))).sort()
  return Promise.all(names.map(async (name) => [name, await readFile(at(`out/${name}`), 'latin1')] as const))
}

const lastLine = () => cli.err.trimEnd().split('\n').at(-1)

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
  expect(cli.err).not.toMatch(/\n {4}at /)
})

test('with --incremental what was encoded is kept', async () => {
  const controller = new AbortController()
  onErr = (text) => text.startsWith('Finding centroids') && controller.abort()
  expect(await build(controller.signal, '--incremental')).toBe(130)
  expect(await readdir(at('out'))).toEqual([])
  expect(lastLine()).toMatch(/What was encoded is in the cache, and the next build goes on from there\.$/)
  onErr = () => {}
  expect(await build(undefined, '--incremental')).toBe(0)
  expect(cli.out).toMatch(/1 of 1 passages from the cache/)
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
