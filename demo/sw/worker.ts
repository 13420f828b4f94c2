/** The service worker's own world: what it is told by the build, its global and the names of its caches. */

/** What `tsc` knows of service workers is at odds with what it knows of pages: the little that is used here. */
interface ShellWorker {
  readonly registration: ServiceWorkerRegistration
  readonly clients: { claim(): Promise<void> }
  addEventListener(type: 'install' | 'activate', listener: (event: LifeEvent) => void): void
  addEventListener(type: 'fetch', listener: (event: AskedEvent) => void): void
  addEventListener(type: 'message', listener: (event: MessageEvent & LifeEvent) => void): void
}

interface LifeEvent {
  waitUntil(work: Promise<unknown>): void
}

interface AskedEvent {
  readonly request: Request
  respondWith(response: Promise<Response>): void
}

/** A page of the documentation: its address, a hash of what it says, and its bytes. */
export type ListedPage = readonly [path: string, hash: string, bytes: number]

/** Written by the build. Addresses are relative to this file; '' is the search page. */
declare const SELVAGE_SHELL: {
  readonly version: string
  /** Page → its script, whose name stands in it. */
  readonly entries: Readonly<Record<string, string>>
  readonly files: readonly string[]
  readonly pages: readonly ListedPage[]
}

// The global of this file is a service worker's, whatever the compiler takes it for.
export const worker = globalThis as unknown as ShellWorker
export const shell = SELVAGE_SHELL
export const scope = worker.registration.scope
/** Several of these sites may lie on one origin. */
export const PREFIX = `selvage demo ${scope} `
export const CACHE = PREFIX + shell.version

export function absolute(path: string): string {
  return new URL(path, scope).href
}
