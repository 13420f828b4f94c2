/**
 * What lessons take in the engine's worker: a file of its own in builds, which is fetched by who teaches, and by who searches where
 * a lesson is adopted. Here is what is asked of it; how a head is learned says learning.ts.
 */
import type { AdoptedLesson, TaughtPair } from '../lessonTypes.ts'
import { Breather } from '../ops/breather.ts'
import { LESSON_KEY } from '../store/store.ts'
import { mapQuery } from '../training/head.ts'
import { learn } from './learning.ts'
import type { LessonIndex, QueryMap } from './lessonIndex.ts'
import { placesAt } from './lessonPlaces.ts'
import type { LessonsApi } from './lessonProtocol.ts'
import { type LessonRecord, readLesson, writeLesson } from './lessonRecord.ts'
import { outcome } from './protocol.ts'

/** What is adopted where nothing is kept: it goes with the page. */
const unkept = new WeakMap<LessonIndex, Uint8Array>()

export function lessonsOf(index: LessonIndex): LessonsApi {
  const stop = new AbortController()
  return {
    check: (pairs) => outcome(() => check(index, pairs, stop.signal)),
    learn: (asked, onProgress) =>
      outcome(async () => {
        try {
          return await learn(index, asked, onProgress, stop.signal)
        } finally {
          index.meter.take() // no answer: what it has read is not counted for the next one
        }
      }),
    stop: () => outcome(() => stop.abort()),
    adopt: (record) => outcome(() => keep(index, writeLesson({ ...readLesson(record), at: Date.now() }))),
    adopted: () => outcome(() => adopted(index)),
    forget: () => outcome(() => keep(index, undefined)),
  }
}

/** What an adopted lesson makes of queries; undefined where it is another model's, or cannot be read. */
export function queryMap(index: LessonIndex, bytes: Uint8Array): QueryMap | undefined {
  try {
    const lesson = readLesson(bytes)
    return whyUnused(index, lesson) === undefined ? (matrix) => mapQuery(lesson.head, matrix) : undefined
  } catch {
    return undefined // `adopted` says why
  }
}

async function check(
  index: LessonIndex,
  pairs: readonly TaughtPair[],
  signal: AbortSignal,
): Promise<(string | undefined)[]> {
  const breather = new Breather(signal)
  const reasons: (string | undefined)[] = []
  for (const pair of pairs) {
    await breather.breathe()
    const places = await index.ask((engine) => placesAt(engine.segments, pair))
    reasons.push(typeof places === 'string' ? places : undefined)
  }
  index.meter.take()
  return reasons
}

async function keep(index: LessonIndex, bytes: Uint8Array | undefined): Promise<void> {
  const { store } = index
  if (bytes === undefined) {
    unkept.delete(index)
    await store?.delete(LESSON_KEY)
  } else if (store === undefined) unkept.set(index, bytes)
  else await store.put(LESSON_KEY, bytes)
  index.learned(bytes && queryMap(index, bytes))
}

async function adopted(index: LessonIndex): Promise<AdoptedLesson | undefined> {
  const bytes = unkept.get(index) ?? (await index.store?.get(LESSON_KEY))
  if (bytes === undefined) return undefined
  const lesson = readLesson(bytes)
  const reason = whyUnused(index, lesson)
  return { ...lesson.summary, at: lesson.at, isUsed: reason === undefined, ...(reason && { reason }) }
}

function whyUnused(index: LessonIndex, { model, head }: LessonRecord): string | undefined {
  const { model: present, dim } = index.engine.index
  if (present?.hash === model.hash && dim === head.dim) return undefined
  const other = present === undefined ? 'has no model yet' : `has "${present.name}" (${present.hash.slice(0, 12)})`
  return `It was learned with the model "${model.name}" (${model.hash.slice(0, 12)}), and the index ${other}. Teach again.`
}
