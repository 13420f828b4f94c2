/**
 * Whether the pages themselves are there without a network: starts the service worker that keeps them (sw.ts), asks it how many
 * of the documentation's pages it has, and for the rest of them. Knows nothing of index and model.
 */
import type { PagesReport } from './sw/pages.ts'

export interface Shell {
  readonly isKept: boolean
  /** In words, why it is not. */
  readonly reason?: string
}

/** Resolves when the worker keeps the shell, or says why not. */
export async function keepShell(): Promise<Shell> {
  if (import.meta.hot) return { isKept: false, reason: 'The page is kept only as built, not while it is worked on.' }
  // Missing on pages without https, whatever the types say.
  const container: ServiceWorkerContainer | undefined = navigator.serviceWorker
  if (container === undefined) return { isKept: false, reason: 'This browser keeps pages only from https addresses.' }
  try {
    await container.register('./sw.js')
    await container.ready
    return { isKept: true }
  } catch (error) {
    // An update that cannot be fetched is no loss: the version that is here stays.
    if (container.controller !== null) return { isKept: true }
    const reason = error instanceof Error ? error.message : String(error)
    return { isKept: false, reason: `The page could not be kept: ${reason}` }
  }
}

/** How many of the documentation's pages are kept; undefined where no worker keeps any. */
export async function reportPages(): Promise<PagesReport | undefined> {
  const worker = await activeWorker()
  if (worker === undefined) return undefined
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<PagesReport>) => {
      port1.close()
      resolve(data)
    }
    worker.postMessage('report', [port2])
  })
}

type Told = 'done' | 'stopped' | { readonly error: string } | { readonly loaded: number; readonly total: number }

/**
 * Keeps the rest of them; rejects with the reason. What has come by an abort is kept, and who aborts does not wait: a worker that
 * the browser has ended would never answer.
 */
export async function keepPages(
  onProgress: (loaded: number, total: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const worker = await activeWorker()
  if (worker === undefined || signal.aborted) return
  const { port1, port2 } = new MessageChannel()
  let stop = () => {}
  try {
    await new Promise<void>((resolve, reject) => {
      stop = () => {
        port1.postMessage('stop')
        resolve()
      }
      signal.addEventListener('abort', stop, { once: true })
      port1.onmessage = ({ data }: MessageEvent<Told>) => {
        if (data === 'done' || data === 'stopped') resolve()
        else if ('error' in data) reject(new Error(data.error))
        else onProgress(data.loaded, data.total)
      }
      worker.postMessage('keep', [port2])
    })
  } finally {
    signal.removeEventListener('abort', stop)
    port1.close()
  }
}

async function activeWorker(): Promise<ServiceWorker | undefined> {
  const container: ServiceWorkerContainer | undefined = navigator.serviceWorker
  return (await container?.getRegistration())?.active ?? undefined
}
