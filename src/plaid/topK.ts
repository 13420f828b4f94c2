/**
 * The k best of many scores. Ties go to the lower id; -Infinity is never a hit.
 */
import type { PassageId } from '../types.ts'

export interface Scored {
  readonly id: PassageId
  readonly score: number
}

/**
 * Simple version: sort all, take k. A heap of the k best so far visits each score once instead.
 * Returns at most k, best first.
 */
export function topK(scores: Float32Array, k: number): Scored[] {
  const heap: Scored[] = [] // the worst of the best at the root
  for (let id = 0; id < scores.length; id++) {
    const score = scores[id]!
    if (score === Number.NEGATIVE_INFINITY || k <= 0) continue
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

function isBetter(score: number, id: PassageId, than: Scored): boolean {
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
