/**
 * How do the tabs and workers of a site get along? A lease for work that one of them should do (a download that two would
 * make twice), and news for the others. Neither keeps data safe: that is the store's `swap`. Web Locks and BroadcastChannel
 * exist on secure pages; without them (http, Node before 24) both work within this thread only.
 */
import { SelvageError, throwIfAborted } from '../errors.ts'

export interface LeaseOptions {
  /** Ends the waiting; what runs already is not stopped by it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `run` while nobody else holds the lease of this name. It ends with `run`, or with the tab.
 * Errors: `aborted` while it waited, and what `run` throws.
 */
export async function withLease<Result>(
  name: string,
  run: () => Promise<Result>,
  { signal }: LeaseOptions = {},
): Promise<Result> {
  throwIfAborted(signal)
  const locks = globalThis.navigator?.locks
  if (locks === undefined) return queued(name, run, signal)
  let isHeld = false
  try {
    return await locks.request(`selvage:${name}`, signal ? { signal } : {}, () => {
      isHeld = true
      return run()
    })
  } catch (error) {
    if (isHeld) throw error
    throwIfAborted(signal)
    return queued(name, run, signal) // SecurityError: a frame without an origin has no locks; nor has it other tabs
  }
}

/** Name -> settled when the last who asked has ended, or has given up. */
const lastInLine = new Map<string, Promise<void>>()

async function queued<Result>(
  name: string,
  run: () => Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  const before = lastInLine.get(name) ?? Promise.resolve()
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  // Who gives up ends before the one in front of it: those behind wait for both.
  const line = before.then(() => ended)
  lastInLine.set(name, line)
  line.then(() => lastInLine.get(name) === line && lastInLine.delete(name))
  try {
    await orAborted(before, signal)
    return await run()
  } finally {
    end()
  }
}

function orAborted(before: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return before
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new SelvageError('aborted', 'The operation was aborted by its caller.'))
    signal.addEventListener('abort', onAbort)
    before.then(() => {
      signal.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}

/** Messages that can be cloned, to all others of the same name, never to oneself; who is not there yet misses them. */
export interface NewsChannel<Message> {
  /** After close() it says nothing: there is no one to be told. */
  tell(message: Message): void
  /** @returns ends the listening */
  onNews(listener: (message: Message) => void): () => void
  close(): void
}

export function newsChannel<Message>(name: string): NewsChannel<Message> {
  const listeners = new Set<(message: Message) => void>()
  const hear = (message: Message) => {
    for (const listener of [...listeners]) listener(message)
  }
  const link = globalThis.BroadcastChannel === undefined ? inThread(name, hear) : broadcast(name, hear)
  let isClosed = false
  return {
    tell(message) {
      if (!isClosed) link.send(message)
    },
    onNews(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close() {
      isClosed = true
      listeners.clear()
      link.close()
    },
  }
}

interface Link<Message> {
  send(message: Message): void
  close(): void
}

function broadcast<Message>(name: string, hear: (message: Message) => void): Link<Message> {
  const channel = new BroadcastChannel(`selvage:${name}`)
  channel.onmessage = ({ data }) => hear(data)
  // Node would wait for messages for ever.
  if ('unref' in channel && typeof channel.unref === 'function') channel.unref()
  return { send: (message) => channel.postMessage(message), close: () => channel.close() }
}

/** Name -> who hears it in this thread. */
const hearers = new Map<string, Set<(message: unknown) => void>>()

function inThread<Message>(name: string, hear: (message: Message) => void): Link<Message> {
  // One type per name is the caller's promise, as with BroadcastChannel.
  const own = hear as (message: unknown) => void
  const all = hearers.get(name) ?? new Set()
  hearers.set(name, all.add(own))
  return {
    send(message) {
      for (const other of all) {
        if (other === own) continue
        const copy = structuredClone(message)
        queueMicrotask(() => all.has(other) && other(copy))
      }
    },
    close() {
      all.delete(own)
      if (all.size === 0 && hearers.get(name) === all) hearers.delete(name)
    },
  }
}
