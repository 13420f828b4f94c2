/**
 * The documentation's pages, kept when somebody asks for them: one cache for all versions, in which each page lies with the hash
 * of what it says, so that a new version fetches only what has changed and what is gone is deleted. Nothing else lies in it.
 */
import { absolute, type ListedPage, PREFIX, shell } from './worker.ts'

const CACHE = `${PREFIX}pages`
const HASH = 'x-selvage-hash'
/** As many as a browser asks one server for at a time. */
const AT_ONCE = 6

export interface PagesReport {
  readonly pages: number
  readonly bytes: number
  /** Of these, here and as this version has them. */
  readonly keptPages: number
  readonly keptBytes: number
}

export function pagesKept(cache: string): boolean {
  return cache === CACHE
}

export async function pagesReport(): Promise<PagesReport> {
  const missing = new Set(await missingPages())
  const kept = shell.pages.filter((page) => !missing.has(page))
  return {
    ...{ pages: shell.pages.length, bytes: sum(shell.pages) },
    ...{ keptPages: kept.length, keptBytes: sum(kept) },
  }
}

/**
 * Fetches those that are missing and tells the port how far it is: reports, then `done`, or `{ error }` with a sentence. What
 * has come by then stays. Any message on the port stops it.
 */
export async function keepPages(port: MessagePort): Promise<void> {
  let isStopped = false
  port.onmessage = () => {
    isStopped = true
  }
  try {
    const cache = await caches.open(CACHE)
    const missing = await missingPages()
    const total = sum(shell.pages)
    let loaded = total - sum(missing)
    const next = async (): Promise<void> => {
      const page = isStopped ? undefined : missing.pop()
      if (page === undefined) return
      await cache.put(absolute(page[0]), await fetched(page))
      loaded += page[2]
      port.postMessage({ loaded, total })
      return next()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, next))
    port.postMessage(isStopped ? 'stopped' : 'done')
  } catch (error) {
    isStopped = true
    port.postMessage({ error: error instanceof Error ? error.message : String(error) })
  }
}

/** A version that is being installed: where pages are kept, those that have changed are fetched, since their scripts will go. */
export async function renewPages(): Promise<void> {
  if (!(await caches.has(CACHE))) return
  const { port1, port2 } = new MessageChannel()
  await keepPages(port2)
  port1.close()
}

/** A new version is here: pages that it has not are deleted; those that it has in other words are served until they are renewed. */
export async function deletePages(): Promise<void> {
  if (!(await caches.has(CACHE))) return
  const cache = await caches.open(CACHE)
  const listed = new Set(shell.pages.map(([path]) => absolute(path)))
  const strays = (await cache.keys()).filter(({ url }) => !listed.has(url))
  await Promise.all(strays.map((request) => cache.delete(request)))
}

async function missingPages(): Promise<ListedPage[]> {
  if (!(await caches.has(CACHE))) return [...shell.pages]
  const cache = await caches.open(CACHE)
  const hashes = await Promise.all(
    shell.pages.map(async ([path]) => (await cache.match(absolute(path)))?.headers.get(HASH) ?? undefined),
  )
  return shell.pages.filter(([, hash], i) => hashes[i] !== hash)
}

async function fetched([path, hash]: ListedPage): Promise<Response> {
  const answer = await fetch(absolute(path), { cache: 'no-cache' })
  if (!answer.ok) throw new Error(`${absolute(path)} could not be fetched: the server said ${answer.status}.`)
  const headers = new Headers(answer.headers)
  headers.set(HASH, hash)
  return new Response(await answer.blob(), { headers })
}

function sum(pages: readonly ListedPage[]): number {
  return pages.reduce((total, [, , bytes]) => total + bytes, 0)
}
