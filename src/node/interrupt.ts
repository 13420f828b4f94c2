/**
 * Ctrl-C in a command that runs for long: the first one asks it to end well, the second ends the process at once, as if
 * nobody had listened. It knows nothing of what the command does.
 */
import { SelvageError } from '../errors.ts'
import { EXIT } from './exit.ts'

const NAMES = ['SIGINT', 'SIGTERM'] as const

/** Runs a task with a signal that fires at Ctrl-C, when the process is told to end, and with `outer`. */
export async function interruptible<T>(task: (signal: AbortSignal) => Promise<T>, outer?: AbortSignal): Promise<T> {
  const controller = new AbortController()
  const release = () => {
    for (const name of NAMES) process.off(name, stop)
    outer?.removeEventListener('abort', stop)
  }
  const stop = () => {
    release()
    controller.abort()
  }
  for (const name of NAMES) process.on(name, stop)
  outer?.addEventListener('abort', stop)
  if (outer?.aborted) stop()
  try {
    return await task(controller.signal)
  } finally {
    release()
  }
}

/** Says that a command which encodes was stopped, and what of it is kept; gives its exit code. Other errors are thrown on. */
export function endedEarly(error: unknown, display: { done(): void }): number {
  if (!(error instanceof SelvageError && error.code === 'aborted')) throw error
  display.done()
  process.stderr.write('Stopped; nothing was written. Vectors that were encoded are in the cache.\n')
  return EXIT.interrupted
}
