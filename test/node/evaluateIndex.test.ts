/** `selvage eval --index`: the figures of an index that is there are those of the public search on it. */
import { describe, expect, test } from 'vitest'
import { ndcg, parseQrels, sharedBest } from '../../src/eval/index.ts'
import { run } from '../../src/node/cli.ts'
import { openFolder } from '../../src/node/index.ts'
import { commandLine } from '../support/command.ts'

const cli = commandLine('selvage-eval-')
const { at, write } = cli
const selvage = (...args: string[]) => {
  cli.clear()
  return run(args)
}

const DOCUMENTS = [
  { _id: 'd1', title: 'Cats', text: 'A cat sleeps most of the day.' },
  { _id: 'd/2', title: 'Food', text: 'Fish is what cats eat, and milk they should not.' },
  { _id: 'd3', title: 'Bridges', text: 'A bridge carries a road over a river.' },
  {
    _id: 'd4',
    title: 'Boats',
    text: 'A ferry takes cars across the water where there is no bridge.',
    url: '/boats#ferry',
  },
  // More passages than are wanted of them, so that something can be missed.
  ...Array.from({ length: 20 }, (_, i) => ({
    _id: `other${i}`,
    title: `Number ${i}`,
    text: `Road ${i} leads to town ${i}.`,
  })),
]
const QUERIES = [
  { _id: 'q1', text: 'crossing water' },
  { _id: 'q2', text: 'what may I feed my cat' },
  { _id: 'unjudged', text: 'towns' },
]
const QRELS = 'query-id\tcorpus-id\tscore\nq1\td3\t1\nq1\td4\t2\nq2\td/2\t1\n'
const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')

async function buildSet(): Promise<void> {
  await write('set/corpus.jsonl', lines(DOCUMENTS))
  await write('set/queries.jsonl', lines(QUERIES))
  await write('set/qrels.tsv', QRELS)
  expect(await selvage('build', at('set/corpus.jsonl'), '-o', at('index'), '--base-url', 'https://example.org/x')).toBe(
    0,
  )
}

test('figures, times and counts, by meaning, by words and by both', async () => {
  await buildSet()
  const qrels = parseQrels(QRELS, 'qrels.tsv')
  const ids = new Map(DOCUMENTS.map(({ _id, url }) => [url ?? `https://example.org/x/${encodeURIComponent(_id)}`, _id]))
  const index = await openFolder(at('index'))
  try {
    await expect(index.search('x', { candidates: 0 })).rejects.toMatchObject({ code: 'invalid-argument' })
    for (const mode of ['semantic', 'keyword', 'hybrid'] as const) {
      let gain = 0
      let shared = 0
      for (const { _id, text } of QUERIES.slice(0, 2)) {
        const found = async (candidates?: number) =>
          (await index.search(text, { k: 10, mode, candidates, groupBy: 'page' })).hits.map(
            ({ page }) => ids.get(page.url)!,
          )
        gain += ndcg(await found(2), qrels.get(_id)!, 10)
        if (mode !== 'keyword') shared += sharedBest(await found(2), await found(Infinity), 10)
      }
      expect(
        await selvage('eval', at('set'), '--index', at('index'), '--mode', mode, '--candidates', '2', '--json'),
      ).toBe(0)
      const report = JSON.parse(cli.out)
      expect(report).toMatchObject({ mode, queries: 2, ranked: 'pages', 'ndcg@10': expect.closeTo(gain / 2, 12) })
      if (mode !== 'keyword') expect(report['recall@100']).toBe(1) // 24 documents, and 100 are asked for
      const { 'ms per stage': ms } = report
      expect(ms.total).toBeCloseTo(ms.encode + ms.keyword + ms.score + ms.texts + ms.explain, 9)
      expect(report).not.toHaveProperty('each')
      if (mode === 'keyword') {
        expect(report).not.toHaveProperty('recall@10 of exact')
        expect(report).not.toHaveProperty('candidates')
        continue
      }
      expect(report).toMatchObject({
        'recall@10 of exact': expect.closeTo(shared / 2, 12),
        encoder: 'node',
        scorer: 'wasm',
      })
      expect(report.candidates).toBeGreaterThanOrEqual(10)
      expect(ms).toMatchObject({ scan: expect.any(Number), residuals: expect.any(Number) })
    }
  } finally {
    await index.close()
  }
  // Exact against itself; by meaning unless asked otherwise; in words.
  expect(await selvage('eval', at('set'), '--index', at('index'), '--candidates', 'all', '--limit', '1')).toBe(0)
  expect(cli.out).toMatch(
    /^1 queries on the index at .*, by meaning, ranked by pages; encoded by node, scored by wasm$/m,
  )
  expect(cli.out).toMatch(/^ {2}recall@10 of exact +1\.0000$/m)
  expect(cli.out).toMatch(/^ {2}scored in full +24 passages$/m)
})

test('labels that name sections, and a set without a corpus', async () => {
  await write(
    'docs/pets.md',
    '# Pets\n\nAnimals at home.\n\n## Cats\n\nA cat eats fish.\n\n## Dogs\n\nA dog eats meat.\n',
  )
  await write('set/queries.jsonl', '{"_id":"q","text":"feeding a cat"}')
  await write('set/qrels.tsv', 'q\t/pets.html#cats\t1\n')
  expect(await selvage('build', at('docs'), '-o', at('index'))).toBe(0)
  expect(await selvage('eval', at('set'), '--index', at('index'), '--mode', 'hybrid', '--json')).toBe(0)
  expect(JSON.parse(cli.out)).toMatchObject({ ranked: 'sections', 'ndcg@10': 1, 'mrr@10': 1, 'recall@100': 1 })
  expect(await selvage('eval', at('set'), '--index', at('index'), '--mode', 'hybrid', '--no-deep', '--json')).toBe(0)
  const { 'recall@100': deep, ...rest } = JSON.parse(cli.out)
  expect(deep).toBeUndefined()
  expect(rest).toMatchObject({ 'ndcg@10': 1, 'recall@10 of exact': 1 })
})

describe('what is refused', () => {
  const evaluated = (...args: string[]) => selvage('eval', at('set'), '--index', at('index'), ...args)

  test('an index of other documents is no index of zeros', async () => {
    await write('set/queries.jsonl', '{"_id":"q","text":"feeding a cat"}')
    await write('set/qrels.tsv', 'q\td1\t1\n')
    await write('docs/a.md', '# Rivers\n\nA river runs to the sea.\n')
    expect(await selvage('build', at('docs'), '-o', at('index'))).toBe(0)
    expect(await evaluated()).toBe(1)
    expect(cli.err).toMatch(
      /index found \/a\.html, for example; wanted documents of .*set, such as d1\. Build it of the corpus/,
    )
    expect(cli.out).toBe('')
  })

  test('options that have no meaning', async () => {
    expect(await evaluated('--bits', '4')).toBe(1)
    expect(cli.err).toContain("option '--index <dir>' cannot be used with option '--bits <n>'")
    expect(await evaluated('--mode', 'exact')).toBe(1)
    expect(cli.err).toContain('--mode is "exact". With --index it is hybrid, semantic or keyword.')
    expect(await selvage('eval', at('set'), '--mode', 'keyword')).toBe(1)
    expect(cli.err).toContain('--mode is "keyword". Without --index it is plaid, exact, both or hybrid.')
    expect(await selvage('eval', at('set'), '--encoder', 'wasm')).toBe(1)
    expect(cli.err).toContain('--encoder is for --index')
    expect(await selvage('eval', at('set'), '--no-deep')).toBe(1)
    expect(cli.err).toContain('--no-deep is for --index')
    expect(await evaluated('--candidates', '0')).toBe(1)
    expect(cli.err).toMatch(/whole number from 1 on/)
    expect(await evaluated()).toBe(1)
    expect(cli.err).toMatch(/There is neither .*queries\.jsonl nor/)
  })
})
