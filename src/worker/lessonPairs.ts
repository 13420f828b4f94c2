/**
 * What a head is trained with, out of an index: for each query the passages of its right sections, and those that are taken for
 * them at present, with the vectors that the index has of them. Nothing is encoded here.
 */
import type { Engine } from '../engine/engine.ts'
import { similaritiesOf } from '../engine/similarities.ts'
import { rowsOfPassage } from '../engine/stored.ts'
import type { HeadPair } from '../training/headTrain.ts'
import type { PassageId, TokenMatrix } from '../types.ts'
import { placesAt, type RightPlaces } from './lessonPlaces.ts'
import type { TaughtQuery } from './lessonProtocol.ts'

/** Of a page with many sections so many passages, those nearest to the query: any of them will do. */
const MOST_RIGHT = 4
/** Of each query so many that are wrong; fewer where queries are many, for all their vectors are held: 2000 take some 70 MB. */
const MOST_WRONG = 16
const LEAST_WRONG = 4
const MOST_PASSAGES = 2000

export interface HeadPairs {
  readonly passages: readonly TokenMatrix[]
  readonly pairs: readonly HeadPair[]
}

/** @param breathe runs between two queries, with how many are done */
export async function pairsFor(
  engine: Engine,
  queries: readonly TaughtQuery[],
  breathe: (done: number) => Promise<void>,
): Promise<HeadPairs> {
  const { segments } = engine
  const numbers = new Map<PassageId, number>()
  const passages: TokenMatrix[] = []
  const numberOf = async (id: PassageId, rows?: TokenMatrix): Promise<number> => {
    const known = numbers.get(id)
    if (known !== undefined) return known
    const number = passages.push(rows ?? (await rowsOfPassage(segments, id))) - 1
    numbers.set(id, number)
    return number
  }
  const most = Math.min(MOST_WRONG, Math.max(LEAST_WRONG, Math.floor(MOST_PASSAGES / queries.length)))
  const pairs: HeadPair[] = []
  for (const [done, query] of queries.entries()) {
    await breathe(done)
    const { urls, passages: ids } = await rightPlaces(engine, query)
    const nearest = await nearestOf(ids, query.matrix, (id) => rowsOfPassage(segments, id))
    const { text, matrix } = query
    const { hits } = await engine.search({ text, matrix, k: most + MOST_RIGHT, mode: 'semantic' })
    const wrong = hits.filter(({ passage }) => !urls.has(passage.section.url)).slice(0, most)
    pairs.push({
      query: matrix,
      right: await inTurn(nearest, ({ id, rows }) => numberOf(id, rows)),
      wrong: await inTurn(wrong, ({ passage }) => numberOf(passage.id)),
    })
  }
  return { passages, pairs: pairs.filter(({ right }) => right.length > 0) }
}

/** Of all addresses of a query. What was there when it was checked, and is not any more, is left out. */
export async function rightPlaces({ segments }: Engine, { text, urls }: TaughtQuery): Promise<RightPlaces> {
  const all = await inTurn(urls, (url) => placesAt(segments, { query: text, url }))
  const found = all.filter((places) => typeof places !== 'string')
  return {
    urls: new Set(found.flatMap((places) => [...places.urls])),
    passages: [...new Set(found.flatMap(({ passages }) => passages))],
  }
}

async function nearestOf(
  ids: readonly PassageId[],
  query: TokenMatrix,
  read: (id: PassageId) => Promise<TokenMatrix>,
): Promise<{ id: PassageId; rows: TokenMatrix }[]> {
  const all = await inTurn(ids, async (id) => {
    const rows = await read(id)
    return { id, rows, score: scoreOf(query, rows) }
  })
  const scored = all.filter(({ rows }) => rows.rows > 0)
  return scored.sort((a, b) => b.score - a.score || a.id - b.id).slice(0, MOST_RIGHT)
}

/** MaxSim. */
function scoreOf(query: TokenMatrix, passage: TokenMatrix): number {
  const cosines = similaritiesOf(query, passage)
  let score = 0
  for (let q = 0; q < query.rows; q++)
    score += cosines.subarray(q * passage.rows, (q + 1) * passage.rows).reduce((a, b) => Math.max(a, b), -1)
  return score
}

async function inTurn<T, U>(items: readonly T[], run: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = []
  for (const item of items) results.push(await run(item))
  return results
}
