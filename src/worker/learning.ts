/**
 * A lesson, from beginning to end, in the engine's worker: some queries are kept apart, a head is learned from the others, and the
 * kept ones are searched without it and with it. Searches of the page go on in between.
 */
import { SelvageError } from '../errors.ts'
import type { BeforeAfter, LessonFigures, LessonSummary, TeachProgress } from '../lessonTypes.ts'
import { Breather } from '../ops/breather.ts'
import { seeded } from '../plaid/random.ts'
import { type Head, mapQuery } from '../training/head.ts'
import { trainHead } from '../training/headTrain.ts'
import type { SearchMode, TokenMatrix } from '../types.ts'
import { DEPTH, figuresOf } from './lessonFigures.ts'
import type { LessonIndex } from './lessonIndex.ts'
import { pairsFor, rightPlaces } from './lessonPairs.ts'
import type { Learned, LearnRequest, TaughtQuery } from './lessonProtocol.ts'
import { writeLesson } from './lessonRecord.ts'

/** Errors: `aborted`, `vectors-missing`, and what searching throws. */
export async function learn(
  index: LessonIndex,
  { queries, keptApart, seed }: LearnRequest,
  onProgress: (progress: TeachProgress) => void,
  signal: AbortSignal,
): Promise<Learned> {
  const { model, dim } = index.engine.index
  if (model === undefined) throw new SelvageError('no-documents', 'The index is empty: there is nothing to be found.')
  const breather = new Breather(signal)
  const { kept, taught } = apart(queries, keptApart, seed)
  const startMs = performance.now()
  const { passages, pairs } = await index.ask((engine) =>
    pairsFor(engine, taught, async (done) => {
      onProgress({ stage: 'training', done, total: taught.length * GATHERING })
      await breather.breathe()
    }),
  )
  if (pairs.length === 0)
    throw new SelvageError(
      'section-missing',
      'The index has changed: none of the sections is there any more. Teach again.',
    )
  const head = await trainHead(passages, pairs, {
    seed,
    breathe: () => breather.breathe(),
    onProgress: (done, total) => {
      const before = taught.length
      const all = before * GATHERING
      onProgress({ stage: 'training', done: before + Math.floor(((all - before) * done) / total), total: all })
    },
  })
  const trainMs = performance.now() - startMs
  const judged = await judge(index, kept, head, async (done, total) => {
    onProgress({ stage: 'judging', done, total })
    await breather.breathe()
  })
  const summary: LessonSummary = {
    taught: pairs.length,
    keptApart: kept.length,
    ...judged,
    isBetter: judged.after.mrr10 > judged.before.mrr10,
  }
  const record = writeLesson({ at: 0, model, summary, head: { dim, weights: head.weights } })
  return { summary, record, trainMs }
}

/** To find what is taken for the right sections takes about so much of the training. */
const GATHERING = 5

/** The same queries and seed are always taken apart alike. */
export function apart(queries: readonly TaughtQuery[], share: number, seed: number) {
  const random = seeded(seed)
  const order = queries.map((query) => ({ query, at: random() })).sort((a, b) => a.at - b.at)
  const kept = Math.max(1, Math.round(queries.length * share))
  const [first, rest] = [order.slice(0, kept), order.slice(kept)]
  return { kept: first.map(({ query }) => query), taught: rest.map(({ query }) => query) }
}

async function judge(
  index: LessonIndex,
  queries: readonly TaughtQuery[],
  head: Head,
  tell: (done: number, total: number) => Promise<void>,
): Promise<BeforeAfter & { mode: 'hybrid' | 'semantic'; meaning: BeforeAfter }> {
  const mode = index.engine.hasKeywords ? 'hybrid' : 'semantic'
  const wanted: readonly SearchMode[] = mode === 'hybrid' ? ['hybrid', 'semantic'] : ['semantic']
  const maps = [(matrix: TokenMatrix) => matrix, (matrix: TokenMatrix) => mapQuery(head, matrix)]
  const total = queries.length * wanted.length * maps.length
  const right: ReadonlySet<string>[] = []
  for (const query of queries) right.push((await index.ask((engine) => rightPlaces(engine, query))).urls)
  let done = 0
  const found: BeforeAfter[] = []
  for (const one of wanted) {
    const figures: LessonFigures[] = []
    for (const map of maps) {
      const ranks: (number | undefined)[] = []
      for (const [i, { text, matrix }] of queries.entries()) {
        await tell(done++, total)
        const { hits } = await index.search({ text, matrix: map(matrix), k: DEPTH, mode: one })
        const at = hits.findIndex(({ passage }) => right[i]!.has(passage.section.url))
        ranks.push(at < 0 ? undefined : at + 1)
      }
      figures.push(figuresOf(ranks))
    }
    found.push({ before: figures[0]!, after: figures[1]! })
  }
  await tell(total, total)
  return { ...found[0]!, mode, meaning: found.at(-1)! }
}
