/**
 * What a browser has deleted behind our back: records that the collection names and the store has not. The site's packs are fetched
 * again, so their index is only no longer whole; what was added here exists nowhere else, so what is left of it goes, and its
 * documents are told as lost. Without that, one missing pack would fail every search and every later addition.
 */
import type { SharedStore } from '../store/store.ts'
import {
  type Collection,
  changeCollection,
  type DocumentProblem,
  KEPT_PROBLEMS,
  type LiveSegment,
  named,
  readCollection,
  waitingIn,
} from './collection.ts'
import { packsOf } from './manifest.ts'
import { Segment } from './segment.ts'

/** The collection without what is lost. Where all is there, this reads the record and asks for keys, once. */
export async function withoutLost(store: SharedStore): Promise<Collection> {
  const { collection } = await readCollection(store)
  if ((await missing(store, collection)).size === 0) return collection
  return changeCollection(store, async (now) => {
    const gone = await missing(store, now)
    if (gone.size === 0) return undefined
    const isGone = ({ file }: { readonly file: string }) => gone.has(file)
    const { base } = now
    const lostSegments = now.segments.filter((segment) => packsOf(segment).some(isGone))
    const lostEntries = now.inbox.filter(({ pack }) => isGone(pack))
    const isComplete = base?.isComplete === true && !packsOf(base.manifest).some(isGone)
    if (lostSegments.length + lostEntries.length === 0 && isComplete === (base?.isComplete ?? false)) return undefined
    const ids = (await Promise.all(lostSegments.map((segment) => idsOf(segment, store)))).flat()
    const problems = problemsOf([...ids, ...lostEntries.flatMap(waitingIn)])
    return {
      next: {
        ...now,
        ...(base && { base: { ...base, isComplete } }),
        segments: now.segments.filter((segment) => !lostSegments.includes(segment)),
        inbox: now.inbox.filter((entry) => !lostEntries.includes(entry)),
        problems: [...now.problems, ...problems].slice(-KEPT_PROBLEMS),
      },
    }
  })
}

/** Files of `pending` are no news: they are on their way. */
async function missing(store: SharedStore, { base, segments, inbox }: Collection): Promise<ReadonlySet<string>> {
  const whole = base?.isComplete ? { base } : {}
  const files = named({ ...whole, segments, inbox })
  const here = await store.has(files)
  return new Set(files.filter((file) => !here.has(file)))
}

/** Undefined for each document whose id is gone too. */
async function idsOf(segment: LiveSegment, store: SharedStore): Promise<(string | undefined)[]> {
  const { hidden, ...parts } = segment
  const isHidden = new Set(hidden)
  try {
    return (await new Segment(store, parts).ids()).filter((id) => !isHidden.has(id))
  } catch {
    return Array.from({ length: segment.texts.pages - hidden.length }, () => undefined)
  }
}

/** One for each that has a name, as many as are remembered; one for all the others. */
function problemsOf(ids: readonly (string | undefined)[]): DocumentProblem[] {
  const told = ids.flatMap((id) => id ?? []).slice(0, KEPT_PROBLEMS - 1)
  const problems = told.map((id) => problem(id, `The document "${id}" is lost`))
  const untold = ids.length - told.length
  return untold === 0 ? problems : [...problems, problem('', `${untold} documents are lost that are not named here`)]
}

function problem(id: string, what: string): DocumentProblem {
  const remedy = 'Add it again; persist() asks the browser to delete nothing.'
  return { id, code: 'storage-failed', message: `${what}: the browser has deleted its records. ${remedy}` }
}
