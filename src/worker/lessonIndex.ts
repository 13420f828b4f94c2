/** What lessons need of an open index; openIndex.ts has it. Types only. */
import type { Engine } from '../engine/engine.ts'
import type { Answer } from '../engine/search.ts'
import type { ReadMeter } from '../store/readMeter.ts'
import type { SharedStore } from '../store/store.ts'
import type { EngineQuery, TokenMatrix } from '../types.ts'

export type QueryMap = (query: TokenMatrix) => TokenMatrix

export interface LessonIndex {
  readonly engine: Engine
  /** Undefined where nothing is kept. */
  readonly store: SharedStore | undefined
  readonly meter: ReadMeter
  /** With the query as it is given. */
  search(query: EngineQuery): Promise<Answer>
  ask<T>(run: (engine: Engine) => Promise<T>): Promise<T>
  /** Another lesson, or none, is used from now on. */
  learned(lesson: QueryMap | undefined): void
}
