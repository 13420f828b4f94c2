/** The command's own file: what it does with a pipe that is closed, as by `selvage search ... | head`. */
import { afterEach, expect, test, vi } from 'vitest'

vi.mock('../../src/node/cli.ts', () => ({ run: async () => 0 }))

afterEach(() => vi.restoreAllMocks())

test('a closed pipe ends the command without a word; another fault of a stream is thrown', async () => {
  // Watched, not added: the streams are those of the test run.
  const added = vi.spyOn(process.stdout, 'on').mockReturnValue(process.stdout)
  vi.spyOn(process.stderr, 'on').mockReturnValue(process.stderr)
  await import('../../src/node/main.ts')
  const [name, listener] = added.mock.calls[0]!
  expect(name).toBe('error')
  const exit = vi.spyOn(process, 'exit').mockImplementation(() => {
    throw new Error('exited')
  })
  const fail = (code: string) => Reflect.apply(listener, process.stdout, [Object.assign(new Error('write'), { code })])
  expect(() => fail('EPIPE')).toThrow('exited')
  expect(exit).toHaveBeenCalledWith()
  expect(() => fail('ENOSPC')).toThrow('write')
})
