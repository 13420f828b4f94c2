/**
 * Ops over several backends in order of preference: the first that works is used, and when it goes (a lost GPU, full
 * memory, a driver that refuses a shader), the next one takes over and answers the very call that failed. What went while it
 * ran is asked for again later, and answers again once all that was loaded is there too.
 * Each backend that is passed over is told in `refused`. Nothing here knows what the backends are.
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
  PlaidIndex,
  PlaidResult,
  PlaidSearchOptions,
  QueryBatch,
} from './ops.ts'
import {
  CallersFailure,
  type Copy,
  type Movable,
  MovingHandle,
  MovingPlaid,
  Residence,
  Running,
  type Source,
} from './residence.ts'
import { Residents } from './residents.ts'
import { type Clock, RETRY_AFTER_MS, Retry, realClock } from './retry.ts'

export interface FailoverOps extends Ops {
  /** Backends that are passed over at present, best first; one that came back is not among them. */
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

export interface FailoverOptions {
  /** How soon a backend that went is asked for again; twice as late each time it fails again. Default RETRY_AFTER_MS. */
  readonly retryAfterMs?: number | undefined
  /** Tests have their own. */
  readonly clock?: Clock
}

/** Rejects when no backend can be created: with its own error if there was but one, else `backend-unavailable`. */
export async function createFailover(
  backends: readonly Backend[],
  { retryAfterMs = RETRY_AFTER_MS, clock = realClock }: FailoverOptions = {},
): Promise<FailoverOps> {
  const places = backends.map(
    (backend): Place => ({ backend, retry: new Retry(clock, retryAfterMs), refusal: undefined }),
  )
  return new Failover(await createFirst(places), places)
}

/** A backend in the order of preference. */
interface Place {
  readonly backend: Backend
  readonly retry: Retry
  /** While it is passed over. */
  refusal: Refusal | undefined
}

/** The backend that calls use. */
interface Chosen {
  readonly running: Running
  readonly place: Place
}

class Failover implements FailoverOps {
  readonly #places: readonly Place[]
  readonly #residents = new Residents<Residence<PassageBatch, LoadedPassages>>((residence) => this.#free(residence))
  readonly #indexes = new Residents<Residence<PlaidIndex, LoadedPlaid>, LoadedPlaid>((residence) =>
    this.#free(residence),
  )
  readonly #alive = new Set<Movable>()
  /** The last that answered: what `backend` and `device` tell. */
  #chosen: Chosen
  /** What calls use: pending while the next backend is being created, rejected where there is none. */
  #current: Promise<Chosen>
  /** Left for a better one, and perhaps open still. */
  #retired: Running[] = []
  /** One at a time: no more than one copy of the data beside that which answers. */
  #retrying: Promise<void> = Promise.resolve()
  /** Counts the choices: one that was overtaken by another is not taken. */
  #turn = 0
  #isClosed = false

  constructor(first: Chosen, places: readonly Place[]) {
    this.#places = places
    this.#chosen = first
    this.#current = Promise.resolve(first)
  }

  get backend(): OpsBackend {
    return this.#chosen.running.ops.backend
  }

  get device(): string {
    return this.#chosen.running.ops.device
  }

  get refused(): readonly Refusal[] {
    return refusals(this.#places)
  }

  async load(passages: PassageBatch | Source<PassageBatch>): Promise<LoadedPassages> {
    const residence = await this.#onCurrent((running) =>
      Residence.on(running, passages, (ops, batch) => ops.load(batch)),
    )
    this.#alive.add(residence)
    return this.#residents.add((release) => new MovingHandle(residence, release), residence)
  }

  async loadPlaid(index: PlaidIndex | Source<PlaidIndex>): Promise<LoadedPlaid> {
    const residence = await this.#onCurrent((running) =>
      Residence.on(running, index, (ops, data) => ops.loadPlaid(data)),
    )
    this.#alive.add(residence)
    return this.#indexes.add((release) => new MovingPlaid(residence, release), residence)
  }

  maxSim(queries: QueryBatch, passages: LoadedPassages, options?: MaxSimOptions): Promise<MaxSimResult> {
    const residence = () => this.#residents.get(passages)
    return this.#onCurrent(
      async (running) => running.ops.maxSim(queries, await residence().at(running), options),
      () => residence().only,
    )
  }

  searchPlaid(queries: QueryBatch, index: LoadedPlaid, options: PlaidSearchOptions): Promise<PlaidResult> {
    const residence = () => this.#indexes.get(index)
    return this.#onCurrent(
      async (running) => running.ops.searchPlaid(queries, await residence().at(running), options),
      () => residence().only,
    )
  }

  assignCentroids(...call: Parameters<Ops['assignCentroids']>): Promise<Uint32Array> {
    return this.#onCurrent((running) => running.ops.assignCentroids(...call))
  }

  close(): void {
    this.#isClosed = true
    for (const { retry } of this.#places) retry.stop()
    this.#residents.close()
    this.#indexes.close()
    for (const running of this.#retired) running.close()
    void this.#current.then(
      ({ running }) => running.close(),
      () => {},
    )
  }

  #free(residence: Movable & { free(): void }): void {
    this.#alive.delete(residence)
    residence.free()
  }

  /**
   * Runs the job on the backend at hand, and on the next ones as long as it fails for no fault of the caller's.
   * @param only where it must run, while it can: a backend that was left for a better one may hold what no other has
   */
  async #onCurrent<T>(job: (running: Running) => Promise<T>, only?: () => Running | undefined): Promise<T> {
    for (;;) {
      this.#residents.assertOpen()
      const chosen = await this.#current
      this.#residents.assertOpen()
      const running = only?.() ?? chosen.running
      const isChosen = running === chosen.running
      if (isChosen && running.isOver) continue // left while this call waited for it
      try {
        return await running.during(() => job(running))
      } catch (thrown) {
        if (thrown instanceof CallersFailure) throw thrown.cause
        if (running.isClosed) continue // another call has noticed first
        if (isCallersFault(thrown) || !isChosen || !this.#leave(chosen, thrown)) throw thrown
      }
    }
  }

  /** Closes it and goes to the next. @returns false where there is none, and this one may do better the next time */
  #leave({ place, running }: Chosen, thrown: unknown): boolean {
    if (running.isOver) return true // a better one came back meanwhile
    const isLast = this.#places.every((other) => other === place || other.refusal !== undefined)
    if (isLast && !isLost(thrown)) return false
    place.refusal = { ...refusal(place, thrown), isRetried: true }
    running.close()
    this.#askLater(place)
    this.#current = isLast ? Promise.reject(thrown) : this.#takeNext(++this.#turn)
    this.#current.catch(() => {}) // the calls hear of it
    return true
  }

  async #takeNext(turn: number): Promise<Chosen> {
    let chosen: Chosen | undefined
    try {
      chosen = await createFirst(this.#places)
    } catch (thrown) {
      if (turn === this.#turn) throw thrown
    }
    if (chosen !== undefined && turn === this.#turn) {
      this.#chosen = chosen
      return chosen
    }
    chosen?.running.close()
    return this.#current // a better one came back meanwhile
  }

  #askLater(place: Place): void {
    place.retry.failed(() => {
      this.#retrying = this.#retrying.then(() => this.#askAgain(place))
    })
  }

  /** In nobody's way: calls stay where they are until everything is there. Never rejects. */
  async #askAgain(place: Place): Promise<void> {
    if (this.#isClosed || place.refusal === undefined) return
    let running: Running | undefined
    try {
      running = new Running(await place.backend.create())
      await this.#comeBack({ place, running })
    } catch (thrown) {
      running?.close()
      if (this.#isClosed) return
      // A source that fails says nothing of the backend.
      if (!(thrown instanceof CallersFailure)) place.refusal = { ...refusal(place, thrown), isRetried: true }
      this.#askLater(place)
    }
  }

  /** Loads what can be, one after the other, so that only one is in memory as its source gave it; then answers. */
  async #comeBack(chosen: Chosen): Promise<void> {
    const copies = new Map<Movable, Copy>()
    const missing = () => [...this.#alive].find((resident) => resident.hasSource && !copies.has(resident))
    this.#residents.assertOpen()
    for (let resident = missing(); resident !== undefined; resident = missing()) {
      copies.set(resident, await resident.copyTo(chosen.running))
      this.#residents.assertOpen()
      for (const [other, { loaded }] of copies) {
        if (this.#alive.has(other)) continue
        loaded.release()
        copies.delete(other)
      }
    }
    for (const copy of copies.values()) copy.take()
    this.#answerFrom(chosen)
  }

  #answerFrom(chosen: Chosen): void {
    // Those after it are not needed; should they be, they are created then.
    for (const place of this.#places.slice(this.#places.indexOf(chosen.place))) {
      if (!place.refusal?.isRetried) continue
      place.refusal = undefined
      place.retry.works()
    }
    const { running: before } = this.#chosen
    this.#turn++
    this.#chosen = chosen
    this.#current = Promise.resolve(chosen)
    this.#retired = [...this.#retired.filter(({ isClosed }) => !isClosed), before]
    before.retire()
  }
}

/** Tries those that are not passed over, in order, and tells why those that fail are from now on. */
async function createFirst(places: readonly Place[]): Promise<Chosen> {
  for (const place of places) {
    if (place.refusal !== undefined) continue
    try {
      return { place, running: new Running(await place.backend.create()) }
    } catch (thrown) {
      place.refusal = refusal(place, thrown)
      if (places.length === 1) throw thrown
    }
  }
  const reasons = refusals(places).map(({ backend, reason }) => `${backend}: ${reason}`)
  throw new SelvageError('backend-unavailable', `No backend works here. ${reasons.join(' · ')}`)
}

function refusals(places: readonly Place[]): Refusal[] {
  return places.flatMap(({ refusal }) => refusal ?? [])
}

function refusal({ backend }: Place, thrown: unknown): Refusal {
  return { backend: backend.name, reason: thrown instanceof Error ? thrown.message : String(thrown) }
}

/** Wrong arguments, an abort and a close() are the same on every backend. Anything else another may do better. */
function isCallersFault(thrown: unknown): boolean {
  return thrown instanceof SelvageError && ['invalid-argument', 'aborted', 'closed'].includes(thrown.code)
}

function isLost(thrown: unknown): boolean {
  return thrown instanceof SelvageError && thrown.code === 'device-lost'
}
