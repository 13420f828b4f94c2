/**
 * The page without a network: its own files, and nothing else. Index, model and runtime lie in the library's database; what
 * is asked of them here goes to the network as if this worker were not there.
 * The page comes from the network where that answers, else as it was kept; a file with a hash in its name is the same
 * wherever it comes from. Each version is kept whole, in a cache of its own that is never changed: no page is half of one.
 */

/** What `tsc` knows of service workers is at odds with what it knows of pages: the little that is used here. */
interface ShellWorker {
  readonly registration: ServiceWorkerRegistration
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: AskedEvent) => void): void
}

interface LifeEvent {
  waitUntil(work: Promise<unknown>): void
}

interface AskedEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

/** Written by the build. Addresses are relative to this file. */
declare const SELVAGE_SHELL: {
  readonly version: string
  /** Its script's name stands in the page: how one that belongs to these files is told from an older or newer one. */
  readonly entry: string
  readonly files: readonly string[]
}

// The global of this file is a service worker's, whatever the compiler takes it for.
const worker = globalThis as unknown as ShellWorker
const { version, entry, files } = SELVAGE_SHELL
const scope = worker.registration.scope
/** Several of these pages may lie on one origin. */
const PREFIX = `selvage demo ${scope} `
const CACHE = PREFIX + version
/** Who waits longer for a page has no network to speak of. */
const PATIENCE_MS = 3000

const addresses = new Set(files.map(absolute))

worker.addEventListener('install', (event) => {
  event.waitUntil(keep())
})

/** Pages of the version before hold this one off, and when it comes the last of them is closed: what they use goes. */
worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE)
      await Promise.all(others.map((name) => caches.delete(name)))
      await worker.clients.claim() // the first visit is offline, too, from now on
    })(),
  )
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  if (request.method !== 'GET') return
  const { origin, pathname } = new URL(request.url)
  const address = origin + pathname
  if (request.mode === 'navigate') {
    if (address === scope || address === absolute('index.html')) event.respondWith(page(request))
  } else if (addresses.has(address)) event.respondWith(file(request))
})

/**
 * All or nothing: where one file cannot be had the installation fails, and the browser tries again later. The page is
 * written last, so a cache that has it is whole, and left as it is.
 */
async function keep(): Promise<void> {
  const cache = await caches.open(CACHE)
  if (await cache.match(scope)) return
  try {
    const page = await fetch(scope, { cache: 'no-cache' })
    if (!page.ok || !(await page.clone().text()).includes(entry))
      throw new Error(`The page at ${scope} is of another version than its service worker.`)
    await cache.addAll([...addresses])
    await cache.put(scope, page)
  } catch (error) {
    await caches.delete(CACHE)
    throw error
  }
}

async function page(request: Request): Promise<Response> {
  const asked = fetch(request)
  asked.catch(() => {}) // told where nothing is kept
  const kept = async () => (await caches.open(CACHE)).match(scope)
  try {
    const answer = await Promise.race([asked, rest(PATIENCE_MS)])
    if (answer?.ok || answer?.type === 'opaqueredirect') return answer
    return (await kept()) ?? (await asked)
  } catch (error) {
    const held = await kept()
    if (held === undefined) throw error
    return held
  }
}

/** A version that is waiting has its files already: the page that came from the network may be of that one. */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request)
}

function absolute(path: string): string {
  return new URL(path, scope).href
}

function rest(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export {}
