/** Builds that meet in one folder: one at a time, and what a killed one leaves is in nobody's way. */
import { spawnSync } from 'node:child_process'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { buildFolder } from '../../src/node/build.ts'
import { run } from '../../src/node/cli.ts'
import { LOCK_FILE, withLock } from '../../src/node/lock.ts'
import { commandLine } from '../support/command.ts'

const command = commandLine('selvage-lock-')
const { at, write } = command

test('a second build is refused and takes nothing from the first', async () => {
  await write('a/one.md', '# One\n\nA cat sleeps.\n')
  await write('b/two.md', '# Two\n\nA river flows.\n')
  const [first, second] = await Promise.allSettled([
    buildFolder({ folder: at('a'), output: at('out') }),
    buildFolder({ folder: at('b'), output: at('out') }),
  ])
  const results = [first, second].map(({ status }) => status)
  expect(results.sort()).toEqual(['fulfilled', 'rejected'])
  const refused = [first, second].find((result) => result.status === 'rejected')
  expect(refused).toMatchObject({
    reason: { code: 'output-conflict', message: expect.stringContaining('Another command is writing') },
  })
  expect(await run(['verify', at('out')])).toBe(0)
  expect(command.out).not.toContain('not of this index')
})

test('of a process that is gone counts for nothing', async () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  await write(`out/${LOCK_FILE}`, JSON.stringify({ pid, host: hostname() }))
  expect(await withLock(at('out'), async () => 'done')).toBe('done')
})

test.each([
  ['of a running process', JSON.stringify({ pid: process.ppid, host: hostname() }), `process ${process.ppid}`],
  ['of another machine', JSON.stringify({ pid: 1, host: 'elsewhere' }), 'process 1 on elsewhere'],
  ['that says nothing', '', 'delete '],
])('one %s is heeded, and says what to do', async (_, content, said) => {
  await write(`out/${LOCK_FILE}`, content)
  await expect(withLock(at('out'), async () => 'done')).rejects.toThrow(said)
})
