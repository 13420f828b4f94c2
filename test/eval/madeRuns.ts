/** Runs made up for tests: systems that know the answers, each with luck of its own. */
import type { Comparable, RunQuery, SystemRun } from '../../src/eval/runs.ts'

/** Ids of a ranking, all of one query. */
export function answer(ids: readonly string[], ms = 5): RunQuery {
  return { first: ids.slice(0, 10), deep: ids, ms }
}

export function run(
  name: string,
  answers: Readonly<Record<string, RunQuery>>,
  more: Partial<SystemRun> = {},
): SystemRun {
  return { name, description: '', queries: new Map(Object.entries(answers)), msPerStage: {}, cost: {}, ...more }
}

/** Three queries, of which each has the one right answer "a". */
export function small(runs: readonly SystemRun[]): Comparable {
  const ids = ['q1', 'q2', 'q3']
  return {
    dataset: 'small',
    documents: 20,
    ranked: 'documents',
    queries: ids.map((id) => ({ id, text: `text of ${id}` })),
    qrels: new Map(ids.map((id) => [id, new Map([['a', 1]])])),
    runs,
    warnings: [],
  }
}

/** The same numbers every time (Lehmer's generator). */
function lucky(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

export interface Made {
  readonly name: string
  readonly description?: string
  /** How often the right answer is first, about. */
  readonly skill: number
  readonly bytes?: number
  readonly ms: number
}

/** A set of `count` queries; luck is shared in part, as it is between real systems on one query. */
export function made(
  systems: readonly Made[],
  count: number,
  text = (i: number) => `Question number ${i}?`,
): Comparable {
  const shared = lucky(5)
  const hardness = Array.from({ length: count }, shared)
  const queries = Array.from({ length: count }, (_, i) => ({ id: `q${i}`, text: text(i) }))
  const others = Array.from({ length: 120 }, (_, i) => `d${i}`)
  return {
    dataset: 'made-up',
    documents: 5183,
    ranked: 'documents',
    queries,
    qrels: new Map(
      queries.map(({ id }) => [
        id,
        new Map([
          [`${id} right`, 2],
          [`${id} also`, 1],
        ]),
      ]),
    ),
    runs: systems.map(({ name, description = '', skill, bytes, ms }, s) => {
      const luck = lucky(101 + s)
      const answers = queries.map(({ id }, i): [string, RunQuery] => {
        const badness = Math.max(0, (hardness[i]! * 0.75 + luck() * 0.25) / skill - 0.55)
        const ids = [...others]
        ids.splice(Math.round(badness ** 2 * 60), 0, `${id} right`)
        ids.splice(Math.round(badness ** 2 * 90 + luck() * 8), 0, `${id} also`)
        return [id, answer(ids.slice(0, 100), ms * (0.7 + 0.6 * luck()))]
      })
      const stages = { encode: ms * 0.7, search: ms * 0.3 }
      const cost = bytes === undefined ? {} : { bytesPerDocument: bytes, indexSeconds: bytes / 1e4 }
      return run(name, Object.fromEntries(answers), { description, msPerStage: stages, cost })
    }),
    warnings: [],
  }
}
