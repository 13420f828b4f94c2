/** Small helpers without any import from the project. Past 150 lines this file is split. */

/** Whether `sha256Hex` works: browsers have no digest on pages without https (localhost counts as secure). */
export function canHash(): boolean {
  return globalThis.crypto?.subtle !== undefined
}

/** Lower-case hex SHA-256 of the bytes. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** 1234567 -> "1.2 MB" (decimal units, as file managers and browsers show them). */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 99.5 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** A value that is made when first asked for, and once; where making it failed, whoever asks next tries again. */
export function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    if (made !== undefined) return made
    const making = make()
    made = making
    making.catch(() => {
      made = undefined
    })
    return making
  }
}

/** A list of names for a sentence: ["a","b","c"] -> "a, b or c". */
export function orList(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`
}

/** The arrays one behind the other, in a typed array of the kind that `make` gives. */
export function concat<Values extends { set(values: ArrayLike<number>, at: number): void }>(
  make: (length: number) => Values,
  arrays: readonly ArrayLike<number>[],
): Values {
  const all = make(arrays.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const array of arrays) {
    all.set(array, at)
    at += array.length
  }
  return all
}

/** Whether both are there with the same bytes, or neither is. */
export function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Gzip, by the platform: never rely on a host's Content-Encoding for what can be compressed once at build. */
export function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  return pipe(bytes, new CompressionStream('gzip'))
}

export function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  return pipe(bytes, new DecompressionStream('gzip'))
}

async function pipe(bytes: Uint8Array, through: CompressionStream | DecompressionStream): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(through)
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

/** Index of the last element <= value in an ascending list; -1 where all are greater. */
export function lastAtMost<Value extends number | string>(ascending: ArrayLike<Value>, value: Value): number {
  let low = -1
  let high = ascending.length
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (ascending[middle]! <= value) low = middle
    else high = middle
  }
  return low
}

/** A score, and the place it stands at. */
export interface Scored {
  readonly id: number
  readonly score: number
}

/**
 * The k best of many scores, at most, best first; ties go to the lower id. -Infinity is never a hit, nor what `isAllowed`
 * refuses. Simple version: sort all, take k. A heap of the k best so far visits each score once instead.
 */
export function topK(scores: ArrayLike<number>, k: number, isAllowed: (id: number) => boolean = () => true): Scored[] {
  const heap: Scored[] = [] // the worst of the best at the root
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id]!
    if (score === Number.NEGATIVE_INFINITY || k <= 0 || !isAllowed(id)) continue
    if (heap.length < k) {
      heap.push({ id, score })
      siftUp(heap, heap.length - 1)
    } else if (isBetter(score, id, heap[0]!)) {
      heap[0] = { id, score }
      siftDown(heap)
    }
  }
  return heap.sort((a, b) => b.score - a.score || a.id - b.id)
}

function isBetter(score: number, id: number, than: Scored): boolean {
  return score > than.score || (score === than.score && id < than.id)
}

function siftUp(heap: Scored[], at: number): void {
  for (let child = at; child > 0; ) {
    const parent = (child - 1) >> 1
    if (!isBetter(heap[parent]!.score, heap[parent]!.id, heap[child]!)) return
    swap(heap, parent, child)
    child = parent
  }
}

function siftDown(heap: Scored[]): void {
  for (let parent = 0; ; ) {
    let worst = parent
    for (const child of [2 * parent + 1, 2 * parent + 2])
      if (child < heap.length && isBetter(heap[worst]!.score, heap[worst]!.id, heap[child]!)) worst = child
    if (worst === parent) return
    swap(heap, parent, worst)
    parent = worst
  }
}

function swap(heap: Scored[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
