/**
 * What was loaded through a failover, and on which backend it lies at present. It moves where there is a source to load it
 * from again. A backend that is not used for new calls stays open for what still needs it. Nothing here chooses backends.
 */
import { SelvageError } from '../errors.ts'
import type { OpsBackend } from '../types.ts'
import type { LoadedBits, LoadedPassages, LoadedPlaid, Ops } from './ops.ts'

/** Gives the same data whenever it is called: once to load, and again for each backend that takes over. */
export type Source<Data> = () => Data | Promise<Data>

/** What no backend can help: a Source that threw, passages that are gone. */
export class CallersFailure {
  readonly cause: unknown
  constructor(cause: unknown) {
    this.cause = cause
  }
}

/** A backend at work. */
export class Running {
  readonly ops: Ops
  #calls = 0
  #residents = 0
  #isRetired = false
  #isClosed = false
  #dropped: LoadedPassages[] = []

  constructor(ops: Ops) {
    this.ops = ops
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /** No new calls, but those with passages that live nowhere else. */
  get isOver(): boolean {
    return this.#isRetired || this.#isClosed
  }

  /** Stays open during the call. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    this.#calls++
    try {
      return await call()
    } finally {
      this.#calls--
      this.#tidy()
    }
  }

  /** Stays open for passages that cannot move, until what is returned was called. */
  keep(): () => void {
    this.#residents++
    return () => {
      this.#residents--
      this.#tidy()
    }
  }

  /** Releases what has moved away, as soon as no call uses it. */
  drop(loaded: LoadedPassages): void {
    this.#dropped.push(loaded)
    this.#tidy()
  }

  /** Closes as soon as nothing needs it. */
  retire(): void {
    this.#isRetired = true
    this.#tidy()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#dropped = []
    this.ops.close()
  }

  #tidy(): void {
    if (this.#calls > 0 || this.#isClosed) return
    for (const loaded of this.#dropped.splice(0)) loaded.release()
    if (this.#isRetired && this.#residents === 0) this.close()
  }
}

/** Loaded on a backend beside the one that answers, which does not know of it yet. */
export interface Copy {
  readonly loaded: LoadedPassages
  /** From now on this is what was loaded, and the other copy goes. */
  take(): void
}

/** What a failover needs to know of a resident whose data it does not know. */
export interface Movable {
  readonly hasSource: boolean
  copyTo(running: Running): Promise<Copy>
}

export class Residence<Data extends object, Handle extends LoadedPassages> implements Movable {
  /** What is told of it. */
  loaded: Handle
  readonly #source: Source<Data> | undefined
  readonly #load: (ops: Ops, data: Data) => Promise<Handle>
  readonly #leave: (() => void) | undefined
  #running: Running
  /** Shared by all calls that wait for it. */
  #loading: Promise<Handle>

  /** Loads on the given backend. */
  static async on<Data extends object, Handle extends LoadedPassages>(
    running: Running,
    given: Data | Source<Data>,
    load: (ops: Ops, data: Data) => Promise<Handle>,
  ): Promise<Residence<Data, Handle>> {
    const source = typeof given === 'function' ? given : undefined
    const loaded = await load(running.ops, typeof given === 'function' ? await callSource(given) : given)
    return new Residence(running, loaded, load, source)
  }

  private constructor(
    running: Running,
    loaded: Handle,
    load: (ops: Ops, data: Data) => Promise<Handle>,
    source: Source<Data> | undefined,
  ) {
    this.loaded = loaded
    this.#source = source
    this.#load = load
    this.#running = running
    this.#loading = Promise.resolve(loaded)
    this.#leave = source === undefined ? running.keep() : undefined
  }

  get hasSource(): boolean {
    return this.#source !== undefined
  }

  /** The backend that has it and no other can have, if it is still there. */
  get only(): Running | undefined {
    return this.#source === undefined && !this.#running.isClosed ? this.#running : undefined
  }

  /** On the given backend, loaded there first when another had it. */
  at(running: Running): Promise<Handle> {
    const [before, loadedBefore] = [this.#running, this.#loading]
    if (before === running) return loadedBefore
    const loading = this.#loadOn(running)
    this.#running = running
    this.#loading = loading
    loading.then(
      (loaded) => {
        if (this.#loading === loading) this.loaded = loaded
        void loadedBefore.then((old) => before.drop(old), ignore)
      },
      () => {
        if (this.#loading !== loading) return
        this.#running = before // so that the next call tries again
        this.#loading = loadedBefore
      },
    )
    return loading
  }

  async copyTo(running: Running): Promise<Copy> {
    const loaded = await this.#loadOn(running)
    const take = () => {
      const before = this.#running
      void this.#loading.then((old) => before.drop(old), ignore)
      this.loaded = loaded
      this.#running = running
      this.#loading = Promise.resolve(loaded)
    }
    return { loaded, take }
  }

  free(): void {
    void this.#loading.then((loaded) => loaded.release(), ignore)
    this.#leave?.()
  }

  async #loadOn(running: Running): Promise<Handle> {
    if (this.#source !== undefined) return this.#load(running.ops, await callSource(this.#source))
    const message =
      `These passages went with the backend ${this.loaded.backend}. Load them again, or give load() a function ` +
      'that returns them, and it happens by itself.'
    throw new CallersFailure(new SelvageError('device-lost', message))
  }
}

/** Tells of the backend's own handle, whichever that is at present. */
export class MovingHandle<Handle extends LoadedPassages> implements LoadedPassages {
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

export class MovingPlaid extends MovingHandle<LoadedPlaid> implements LoadedPlaid {
  get centroids(): number {
    return this.residence.loaded.centroids
  }

  get bits(): LoadedBits {
    return this.residence.loaded.bits
  }
}

async function callSource<Data>(source: Source<Data>): Promise<Data> {
  try {
    return await source()
  } catch (cause) {
    throw new CallersFailure(cause)
  }
}

function ignore(): void {}
