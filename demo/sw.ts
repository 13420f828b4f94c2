/**
 * The pages without a network: their own files, and nothing else. Index, model and runtime lie in the library's database; what
 * is asked of them here goes to the network as if this worker were not there.
 * Two kinds: the shell (search, playground, check, and all scripts and styles) is kept by itself, each version whole in a cache
 * of its own that is never changed; the documentation's pages are kept when somebody asks for them (sw/pages.ts).
 * A page comes from the network where that answers, else as it was kept; a file with a hash in its name is the same wherever it
 * comes from. What has no such name changes with the version.
 */
import { deletePages, keepPages, pagesKept, pagesReport, renewPages } from './sw/pages.ts'
import { absolute, CACHE, PREFIX, scope, shell, worker } from './sw/worker.ts'

/** Who waits longer for a page has no network to speak of. */
const PATIENCE_MS = 3000

const files = new Set(shell.files.map(absolute))
/** Address of each page of the shell, and the script by which one of these files is told from an older or newer one. */
const entries = new Map(Object.entries(shell.entries).map(([path, entry]) => [absolute(path), entry]))

worker.addEventListener('install', (event) => {
  event.waitUntil(keep().then(renewPages))
})

/** Pages of the version before hold this one off, and when it comes the last of them is closed: what they use goes. */
worker.addEventListener('activate', (event) => {
  event.waitUntil(
    (async () => {
      const others = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE)
      await Promise.all(others.filter((name) => !pagesKept(name)).map((name) => caches.delete(name)))
      await deletePages()
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
    if (address.startsWith(scope)) event.respondWith(page(request, address))
  } else if (files.has(address) || isOfSomeVersion(address)) event.respondWith(file(request))
})

/** Asked by the page over a port: `report` how much is kept, or `keep` the rest of the pages. */
worker.addEventListener('message', (event) => {
  const [port] = event.ports
  if (port === undefined) return
  if (event.data === 'report') event.waitUntil(pagesReport().then((report) => port.postMessage(report)))
  if (event.data === 'keep') event.waitUntil(keepPages(port))
})

/**
 * All or nothing: where one file cannot be had the installation fails, and the browser tries again later. The search page is
 * written last, so a cache that has it is whole, and left as it is.
 */
async function keep(): Promise<void> {
  const cache = await caches.open(CACHE)
  if (await cache.match(scope)) return
  try {
    const pages = await Promise.all([...entries].map(([address, entry]) => fetched(address, entry)))
    await cache.addAll([...files])
    const last = pages.toSorted(([one], [other]) => Number(one === scope) - Number(other === scope))
    for (const [address, answer] of last) await cache.put(address, answer)
  } catch (error) {
    await caches.delete(CACHE)
    throw error
  }
}

async function fetched(address: string, entry: string): Promise<[string, Response]> {
  const answer = await fetch(address, { cache: 'no-cache' })
  if (!answer.ok || !(await answer.clone().text()).includes(entry))
    throw new Error(`The page at ${address} is of another version than its service worker.`)
  return [address, unredirected(answer)]
}

/** Hosts that leave the ending out of addresses answer by way of a redirect, and no browser shows a kept page that came so. */
function unredirected(answer: Response): Response {
  return answer.redirected ? new Response(answer.body, answer) : answer
}

async function page(request: Request, address: string): Promise<Response> {
  const asked = fetch(request)
  asked.catch(() => {}) // told where nothing is kept
  const kept = async () => {
    for (const name of namesOf(address)) {
      const answer = await keptPage(name)
      if (answer !== undefined) return answer
    }
    return undefined
  }
  try {
    const answer = await Promise.race([asked, rest(PATIENCE_MS)])
    // What the server says of a page that we have not is its own.
    if (answer?.ok || answer?.type === 'opaqueredirect') return answer
    return (await kept()) ?? (await asked)
  } catch {
    return (await kept()) ?? notKept()
  }
}

/** What a page may be kept under, where an address leaves out its ending. */
function namesOf(address: string): readonly string[] {
  if (address === absolute('index.html')) return [scope]
  return [address, address.endsWith('/') ? `${address}index.html` : `${address}.html`]
}

/** The shell of this version before any other, which may be the one that is waiting. */
async function keptPage(address: string): Promise<Response | undefined> {
  if (entries.has(address)) return (await caches.open(CACHE)).match(address)
  return caches.match(address)
}

/** A page that nobody has asked to keep. */
function notKept(): Response {
  const text =
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
    `<meta name="color-scheme" content="light dark"><title>Not kept · Selvage</title><h1>This page is not in this browser</h1>` +
    `<p>The site cannot be reached just now. The search can: <a href="${scope}">go to the search</a>, ` +
    `and make all pages available offline there when the network is back.</p></html>`
  return new Response(text, { status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } })
}

/** By a name with a hash in it, as the build gives to scripts and styles. */
function isOfSomeVersion(address: string): boolean {
  return address.startsWith(absolute('assets/')) && /\.(?:js|css)$/.test(address)
}

/**
 * A version that is waiting has its files already: the page that came from the network, or was kept anew for it, may be of that
 * one.
 */
async function file(request: Request): Promise<Response> {
  return (await caches.match(request, { ignoreSearch: true, ignoreVary: true })) ?? fetch(request)
}

function rest(ms: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
