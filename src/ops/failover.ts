/**
 * Ops over several backends in order of preference: the first that works is used, and when it goes (a lost GPU, full
 * memory, a driver that refuses a shader), the next one takes over and answers the very call that failed.
 * Each backend that was passed over is told in `refused`. Nothing here knows what the backends are.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend, Refusal } from '../types.ts'
import type { LoadedPassages, MaxSimOptions, MaxSimResult, Ops, PassageBatch, QueryBatch } from './ops.ts'
import { Residents, type Sizes } from './residents.ts'

/** Gives the same passages whenever it is called: once to load, and again for each backend that takes over. */
export type PassageSource = () => PassageBatch | Promise<PassageBatch>

export interface FailoverOps extends Ops {
  /** Backends that were tried and left, in order. */
  readonly refused: readonly Refusal[]
  /**
   * Give a source for passages that should survive the loss of their backend. A bare batch is not kept: after a loss
   * calls with it fail with `device-lost`, until it is loaded again.
   */
  load(passages: PassageBatch | PassageSource): Promise<LoadedPassages>
}

export interface Backend {
  readonly name: OpsBackend
  create(): Promise<Ops>
}

/** Rejects when no backend can be created: with its own error if there was but one, else `backend-unavailable`. */
export async function createFailover(backends: readonly Backend[]): Promise<FailoverOps> {
  const untried = [...backends]
  const refused: Refusal[] = []
  return new Failover(await createNext(untried, refused), untried, refused)
}

/** Passages and where they lie at present. */
interface Residence {
  readonly source: PassageSource | undefined
  ops: Ops
  /** Shared by all calls that wait for it. */
  loading: Promise<LoadedPassages>
  loaded: LoadedPassages
}

/** What a PassageSource threw: the caller's failure, and no backend's. */
class SourceFailure {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

class Failover implements FailoverOps {
  readonly refused: Refusal[]
  readonly #untried: Backend[]
  readonly #left = new WeakSet<Ops>()
  readonly #residents = new Residents<Residence>(({ loading }) => void loading.then(release, () => {}))
  /** The last that was created: what `backend` and `device` tell. */
  #ops: Ops
  /** What calls use: pending while the next backend is being created. */
  #current: Promise<Ops>

  constructor(first: Ops, untried: Backend[], refused: Refusal[]) {
    this.refused = refused
    this.#untried = untried
    this.#ops = first
    this.#current = Promise.resolve(first)
  }

  get backend(): OpsBackend {
    return this.#ops.backend
  }

  get device(): string {
    return this.#ops.device
  }

  async load(passages: PassageBatch | PassageSource): Promise<LoadedPassages> {
    this.#residents.assertOpen()
    const source = typeof passages === 'function' ? passages : undefined
    const residence = await this.#onCurrent(async (ops): Promise<Residence> => {
      const loading = ops.load(typeof passages === 'function' ? await callSource(passages) : passages)
      return { source, ops, loading, loaded: await loading }
    })
    const { passages: count, tokens, dim } = residence.loaded
    const sizes: Sizes = {
      get backend() {
        return residence.loaded.backend
      },
      get bytes() {
        return residence.loaded.bytes
      },
      passages: count,
      tokens,
      dim,
    }
    return this.#residents.add(sizes, residence)
  }

  maxSim(queries: QueryBatch, passages: LoadedPassages, options?: MaxSimOptions): Promise<MaxSimResult> {
    return this.#onCurrent(async (ops) => {
      const loaded = await this.#moveTo(ops, this.#residents.get(passages))
      return ops.maxSim(queries, loaded, options)
    })
  }

  close(): void {
    this.#residents.close()
    void this.#current.then(closeOps, () => {})
  }

  /** Runs the job on the backend at hand, and on the next ones as long as it fails for no fault of the caller's. */
  async #onCurrent<T>(job: (ops: Ops) => Promise<T>): Promise<T> {
    for (;;) {
      const ops = await this.#current
      this.#residents.assertOpen()
      try {
        return await job(ops)
      } catch (thrown) {
        if (thrown instanceof SourceFailure) throw thrown.cause
        if (this.#left.has(ops)) continue // another call has noticed first
        if (isCallersFault(thrown) || this.#untried.length === 0) throw thrown
        this.#left.add(ops)
        this.refused.push(refusal(ops.backend, thrown))
        ops.close()
        this.#current = this.#takeNext()
      }
    }
  }

  async #takeNext(): Promise<Ops> {
    this.#ops = await createNext(this.#untried, this.refused)
    return this.#ops
  }

  /** The passages on the given backend, loaded there first when another held them. */
  #moveTo(ops: Ops, residence: Residence): Promise<LoadedPassages> {
    if (residence.ops === ops) return residence.loading
    const { source } = residence
    if (source === undefined) {
      const message =
        `These passages went with the backend ${residence.loaded.backend}. Load them again, or give load() a function ` +
        'that returns them, and it happens by itself.'
      throw new SelvageError('device-lost', message)
    }
    const before = residence.ops
    residence.ops = ops
    residence.loading = callSource(source).then(async (batch) => {
      residence.loaded = await ops.load(batch)
      return residence.loaded
    })
    residence.loading.catch(() => {
      residence.ops = before // so that the next call tries again
    })
    return residence.loading
  }
}

/** Takes backends off `untried` until one works, and puts the others into `refused`. */
async function createNext(untried: Backend[], refused: Refusal[]): Promise<Ops> {
  for (let backend = untried.shift(); backend !== undefined; backend = untried.shift()) {
    try {
      return await backend.create()
    } catch (thrown) {
      refused.push(refusal(backend.name, thrown))
      if (refused.length === 1 && untried.length === 0) throw thrown
    }
  }
  const reasons = refused.map(({ backend, reason }) => `${backend}: ${reason}`).join(' · ')
  throw new SelvageError('backend-unavailable', `No backend works here. ${reasons}`)
}

function refusal(backend: OpsBackend, thrown: unknown): Refusal {
  return { backend, reason: thrown instanceof Error ? thrown.message : String(thrown) }
}

async function callSource(source: PassageSource): Promise<PassageBatch> {
  try {
    return await source()
  } catch (cause) {
    throw new SourceFailure(cause)
  }
}

/** Wrong arguments, an abort and a close() are the same on every backend. Anything else another may do better. */
function isCallersFault(thrown: unknown): boolean {
  return thrown instanceof SelvageError && ['invalid-argument', 'aborted', 'closed'].includes(thrown.code)
}

function release(loaded: LoadedPassages): void {
  loaded.release()
}

function closeOps(ops: Ops): void {
  ops.close()
}
