/**
 * Ops over several backends in order of preference: the first that works is used, and when it goes (a lost GPU, full
 * memory, a driver that refuses a shader), the next one takes over and answers the very call that failed.
 * Each backend that was passed over is told in `refused`. Nothing here knows what the backends are.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend, Refusal } from '../types.ts'
import type {
  LoadedPassages,
  LoadedPlaid,
  MaxSimOptions,
  MaxSimResult,
  Ops,
  PassageBatch,
  PlaidBits,
  PlaidIndex,
  PlaidResult,
  PlaidSearchOptions,
  QueryBatch,
} from './ops.ts'
import { Residents } from './residents.ts'

/** Gives the same data whenever it is called: once to load, and again for each backend that takes over. */
export type Source<Data> = () => Data | Promise<Data>

export interface FailoverOps extends Ops {
  /** Backends that were tried and left, in order. */
  readonly refused: readonly Refusal[]
  /**
   * Give a source for passages that should survive the loss of their backend. A bare batch is not kept: after a loss
   * calls with it fail with `device-lost`, until it is loaded again.
   */
  load(passages: PassageBatch | Source<PassageBatch>): Promise<LoadedPassages>
  /** As `load`: give a source for what should survive. */
  loadPlaid(index: PlaidIndex | Source<PlaidIndex>): Promise<LoadedPlaid>
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

/** What was loaded, and where it lies at present. */
interface Residence<Data, Handle> {
  readonly source: Source<Data> | undefined
  readonly load: (ops: Ops, data: Data) => Promise<Handle>
  ops: Ops
  /** Shared by all calls that wait for it. */
  loading: Promise<Handle>
  loaded: Handle
}

type PassagesResidence = Residence<PassageBatch, LoadedPassages>
type PlaidResidence = Residence<PlaidIndex, LoadedPlaid>

/** Tells of the backend's own handle, whichever that is at present. */
class MovingHandle<Handle extends LoadedPassages> implements LoadedPassages {
  protected readonly residence: { readonly loaded: Handle }
  readonly release: () => void

  constructor(residence: { readonly loaded: Handle }, release: () => void) {
    this.residence = residence
    this.release = release
  }

  get backend(): OpsBackend {
    return this.residence.loaded.backend
  }

  get bytes(): number {
    return this.residence.loaded.bytes
  }

  get passages(): number {
    return this.residence.loaded.passages
  }

  get tokens(): number {
    return this.residence.loaded.tokens
  }

  get dim(): number {
    return this.residence.loaded.dim
  }
}

class MovingPlaid extends MovingHandle<LoadedPlaid> implements LoadedPlaid {
  get centroids(): number {
    return this.residence.loaded.centroids
  }

  get bits(): PlaidBits {
    return this.residence.loaded.bits
  }
}

/** What a Source threw: the caller's failure, and no backend's. */
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
  readonly #residents = new Residents<PassagesResidence>(({ loading }) => void loading.then(release, () => {}))
  readonly #indexes = new Residents<PlaidResidence, LoadedPlaid>(({ loading }) => void loading.then(release, () => {}))
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

  async load(passages: PassageBatch | Source<PassageBatch>): Promise<LoadedPassages> {
    const residence = await this.#reside(passages, (ops, batch) => ops.load(batch))
    return this.#residents.add((release) => new MovingHandle(residence, release), residence)
  }

  async loadPlaid(index: PlaidIndex | Source<PlaidIndex>): Promise<LoadedPlaid> {
    const residence = await this.#reside(index, (ops, data) => ops.loadPlaid(data))
    return this.#indexes.add((release) => new MovingPlaid(residence, release), residence)
  }

  maxSim(queries: QueryBatch, passages: LoadedPassages, options?: MaxSimOptions): Promise<MaxSimResult> {
    return this.#onCurrent(async (ops) => {
      const loaded = await this.#moveTo(ops, this.#residents.get(passages))
      return ops.maxSim(queries, loaded, options)
    })
  }

  searchPlaid(queries: QueryBatch, index: LoadedPlaid, options: PlaidSearchOptions): Promise<PlaidResult> {
    return this.#onCurrent(async (ops) => {
      const loaded = await this.#moveTo(ops, this.#indexes.get(index))
      return ops.searchPlaid(queries, loaded, options)
    })
  }

  assignCentroids(...call: Parameters<Ops['assignCentroids']>): Promise<Uint32Array> {
    return this.#onCurrent((ops) => ops.assignCentroids(...call))
  }

  close(): void {
    this.#residents.close()
    this.#indexes.close()
    void this.#current.then(closeOps, () => {})
  }

  /** Loads onto the backend at hand. */
  #reside<Data extends object, Handle>(
    given: Data | Source<Data>,
    load: (ops: Ops, data: Data) => Promise<Handle>,
  ): Promise<Residence<Data, Handle>> {
    const source = typeof given === 'function' ? given : undefined
    return this.#onCurrent(async (ops) => {
      const loading = load(ops, typeof given === 'function' ? await callSource(given) : given)
      return { source, load, ops, loading, loaded: await loading }
    })
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

  /** What was loaded, on the given backend, loaded there first when another held them. */
  #moveTo<Data, Handle extends LoadedPassages>(ops: Ops, residence: Residence<Data, Handle>): Promise<Handle> {
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
    residence.loading = callSource(source).then(async (data) => {
      residence.loaded = await residence.load(ops, data)
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

async function callSource<Data>(source: Source<Data>): Promise<Data> {
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
