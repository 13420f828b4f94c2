/** The page's side of teach.ts. Times in ms. */
import type { LessonSummary, TaughtPair } from '../../src/lessonTypes.ts'
import { openSelvage } from './livePage.ts'
import type { Addresses } from './published.ts'

export interface Taught {
  readonly lesson: LessonSummary & { readonly trainMs: number }
  readonly skipped: number
  /** Time from the first to the last word of each. */
  readonly stages: Readonly<Record<string, number>>
}

export async function teach(
  { library, index, model }: Addresses,
  pairs: TaughtPair[],
  keptApart: number,
): Promise<Taught> {
  const selvage = await openSelvage(library, { index, model, encoder: 'wasm', scorer: 'wasm' })
  const times = new Map<string, [first: number, last: number]>()
  const {
    adopt: _,
    discard: __,
    skipped,
    ...lesson
  } = await selvage.teach(pairs, {
    keptApart,
    onProgress: ({ stage }) => {
      const now = performance.now()
      times.set(stage, [times.get(stage)?.[0] ?? now, now])
    },
  })
  selvage.close()
  const stages = Object.fromEntries([...times].map(([stage, [first, last]]) => [stage, last - first]))
  return { lesson, skipped: skipped.length, stages }
}
