/**
 * Does a lesson help queries that it was not learned from, and how long does it take? A labelled set with its index: queries in four
 * parts, each searched with a head learned from the other three, against searches without one.
 *   npm run bench:lesson -- <folder of the set> <folder of its index> [--few 60] [--recipe '{"hold":0.1}'] [--folds 4]
 *   npm run bench:lesson -- <set> <index> --time 500     the time alone, with so many pairs (queries are taken more than once)
 * Measured on 343 questions about Ray's documentation, 12,411 passages: MRR@10 .314 to .324 and nDCG@10 .375 to .386 as users
 * search, .253 to .267 and .314 to .335 by meaning alone; among the first ten 175 to 190. A map of passages too, tried on one part
 * of them at a hold of .03, was not better: MRR@10 among the first 60 by meaning .186 without, .203 with both sides mapped, .213 with
 * queries alone, which on 86 queries is the same; and it would have every section's vectors changed. 375 pairs take 34 s of CPU time.
 * The set's document ids must be the ids of the index's pages, or the ends of its addresses, as `selvage eval --index` has it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { Engine } from '../../src/engine/engine.ts'
import { parseQrels, parseQueries } from '../../src/eval/dataset.ts'
import { folderSource } from '../../src/node/fileStore.ts'
import { DEFAULT_MODEL, openNodeEncoder } from '../../src/node/model.ts'
import { createOps } from '../../src/ops/create.ts'
import { mapQuery } from '../../src/training/head.ts'
import { type HeadPair, type HeadRecipe, trainHead } from '../../src/training/headTrain.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { figuresOf } from '../../src/worker/lessonFigures.ts'
import { pairsFor, rightPlaces } from '../../src/worker/lessonPairs.ts'
import type { TaughtQuery } from '../../src/worker/lessonProtocol.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    few: { type: 'string' },
    folds: { type: 'string', default: '4' },
    recipe: { type: 'string', default: '{}' },
    time: { type: 'string' },
    model: { type: 'string', default: DEFAULT_MODEL },
  },
})
const [set, folder] = positionals
if (set === undefined || folder === undefined)
  throw new Error('Give the folder of a labelled set and that of its index: npm run bench:lesson -- <set> <index>')
const recipe: Partial<HeadRecipe> = JSON.parse(values.recipe)

const engine = await Engine.open(folderSource(folder))
await engine.loadVectors(await createOps({ backend: 'wasm' }))
const queries = await readQueries(set)
process.stdout.write(`${queries.length} queries, ${engine.segments.passages} passages\n`)

if (values.time !== undefined) await measureTime(Number(values.time))
else await measureQuality(Number(values.folds))
process.exit(0)

async function readQueries(path: string): Promise<TaughtQuery[]> {
  const text = (name: string) => gunzipSync(readFileSync(join(path, name))).toString()
  const qrels = parseQrels(readFileSync(join(path, 'qrels.tsv'), 'utf8'), 'qrels.tsv')
  const encoder = await openNodeEncoder({ model: values.model })
  const asked: TaughtQuery[] = []
  for (const { id, text: query } of parseQueries(text('queries.jsonl.gz'), 'queries.jsonl.gz')) {
    const urls = [...(qrels.get(id) ?? [])].flatMap(([document, grade]) => (grade > 0 ? [document] : []))
    if (urls.length > 0) asked.push({ text: query, urls, matrix: (await encoder.encodeQuery(query)).matrix })
  }
  await encoder.close()
  const found = await Promise.all(asked.map(async (one) => (await rightPlaces(engine, one)).passages.length > 0))
  return asked.filter((_, i) => found[i])
}

/** Wall and CPU time of what `teach` calls training: passages gathered, and the head. */
async function measureTime(count: number): Promise<void> {
  const taught = Array.from({ length: count }, (_, i) => queries[i % queries.length]!)
  const [wall, cpu] = [performance.now(), process.cpuUsage().user]
  const { passages, pairs } = await pairsFor(engine, taught, async () => {})
  const gathered = performance.now()
  const { rounds } = await trainHead(passages, pairs, { ...recipe, seed: 1 })
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  process.stdout.write(
    `${pairs.length} pairs, ${passages.length} passages: gathered in ${seconds(gathered - wall)}, learned in ` +
      `${seconds(performance.now() - gathered)} (${rounds} rounds); ${seconds((process.cpuUsage().user - cpu) / 1000)} of CPU\n`,
  )
}

async function measureQuality(folds: number): Promise<void> {
  const none = (matrix: TokenMatrix) => matrix
  const ranks = new Map<string, (number | undefined)[]>()
  const judge = async (name: string, kept: readonly TaughtQuery[], map: (matrix: TokenMatrix) => TokenMatrix) => {
    for (const mode of ['hybrid', 'semantic'] as const)
      for (const query of kept) {
        const { urls } = await rightPlaces(engine, query)
        const { hits } = await engine.search({ text: query.text, matrix: map(query.matrix), k: 10, mode })
        const at = hits.findIndex(({ passage }) => urls.has(passage.section.url))
        const key = `${mode}, ${name}`
        ranks.set(key, [...(ranks.get(key) ?? []), at < 0 ? undefined : at + 1])
      }
  }
  for (let fold = 0; fold < folds; fold++) {
    const kept = queries.filter((_, i) => i % folds === fold)
    const taught = queries.filter((_, i) => i % folds !== fold).slice(0, Number(values.few ?? queries.length))
    const { passages, pairs } = await pairsFor(engine, taught, async () => {})
    const head = await trainHead(passages, pairs satisfies readonly HeadPair[], { ...recipe, seed: 1 })
    await judge('without', kept, none)
    await judge('with a lesson', kept, (matrix) => mapQuery(head, matrix))
    process.stdout.write(`part ${fold + 1} of ${folds}: ${head.rounds} rounds\n`)
  }
  console.table(Object.fromEntries([...ranks].map(([name, list]) => [name, figuresOf(list)])))
}
