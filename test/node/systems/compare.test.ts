/** `selvage eval --compare`: what each system ranks, what it costs, what is written, and what is told of a set that is not whole. */
import { mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test } from 'vitest'
import { compare } from '../../../src/eval/compare.ts'
import { run } from '../../../src/node/cli.ts'
import { DEFAULT_MODEL } from '../../../src/node/model.ts'
import { makeRanker, type Ranker } from '../../../src/node/systems/rankers.ts'
import { readSet } from '../../../src/node/systems/readSet.ts'
import { runSystems } from '../../../src/node/systems/run.ts'
import { parseSystems } from '../../../src/node/systems/spec.ts'
import { Stock } from '../../../src/node/systems/stock.ts'
import { commandLine } from '../../support/command.ts'

const MODELS = join(import.meta.dirname, '../../fixtures/tiny-models')
const defaults = { biEncoder: join(MODELS, 'bi-encoder'), crossEncoder: join(MODELS, 'cross-encoder') }
const cli = commandLine('selvage-compare-')
const { at, write } = cli
const selvage = (...args: string[]) => {
  cli.clear()
  return run(['eval', at('set'), '--threads', '1', ...args])
}

const CORPUS = [
  { _id: 'sleep', title: 'Cats', text: 'A cat sleeps most of the day.' },
  { _id: 'food', title: 'Cats', text: 'Fish is what cats eat; milk they should not drink.' },
  { _id: 'dogs', title: 'Dogs', text: 'A dog eats meat, and sleeps in the night.' },
  { _id: 'bridge', title: 'Rivers', text: 'A bridge carries a road over a river.' },
  { _id: 'ferry', title: 'Rivers', text: 'A ferry takes cars across the water where there is no bridge.' },
  { _id: 'town', title: '', text: 'The road leads from the river to the town.' },
]
const QUERIES = [
  { _id: 'q1', text: 'crossing water without a bridge' },
  { _id: 'q2', text: 'what may I feed my cat' },
  { _id: 'q3', text: 'where does the road lead' },
]
const QRELS = 'query-id\tcorpus-id\tscore\nq1\tferry\t2\nq1\tbridge\t1\nq2\tfood\t1\nq3\ttown\t1\n'
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')

beforeEach(async () => {
  await write('set/corpus.jsonl', lines(CORPUS))
  await write('set/queries.jsonl', lines(QUERIES))
  await write('set/qrels.tsv', QRELS)
})

const ALL = 6

describe('what a system ranks', () => {
  /** Every system over the same stock, each asked for all documents. */
  async function ranked(
    systems: string,
    ask: (of: (i: number) => Ranker, stock: Stock) => Promise<void>,
  ): Promise<void> {
    const { corpus } = await readSet(at('set'))
    const model = DEFAULT_MODEL
    const stock = new Stock({ corpus, owner: 'test', model, threads: 1, onProgress: () => {} })
    try {
      const rankers: Ranker[] = []
      for (const spec of parseSystems(systems, defaults)) rankers.push(await makeRanker(spec, stock))
      await ask((i) => rankers[i]!, stock)
    } finally {
      await stock.close()
    }
  }

  test('exact by every token, plaid and its rerank as near as bits allow, both from one encoding', async () => {
    await ranked('exact,plaid:bits=8,rerank:plaid:bits=1+exact,rerank:exact+plaid:bits=8', async (of, stock) => {
      const { documents } = await stock.documents()
      for (const { text } of QUERIES) {
        const { it: query } = await stock.query(text)
        const dot = (q: number, row: Float32Array, t: number) =>
          Array.from({ length: query.dim }, (_, d) => query.data[q * query.dim + d]! * row[t * query.dim + d]!).reduce(
            (sum, x) => sum + x,
          )
        const scores = documents.map(({ matrix }) => {
          let sum = 0
          for (let q = 0; q < query.rows; q++)
            sum += Math.max(...Array.from({ length: matrix.rows }, (_, t) => dot(q, matrix.data, t)))
          return sum
        })
        const best = [...scores.keys()].sort((a, b) => scores[b]! - scores[a]!)
        const exact = await of(0).rank(text, ALL)
        expect(exact.ids).toEqual(best)
        for (const [i, id] of exact.ids.entries()) expect(exact.scores?.[i]).toBeCloseTo(scores[id]!, 1)
        expect((await of(1).rank(text, 1)).ids).toEqual(best.slice(0, 1))
        expect((await of(2).rank(text, ALL)).ids).toEqual(best)
        const { ids, stages, ms } = await of(3).rank(text, ALL)
        expect(ids.slice(0, 1)).toEqual(best.slice(0, 1))
        // The query is encoded for both, once.
        expect(Object.keys(stages).filter((stage) => stage.includes('encode'))).toEqual(['encode'])
        expect(ms).toBeGreaterThan(stages['encode']!)
      }
      const tokens = documents.reduce((sum, { matrix }) => sum + matrix.rows, 0)
      const f16 = (tokens * 64 * 2) / ALL
      expect(of(0).cost).toMatchObject({ bytesPerDocument: f16, encodeSeconds: expect.any(Number) })
      expect(of(3).cost.bytesPerDocument).toBeCloseTo(f16 + of(1).cost.bytesPerDocument!, 6)
      expect(of(3).cost.encodeSeconds).toBe(of(0).cost.encodeSeconds)
    })
  })

  test('one vector a document by cosine, pairs by their logits, each as its model gives them', async () => {
    await ranked('bi-encoder,cross-encoder', async (of, stock) => {
      const spec = { model: defaults.biEncoder }
      const { encoder, vectors, dim } = await stock.pooled(spec)
      const scorer = await stock.pairs({ model: defaults.crossEncoder })
      for (const { text } of QUERIES) {
        const query = await encoder.encodeQuery(text)
        const cosines = CORPUS.map((_, i) => query.reduce((sum, value, d) => sum + value * vectors[i * dim + d]!, 0))
        const logits = await scorer.score(text, stock.texts)
        for (const [i, scores] of [cosines, [...logits]].entries()) {
          const answer = await of(i).rank(text, 4)
          expect(answer.ids).toEqual([...scores.keys()].sort((a, b) => scores[b]! - scores[a]!).slice(0, 4))
          for (const [n, id] of answer.ids.entries()) expect(answer.scores?.[n]).toBeCloseTo(scores[id]!, 5)
        }
      }
      expect(of(0).cost.bytesPerDocument).toBe(16 * 4)
      expect(of(1).cost).toEqual({ bytesPerDocument: 0 })
    })
  })

  test("a rerank orders the first one's best, and leaves the others behind them as they stood", async () => {
    await ranked(
      'lexical,rerank:lexical+cross-encoder,depth=2,bi-encoder,rerank:bi-encoder+cross-encoder,depth=3',
      async (of, stock) => {
        const { score } = await stock.pairs({ model: defaults.crossEncoder })
        for (const [first, second, depth] of [
          [of(0), of(1), 2],
          [of(2), of(3), 3],
        ] as const)
          for (const { text } of QUERIES) {
            const before = (await first.rank(text, ALL)).ids
            const after = (await second.rank(text, ALL)).ids
            const scores = await score(text, stock.texts)
            expect(after.slice(0, depth)).toEqual(before.slice(0, depth).sort((a, b) => scores[b]! - scores[a]!))
            expect(after.slice(depth)).toEqual(before.slice(depth))
            expect((await second.rank(text, 1)).ids).toEqual(after.slice(0, 1))
          }
      },
    )
  })
})

test('ids of documents or pages, figures by the same metrics, one encoding that the next run finds again', async () => {
  await write('set/pages.tsv', 'q1\tferry\t1\nq2\tfood\t1\n')
  const given = { folder: at('set'), model: DEFAULT_MODEL, threads: 1, cacheFolder: at('cache') }
  const specs = parseSystems('lexical,exact,plaid,hybrid,bi-encoder', defaults)
  const cold = await runSystems({ ...given, set: await readSet(at('set')), specs })
  const progress: string[] = []
  const onProgress = ({ stage, loaded, total }: { stage: string; loaded: number; total: number }) =>
    progress.push(`${stage} ${loaded}/${total}`)
  const warm = await runSystems({ ...given, set: await readSet(at('set')), specs, onProgress })
  expect(cold).toMatchObject({ dataset: 'set', documents: ALL, ranked: 'documents', warnings: [] })
  for (const [i, { name, queries, cost, msPerStage }] of cold.runs.entries()) {
    expect(name).toBe(specs[i]!.name)
    expect([...queries.keys()]).toEqual(['q1', 'q2', 'q3'])
    expect(warm.runs[i]!.queries.get('q1')?.first).toEqual(queries.get('q1')?.first)
    const each = [...queries.values()].map(({ ms }) => ms)
    const stages = Object.values(msPerStage).reduce((sum, ms) => sum + ms, 0)
    expect(stages).toBeLessThanOrEqual(each.reduce((sum, ms) => sum + ms, 0) / 3 + 0.01)
    expect(cost.bytesPerDocument).toBeGreaterThan(0)
    // Words have no encoding, and what comes from the cache took none.
    expect(typeof cost.encodeSeconds).toBe(name === 'lexical' ? 'undefined' : 'number')
    expect(warm.runs[i]!.cost.encodeSeconds).toBeUndefined()
  }
  expect(progress.filter((line) => line.startsWith('encode'))).toEqual(['encode 6/6', 'encode 6/6'])
  expect(progress.at(-1)).toBe('search 15/15')
  const { systems } = compare(cold)
  expect(systems.find(({ name }) => name === 'hybrid')?.figures.get('ndcg@10')?.mean).toBeGreaterThan(0.8)

  const sections = CORPUS.map(({ _id, ...rest }) => ({ _id: `${rest.title || 'Town'}#${_id}`, ...rest }))
  await write('set/corpus.jsonl', lines(sections))
  await write('set/qrels.tsv', 'q1\tRivers\t1\nq2\tCats\t1\n')
  const pages = await runSystems({ ...given, set: await readSet(at('set')), specs: parseSystems('exact'), limit: 1 })
  expect(pages.ranked).toBe('pages')
  expect([...pages.runs[0]!.queries.keys()]).toEqual(['q1'])
  const { first, deep } = pages.runs[0]!.queries.get('q1')!
  expect([...first].sort()).toEqual(['Cats', 'Dogs', 'Rivers', 'Town'])
  expect(deep).toEqual(first)
})

test('an index is made once, and anew where it is damaged or another is asked for', async () => {
  const stages = async (systems: string) => {
    const seen = new Set<string>()
    const onProgress = ({ stage }: { stage: string }) => seen.add(stage)
    const given = { folder: at('set'), model: DEFAULT_MODEL, threads: 1, cacheFolder: at('cache'), onProgress }
    const { runs } = await runSystems({ ...given, set: await readSet(at('set')), specs: parseSystems(systems) })
    const { queries, cost } = runs[0]!
    return {
      isBuilt: seen.has('cluster'),
      seconds: cost.indexSeconds,
      first: [...queries.values()].map((q) => q.first),
    }
  }
  const made = await stages('plaid:bits=4')
  const again = await stages('plaid:bits=4')
  expect([made.isBuilt, again.isBuilt]).toEqual([true, false])
  expect(again).toEqual({ ...made, isBuilt: false }) // the seconds of the build, too
  expect((await stages('plaid:bits=4,pool=2')).isBuilt).toBe(true)

  const folders = await readdir(at('cache/eval-indexes'))
  expect(folders).toHaveLength(2)
  for (const folder of folders)
    for (const name of await readdir(at(`cache/eval-indexes/${folder}`)))
      if (name.endsWith('.pack')) await writeFile(at(`cache/eval-indexes/${folder}/${name}`), 'damaged')
  const mended = await stages('plaid:bits=4')
  expect(mended).toMatchObject({ isBuilt: true, first: made.first })
  expect((await stages('plaid:bits=4')).isBuilt).toBe(false)

  const old = new Date(Date.now() - 61 * 24 * 3600 * 1000)
  for (const folder of folders) await utimes(at(`cache/eval-indexes/${folder}/manifest.json`), old, old)
  await stages('plaid:bits=1')
  expect(await readdir(at('cache/eval-indexes'))).toHaveLength(1)
})

describe('the command', () => {
  test('a table, JSON, a page, and a line for each query and system', async () => {
    await write('set/queries.jsonl.gz', gzipSync(lines([...QUERIES, { _id: 'q4', text: 'unjudged' }])))
    await rm(at('set/queries.jsonl'))
    await mkdir(at('set/qrels'))
    await rename(at('set/qrels.tsv'), at('set/qrels/test.tsv'))
    const systems = 'lexical,rerank:lexical+cross-encoder,depth=2'
    const more = ['--cross-encoder', defaults.crossEncoder, '--no-cache', '--metrics', 'ndcg@3,success@1']
    const files = ['--report', at('out/report.html'), '--per-query', at('out/queries.jsonl')]
    expect(await selvage('--compare', systems, ...more, ...files, '--json')).toBe(0)
    const report = JSON.parse(cli.out)
    expect(JSON.stringify(report)).toContain('rerank:lexical+cross-encoder,depth=2')
    expect(JSON.stringify(report)).toContain('Left out, without judgements: 1 of 4 queries')
    const page = await readFile(at('out/report.html'), 'utf8')
    expect(page).toMatch(/^<!doctype html>/i)
    expect(page).toContain('rerank:lexical+cross-encoder')
    const perQuery = (await readFile(at('out/queries.jsonl'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(perQuery).toHaveLength(2 * 3)
    expect(perQuery[0]).toMatchObject({
      query: 'q1',
      text: QUERIES[0]!.text,
      system: 'lexical',
      ms: expect.any(Number),
    })
    for (const row of perQuery) {
      const relevant = { q1: ['ferry', 'bridge'], q2: ['food'], q3: ['town'] }[row.query as 'q1']
      expect(row['success@1']).toBe(relevant.includes(row.first[0]) ? 1 : 0)
      expect(row).toHaveProperty('ndcg@3')
    }
    expect(await selvage('--compare', systems, ...more, '--limit', '2')).toBe(0)
    expect(cli.out).toContain('2 queries')
    expect(cli.err).toContain('Searching 4 of 4')
  })

  test('a report alone is one of plaid, as the options have it', async () => {
    expect(await selvage('--report', at('r.html'), '--bits', '4', '--cache-dir', at('cache'))).toBe(0)
    expect(await readFile(at('r.html'), 'utf8')).toContain('4 bits')
  })

  test('Ctrl-C ends it, and says what is kept', async () => {
    const stopped = AbortSignal.abort()
    expect(await run(['eval', at('set'), '--compare', 'lexical'], stopped)).toBe(130)
    expect(cli.err).toContain('Stopped; nothing was written.')
  })

  test.each([
    ['no such system', ['--compare', 'colbert'], /--compare: there is no system "colbert"/],
    ['no such metric', ['--compare', 'lexical', '--metrics', 'ndgc@10'], /There is no metric "ndgc@10"/],
    [
      'with a mode',
      ['--compare', 'lexical', '--mode', 'exact'],
      /'--compare <systems>' cannot be used with option '--mode/,
    ],
    ['a cache for nobody', ['--cache-dir', 'x'], /--cache-dir is for --compare\. Say --compare <systems>\./],
    ['no cache for nobody', ['--no-cache'], /--no-cache is for --compare/],
    [
      'a cache and none',
      ['--compare', 'lexical', '--cache-dir', 'x', '--no-cache'],
      /--cache-dir and --no-cache were both given/,
    ],
    ['a model for nobody', ['--bi-encoder', 'x'], /--bi-encoder is for --compare/],
    [
      'a bi-encoder by --model',
      ['--compare', 'exact', '--model', defaults.biEncoder],
      /--model: the model in .*bi-encoder is a bi-encoder \(bi-encoder takes it\), not a late-interaction model\./,
    ],
  ])('%s', async (_, args, message) => {
    expect(await selvage(...args)).toBe(1)
    expect(cli.err).toMatch(message)
  })

  test('a report of an index, and files that cannot be written, before anything is measured', async () => {
    expect(await run(['eval', at('set'), '--report', 'x', '--index', 'y'])).toBe(1)
    expect(cli.err).toMatch(/--metrics, --report and --per-query are of --compare, and --index is something else/)
    expect(await selvage('--compare', 'lexical', '--report', at('set'))).toBe(1)
    expect(cli.err).toMatch(/set cannot be written: it is a folder\.$/m)
    expect(await selvage('--compare', 'lexical', '--per-query', at('set/qrels.tsv/q.jsonl'))).toBe(1)
    expect(cli.err).toMatch(/q\.jsonl cannot be written: E\w+: /)
    expect(cli.err).not.toContain('Searching')
  })

  test('a cross-encoder does not read a whole library', async () => {
    await write(
      'set/corpus.jsonl',
      lines([...CORPUS, ...Array.from({ length: 2000 }, (_, i) => ({ _id: `${i}`, text: `${i}` }))]),
    )
    expect(await selvage('--compare', 'cross-encoder', '--cross-encoder', defaults.crossEncoder)).toBe(1)
    expect(cli.err).toMatch(/there are 2,006 documents; at most 2,000 are read\. .* rerank:lexical\+cross-encoder\./)
  })

  test.each([
    [
      'no judgements',
      'set/qrels.tsv',
      undefined,
      /There are no judgements in .*set: neither qrels\.tsv nor qrels\/test\.tsv/,
    ],
    [
      'judgements of another corpus',
      'set/qrels.tsv',
      'q1\tnone\t1',
      /qrels\.tsv:1: there is no document "none" in corpus\.jsonl/,
    ],
    [
      'a document twice',
      'set/corpus.jsonl',
      '{"_id":"a"}\n{"_id":"a"}',
      /corpus\.jsonl:2: the id "a" is that of line 1 already/,
    ],
    [
      'a damaged archive',
      'set/queries.jsonl.gz',
      'no gzip',
      /queries\.jsonl\.gz cannot be unpacked; make or fetch it anew/,
    ],
    ['bytes that are no text', 'set/qrels.tsv', new Uint8Array([0x71, 0xff]), /qrels\.tsv is not UTF-8/],
  ])('%s', async (_, path, content, message) => {
    await rm(at(path.replace('.gz', '')))
    if (content !== undefined) await write(path, content)
    expect(await selvage('--compare', 'lexical')).toBe(1)
    expect(cli.err).toMatch(message)
  })
})
