/** How many files a second are added, over the last few steps: a mean of everything would hide a laptop that slows down. */
import type { WorkProgress } from 'selvage'

const SPAN_MS = 20_000

export class Speed {
  #points: { readonly at: number; readonly done: number }[] = []

  /** Undefined until there is something to measure. */
  of({ state, documents: { done } }: WorkProgress, now: number): number | undefined {
    const last = this.#points.at(-1)
    if (state !== 'adding' || (last !== undefined && done < last.done)) this.#points = []
    if (state !== 'adding') return undefined
    if (this.#points.at(-1)?.done !== done) this.#points.push({ at: now, done })
    while (this.#points.length > 2 && now - (this.#points[0]?.at ?? now) > SPAN_MS) this.#points.shift()
    const first = this.#points[0]
    if (first === undefined || done === first.done || now <= first.at) return undefined
    return ((done - first.done) / (now - first.at)) * 1000
  }
}
