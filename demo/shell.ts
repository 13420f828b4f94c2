/**
 * Whether the page itself is there without a network: starts the service worker that keeps it (sw.ts).
 * Knows nothing of index and model.
 */

/** Resolves when it is; `reason` says in words why it is not. */
export async function keepShell(): Promise<{ readonly isKept: boolean; readonly reason?: string }> {
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
