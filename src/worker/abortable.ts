/** How does a caller get away from work that nobody can break off? It stops waiting, the work goes on alone. */
import { SelvageError, throwIfAborted } from '../errors.ts'

/** The promise, or `aborted` as soon as the signal fires. `what` is the subject of the message: "The search". */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined, what: string): Promise<T> {
  if (signal === undefined) return promise
  promise.catch(() => {}) // nobody may be waiting for it any more when it rejects
  throwIfAborted(signal)
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SelvageError('aborted', `${what} was aborted by its caller.`))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
