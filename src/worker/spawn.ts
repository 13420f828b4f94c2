/**
 * Where the worker scripts are. The library build replaces these three lines by the sibling files of dist/browser/, in the
 * form that every bundler knows: new Worker(new URL('./encoder.js', import.meta.url), { type: 'module' }).
 */

/** What is needed of a worker; tests make their own. */
export interface WorkerLike {
  postMessage(message: unknown, transfer?: Transferable[]): void
  addEventListener(type: string, listener: EventListenerOrEventListenerObject): void
  removeEventListener(type: string, listener: EventListenerOrEventListenerObject): void
  terminate(): void
}

export interface Spawn {
  encoder(): WorkerLike
  engine(): WorkerLike
  writer(): WorkerLike
}

export function spawnEncoder(): Worker {
  return new Worker(new URL('./encoder.ts', import.meta.url), {
    type: 'module',
    name: 'selvage encoder',
  })
}

export function spawnEngine(): Worker {
  return new Worker(new URL('./engine.ts', import.meta.url), {
    type: 'module',
    name: 'selvage engine',
  })
}

export function spawnWriter(): Worker {
  return new Worker(new URL('./writer.ts', import.meta.url), {
    type: 'module',
    name: 'selvage writer',
  })
}
