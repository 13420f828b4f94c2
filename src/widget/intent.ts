/**
 * When is the model loaded, tens of megabytes of it? What the page's author asked for, unless the visitor saves data or the
 * device has little memory: then only who turns to the search pays for it. Also what else of the browser matters to a search,
 * in one place, so that tests can stand in for it.
 */
import type { Preload } from './types.ts'

export interface Surroundings {
  readonly savesData: boolean
  /** Undefined where the browser does not say. */
  readonly memoryGB: number | undefined
  readonly isSecure: boolean
  isOnline(): boolean
  /** Calls when the network comes or goes. Returns how to stop. */
  onNetwork(call: () => void): () => void
  /** Calls once, when nothing else is to be done. Returns how not to. */
  whenIdle(call: () => void): () => void
}

export const PRELOADS: readonly string[] = ['eager', 'idle', 'intent', 'never'] satisfies Preload[]

export function isPreload(text: string): text is Preload {
  return PRELOADS.includes(text)
}

/** A model, its runtime and vectors are more than a page should take unasked where there is no more than this. */
const LITTLE_MEMORY_GB = 2

export function effectivePreload(wanted: Preload, { savesData, memoryGB }: Surroundings): Preload {
  const isSparing = savesData || (memoryGB !== undefined && memoryGB <= LITTLE_MEMORY_GB)
  return isSparing && wanted !== 'never' ? 'intent' : wanted
}

/** What no two browsers have in common, and TypeScript does not know. */
interface Hints {
  readonly connection?: { readonly saveData?: boolean }
  readonly deviceMemory?: number
}

/** A page may be busy for ever. */
const MOST_IDLE_MS = 5000
/** Safari has no idle callbacks. */
const IDLE_MS = 1000

export function browserSurroundings(): Surroundings {
  const navigator: (Navigator & Hints) | undefined = globalThis.navigator
  return {
    savesData: navigator?.connection?.saveData ?? false,
    memoryGB: navigator?.deviceMemory,
    isSecure: globalThis.isSecureContext !== false,
    isOnline: () => navigator?.onLine !== false,
    onNetwork(call) {
      const stop = new AbortController()
      for (const event of ['online', 'offline']) globalThis.addEventListener?.(event, call, { signal: stop.signal })
      return () => stop.abort()
    },
    whenIdle(call) {
      if (typeof requestIdleCallback === 'undefined') {
        const timer = setTimeout(call, IDLE_MS)
        return () => clearTimeout(timer)
      }
      const handle = requestIdleCallback(call, { timeout: MOST_IDLE_MS })
      return () => cancelIdleCallback(handle)
    },
  }
}
