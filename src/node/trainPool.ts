/**
 * The stages of an encoder in training on all cores: chunks do not depend on each other but for the sum of their gradients.
 * Each thread takes some of a batch forward and the same backward; this one only waits, and so a progress bar moves and
 * Ctrl-C is heard. Gradients are added up thread by thread: the same number of threads gives the same bits.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { SelvageError } from '../errors.ts'
import { add, type Embedded, type Pulled, type Runner } from '../training/stages.ts'
import type { BertShape, Tensor, Weights } from '../training/types.ts'
import { AskedThread } from './askedThread.ts'
import type { TrainAnswer, TrainRequest } from './trainWorker.ts'

/** More have little to do in a batch, and each has a copy of the weights. */
const MOST_THREADS = 8

/** By the machine alone, not by what is free of it: a run that goes on shall give the same bits. */
export function trainThreads(): number {
  return Math.min(availableParallelism(), MOST_THREADS)
}

type Thread = AskedThread<TrainRequest, TrainAnswer>

export class TrainPool implements Runner {
  readonly #shape: BertShape
  readonly #count: number
  #threads: Thread[] = []
  /** Numbers of the chunks that each thread has kept. */
  #kept: readonly (readonly number[])[] = []

  constructor(shape: BertShape, threads: number) {
    this.#shape = shape
    this.#count = threads
  }

  async encode(weights: Weights, chunks: readonly Embedded[], { keep }: { readonly keep: boolean }): Promise<Tensor[]> {
    const shares = shareOut(chunks, this.#count)
    const threads = this.#started(shares.length)
    const vectors = new Array<Tensor>(chunks.length)
    await all(
      shares.map(async (share, n) => {
        const own = share.map((i) => chunks[i]!)
        const answer = await threads[n]!.ask({ shape: this.#shape, weights, chunks: own, keep })
        if (!('vectors' in answer)) throw wrongAnswer()
        for (const [k, i] of share.entries()) vectors[i] = answer.vectors[k]!
      }),
    )
    if (keep) this.#kept = shares
    return vectors
  }

  async pull(above: readonly Tensor[]): Promise<Pulled> {
    const shares = this.#kept
    const below = new Array<Tensor>(above.length)
    const answers = await all(
      shares.map(async (share, n) => {
        const answer = await this.#threads[n]!.ask({ above: share.map((i) => above[i]!) })
        if (!('gradients' in answer)) throw wrongAnswer()
        for (const [k, i] of share.entries()) below[i] = answer.below[k]!
        return answer.gradients
      }),
    )
    const [gradients, ...others] = answers
    if (gradients === undefined) throw new SelvageError('internal', 'Gradients were asked for before a run that keeps.')
    for (const other of others) for (const [name, values] of other) add(gradients.get(name)!, values)
    return { below, gradients }
  }

  close(): void {
    for (const thread of this.#threads) thread.close().catch(() => {}) // they hold nothing, and end with the process
    this.#threads = []
  }

  #started(count: number): Thread[] {
    this.#threads = this.#threads.filter(({ hasEnded }) => !hasEnded) // one that died between two calls answers nothing
    while (this.#threads.length < count) {
      this.#threads.push(new AskedThread(new Worker(new URL('./trainWorker.ts', import.meta.url)), 'trains'))
    }
    return this.#threads
  }
}

/** All of them, or the first error once none is at work any more: a thread that is still busy is not asked again. */
async function all<Result>(promises: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

/** Numbers of the chunks for each thread, at most `count` shares: the largest first, each to who has least. */
function shareOut(chunks: readonly Embedded[], count: number): number[][] {
  const shares = Array.from({ length: Math.max(1, Math.min(count, chunks.length)) }, () => ({
    tokens: 0,
    own: [] as number[],
  }))
  const sizeOf = (i: number): number => chunks[i]!.bias.data.length
  const largestFirst = [...chunks.keys()].sort((a, b) => sizeOf(b) - sizeOf(a) || a - b)
  for (const i of largestFirst) {
    const share = shares.reduce((least, other) => (other.tokens < least.tokens ? other : least))
    share.tokens += sizeOf(i)
    share.own.push(i)
  }
  return shares.map(({ own }) => own)
}

function wrongAnswer(): SelvageError {
  return new SelvageError('internal', 'A thread that trains answered another question.')
}
