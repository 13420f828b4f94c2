/**
 * A whole check: which backends, one after the other, how far it is and how long it will still take. Knows the order of things
 * and the clock; draws nothing.
 */
import type { Progress } from 'selvage'
import { Loading } from '../loading.ts'
import type { Machine } from './machine.ts'
import { measure, searchesFor } from './measure.ts'
import type { LabelledSet } from './set.ts'
import { type BackendReport, WAYS, type Way } from './types.ts'

export interface RunOptions {
  readonly set: LabelledSet
  readonly machine: Machine
  /** Also on an adapter that is software. */
  readonly onSoftware: boolean
  readonly signal: AbortSignal
  readonly onStep: (step: Step) => void
  readonly onReports: (reports: readonly BackendReport[]) => void
}

/** Where a run is. */
export interface Step {
  readonly backend: Backend
  /** What is being measured; undefined while model and index are loaded. */
  readonly way: Way | undefined
  /** Of the whole run, 0 .. 1, never falling. */
  readonly fraction: number
  /** Undefined until it can be told. */
  readonly secondsLeft: number | undefined
  /** What has been loaded, while it is. */
  readonly loading: Loading | undefined
}

export type Backend = 'wasm' | 'webgpu'

/** Share of a backend's time that loading is taken to be, until it is known. */
const LOADING = 0.12
/** A search by words costs nothing beside one that runs the model. */
const WORDS_COST = 0.02

/** WASM is everywhere; WebGPU where there is an adapter, and software only where it is asked for. */
export function backendsOf({ adapter }: Machine, onSoftware: boolean): readonly Backend[] {
  return adapter !== undefined && (!adapter.isSoftware || onSoftware) ? ['wasm', 'webgpu'] : ['wasm']
}

/** Errors: `aborted`, and those of `measure`. Reports that were whole by then have been handed out. */
export async function runCheck(options: RunOptions): Promise<readonly BackendReport[]> {
  const { set, machine, onSoftware, signal, onStep, onReports } = options
  const backends = backendsOf(machine, onSoftware)
  const whole: BackendReport[] = []
  for (const [i, backend] of backends.entries()) {
    const clock = new Clock(set.queries.length)
    const tell = (way: Way | undefined, loading?: Loading): void => {
      const fraction = (i + clock.fraction(loading)) / backends.length
      const secondsLeft = clock.secondsLeft(backends.length - i - 1)
      onStep({ backend, way, fraction, secondsLeft, loading })
    }
    const loading = new Loading()
    tell(undefined, loading)
    // On software the model would take seconds a question; what is to be checked there is the search.
    const encoder = backend === 'webgpu' && machine.adapter?.isSoftware === false ? 'webgpu' : 'wasm'
    const report = await measure({
      ...{ set, encoder, signal },
      scorer: backend,
      onLoad(progress: Progress) {
        loading.report(progress)
        if (!clock.isRunning) tell(undefined, loading)
      },
      onSearch(way) {
        clock.count(way)
        tell(way)
      },
      onReport: (report) => onReports([...whole, report]),
    })
    whole.push(report)
  }
  return whole
}

/** How far one backend is. */
class Clock {
  readonly #all: number
  #done = 0
  #start: number | undefined

  constructor(questions: number) {
    this.#all = WAYS.reduce((sum, way) => sum + searchesFor(questions, way) * costOf(way), 0)
  }

  get isRunning(): boolean {
    return this.#start !== undefined
  }

  count(way: Way): void {
    this.#start ??= performance.now()
    this.#done += costOf(way)
  }

  fraction(loading: Loading | undefined): number {
    if (this.#start === undefined) return LOADING * (loading?.fraction() ?? 0)
    return LOADING + (1 - LOADING) * (this.#done / this.#all)
  }

  /** The backends that come after this one are taken to be as fast. */
  secondsLeft(after: number): number | undefined {
    if (this.#start === undefined || this.#done < 0.05 * this.#all) return undefined
    const each = (performance.now() - this.#start) / this.#done
    return (each * (this.#all - this.#done + after * this.#all)) / 1000
  }
}

function costOf(way: Way): number {
  return way === 'keyword' ? WORDS_COST : 1
}
