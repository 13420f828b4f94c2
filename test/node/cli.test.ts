/** The command line with the real model: what a person sees, and what bad input leads to. */
import { cp, mkdir, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { buildFolder } from '../../src/node/build.ts'
import { run } from '../../src/node/cli.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import type { Hit, Progress } from '../../src/types.ts'
import { commandLine } from '../support/command.ts'

const cli = commandLine('selvage-cli-')
const { at, write, clear } = cli
const selvage = (...args: string[]) => run(args)

describe('build and search', () => {
  test('a folder is built, found up to date, built anew when a file changes, and searched', async () => {
    await write('docs/cats.md', '# Cats\n\nA cat sleeps most of the day.\n')
    await write('docs/guide/index.md', '# Guide\n\n## Rivers {#water}\n\nA bridge carries a road over a river.\n')
    expect(await selvage('build', at('docs'), '-o', at('out'), '--base-url', 'https://example.org')).toBe(0)
    expect(cli.out).toMatch(/2 pages, 3 sections, 3 passages, \d+ tokens/)
    const first = await readdir(at('out'))

    clear()
    expect(await selvage('build', at('docs'), '-o', at('out'), '--base-url', 'https://example.org')).toBe(0)
    expect(cli.out).toMatch(/is up to date: 2 pages/)

    await write('docs/cats.md', '# Cats\n\nA cat sleeps most of the day and hunts at night.\n')
    expect(await selvage('build', at('docs'), '-o', at('out'), '--base-url', 'https://example.org')).toBe(0)
    const second = await readdir(at('out'))
    // Packs that the new manifest does not name are gone.
    expect(second).toHaveLength(first.length)
    expect(second).not.toEqual(first)

    clear()
    expect(await selvage('search', at('out'), 'how do I cross water?', '-k', '1')).toBe(0)
    expect(cli.out).toMatch(
      /^ 1\. Guide > Rivers {2}\(\d+\.\d\d\)\n {4}https:\/\/example\.org\/guide\/#water\n {4}A bridge carries/,
    )

    clear()
    expect(await selvage('search', at('out'), 'how do I cross water?', '--json')).toBe(0)
    const result = JSON.parse(cli.out)
    expect(result.hits.map((hit: { title: string }) => hit.title)).toContain('Cats')
    expect(result).toMatchObject({ encoder: 'node', scorer: 'wasm' })

    clear()
    expect(await selvage('search', at('out'), 'cats', '--mode', 'semantic', '--explain')).toBe(0)
    expect(cli.out).toMatch(/meaning: place 1, .* · words: not asked/)
    expect(cli.err).toMatch(/of it encoding the query/)

    clear()
    expect(await selvage('search', at('out'), '   ')).toBe(0)
    expect(cli.out).toBe('No hits.\n')
  })

  test('a search by words alone says nothing of vectors', async () => {
    const index = join(import.meta.dirname, '../fixtures/index-v2')
    expect(await selvage('search', index, 'cats', '--mode', 'keyword', '--explain')).toBe(0)
    expect(cli.out).toMatch(/meaning: not asked · words: place 1/)
    expect(cli.err).toMatch(/^keyword: \d+(\.\d+)? m?s\n$/)
  })

  test('the help of search says what is done unasked', async () => {
    expect(await selvage('search', '--help')).toBe(0)
    expect(cli.out.replace(/\s+/g, ' ')).toMatch(
      /--mode <mode> .*both \(default: both\).* --filter .*twice means either/,
    )
    expect(cli.out).not.toContain('[]')
  })

  test('a file that is not UTF-8 is named, the rest is built, and the exit code says so', async () => {
    await write('docs/good.md', '# Good\n\nReadable text.\n')
    await write('docs/bad.md', Uint8Array.of(0x23, 0x20, 0x41, 0xff, 0xfe, 0x41))
    await write('docs/empty.md', '')
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(2)
    expect(cli.out).toMatch(/1 page, 1 section/)
    expect(cli.out).toMatch(/left out.*bad\.md/)
    expect(cli.out).toMatch(/left out, it has no text: empty\.md/)

    // It stays named, and the exit code stays, when there is nothing to do.
    clear()
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(2)
    expect(cli.out).toMatch(/is up to date.*\n.*left out.*bad\.md/)
  })

  test('a damaged index is mended by building again, as every message about it says', async () => {
    await write('docs/a.md', '# A\n\nSome text.\n')
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(0)
    const pack = (await readdir(at('out'))).find((name) => name.startsWith('residuals'))!
    const bytes = await readFile(at(`out/${pack}`))
    await writeFile(
      at(`out/${pack}`),
      bytes.map((byte, i) => (i === 9 ? byte ^ 1 : byte)),
    )
    expect(await selvage('search', at('out'), 'text')).toBe(1)
    expect(cli.err).toMatch(/residuals-\w+\.pack of the index at .* has other content/)
    clear()
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(0)
    expect(cli.out).toMatch(/^Built/)
    expect(await readFile(at(`out/${pack}`))).toEqual(bytes)
  })

  test('a build that fails leaves the index that was there, and nothing else', async () => {
    await write('docs/a.md', '# A\n\nSome text.\n')
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(0)
    const before = await readdir(at('out'))
    await write('docs/b.md', '# B\n\nMore text.\n')
    const aborted = { folder: at('docs'), output: at('out'), signal: AbortSignal.abort() }
    await expect(buildFolder(aborted)).rejects.toMatchObject({ code: 'aborted' })
    expect(await readdir(at('out'))).toEqual(before)
  })

  test.each(['read', 'encode', 'cluster', 'compress'] as const)(
    'cancelled at "%s": nothing that could be taken for an index is left, and a second build works',
    async (cancelled) => {
      await write('docs/a.md', '# A\n\nSome text.\n')
      await write('docs/b.md', '# B\n\nMore text.\n')
      const controller = new AbortController()
      const seen: string[] = []
      const onProgress = ({ stage }: Progress) => {
        seen.push(stage)
        if (stage === cancelled) controller.abort()
      }
      const given = { folder: at('docs'), output: at('out') }
      const building = buildFolder({ ...given, onProgress, signal: controller.signal })
      await expect(building).rejects.toMatchObject({ code: 'aborted' })
      expect(seen).toContain(cancelled)
      expect(await readdir(at('out'))).toEqual([])
      await expect(buildFolder(given)).resolves.toMatchObject({ summary: { passages: 2 } })
    },
  )

  test('a build that fails over an index of a newer version takes nothing away', async () => {
    await write('docs/a.md', '# A\n\nSome text.\n')
    await write('out/manifest.json', '{"format":"selvage","version":99}')
    await write('out/newthing-0123456789abcdef.pack', 'x')
    const aborted = { folder: at('docs'), output: at('out'), signal: AbortSignal.abort() }
    await expect(buildFolder(aborted)).rejects.toMatchObject({ code: 'aborted' })
    expect((await readdir(at('out'))).sort()).toEqual(['manifest.json', 'newthing-0123456789abcdef.pack'])
  })

  test('an index of another model is refused by name', async () => {
    await write('docs/a.md', '# A\n\nSome text.\n')
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(0)
    const manifest = await readFile(at('out/manifest.json'), 'utf8')
    await write('out/manifest.json', manifest.replace(/("hash":\s*")[0-9a-f]{64}/, `$1${'0'.repeat(64)}`))
    expect(await selvage('search', at('out'), 'text')).toBe(1)
    expect(cli.err).toMatch(/was built with the model "selvage-mini" \(000000000000\), but .* holds "selvage-mini" \(/)
  })
})

describe('bad input', () => {
  test.each([
    ['a folder that is not there', ['build', 'nowhere', '-o', 'out'], /There is no folder .*nowhere/],
    ['a folder without documents', ['build', 'empty', '-o', 'out'], /There are no documents in .*empty/],
    ['an index that is not there', ['search', 'empty', 'x'], /There is no index at .*empty.*selvage build/],
    ['a labelled set that is not there', ['eval', 'empty'], /There is neither .*corpus\.jsonl nor .*corpus\.jsonl\.gz/],
  ])('%s', async (_, args, message) => {
    await mkdir(at('empty'))
    expect(await selvage(...args.map((arg) => (/nowhere|empty|out/.test(arg) ? at(arg) : arg)))).toBe(1)
    expect(cli.err).toMatch(message)
    expect(await readdir(cli.folder)).toEqual(['empty'])
  })

  test('an output folder that holds something else', async () => {
    await write('docs/a.md', '# A\n\ntext\n')
    await write('out/thesis.docx', 'x')
    expect(await selvage('build', at('docs'), '-o', at('out'))).toBe(1)
    expect(cli.err).toMatch(/holds something that is not a Selvage index \(thesis\.docx\)/)
    expect(await readdir(at('out'))).toEqual(['thesis.docx'])
  })

  test('a model with a missing or a truncated file: named, and no index is left', async () => {
    await write('docs/a.md', '# A\n\ntext\n')
    await cp(DEFAULT_MODEL, at('model'), { recursive: true })
    await truncate(at('model/onnx/weights.bin'), 1000)
    expect(await selvage('build', at('docs'), '-o', at('out'), '--model', at('model'))).toBe(1)
    expect(cli.err).toMatch(/weights\.bin.*1000|1,000.*weights\.bin/)
    expect(await readdir(at('out'))).toEqual([])
    clear()
    expect(await selvage('build', at('docs'), '-o', at('out'), '--model', at('no-model'))).toBe(1)
    expect(cli.err).toMatch(/no-model/)
    expect(await readdir(at('out'))).toEqual([])
  })

  test('misspelt commands and options', async () => {
    expect(await selvage('biuld')).toBe(1)
    expect(await selvage('search', at('x'), 'y', '-k', 'many')).toBe(1)
    expect(await selvage('build', at('x'), '-o', at('y'), '--urls', 'pretty')).toBe(1)
    for (const filter of ['kind', '=guide']) {
      clear()
      expect(await selvage('search', at('x'), 'y', '--filter', filter)).toBe(1)
      expect(cli.err).toMatch(/'--filter <name=value>' argument .* is invalid\. It must be name=value\./)
    }
  })
})

describe('eval', () => {
  test('a labelled set in BEIR layout, gzipped or not, at the level of documents or pages', async () => {
    const corpus = [
      { _id: 'cats.html#sleep', title: 'Cats', text: 'A cat sleeps most of the day.' },
      { _id: 'cats.html#food', title: 'Cats', text: 'Fish is what cats eat.' },
      { _id: 'rivers.html#bridge', title: 'Rivers', text: 'A bridge carries a road over a river.' },
    ]
    await write('set/corpus.jsonl.gz', gzipSync(corpus.map((row) => JSON.stringify(row)).join('\n')))
    await write('set/queries.jsonl', '{"_id":"q1","text":"crossing water"}\n{"_id":"q2","text":"feeding a cat"}\n')
    await write('set/qrels.tsv', 'query-id\tcorpus-id\tscore\nq1\trivers.html#bridge\t1\nq2\tcats.html#food\t1\n')
    await write('set/pages.tsv', 'query-id\tcorpus-id\tscore\nq1\trivers.html\t1\nq2\tcats.html\t1\n')
    expect(await selvage('eval', at('set'), '--json')).toBe(0)
    const ms = expect.any(Number)
    expect(JSON.parse(cli.out)).toMatchObject({
      mode: 'plaid',
      'ms per stage': { encode: ms, centroids: ms, scan: ms, select: ms, residuals: ms, total: ms },
      'bytes per token': ms,
      index: { bits: 2, candidates: 128, 'build seconds': ms },
      queries: 2,
      documents: 3,
      'ndcg@10': 1,
      'recall@100': 1,
      'mrr@10': 1,
      ranked: 'documents',
    })
    clear()
    expect(await selvage('eval', at('set'), '--qrels', at('set/pages.tsv'), '--limit', '1', '--json')).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject({ queries: 1, documents: 3, 'ndcg@10': 1, ranked: 'pages' })
    clear()
    const pooled = ['--pool', '2', '--clustering', 'tokens', '--bits', '8']
    expect(await selvage('eval', at('set'), '--mode', 'both', ...pooled, '--json')).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject({
      'ndcg@10': 1,
      remembered: { 'ndcg@10': 1 },
      exact: { 'ndcg@10': 1, 'bytes per token': 128 },
      'overlap@10': { 'plaid, exact': 1, 'plaid, remembered': 1 },
    })
  })
})

test('selvage model writes the manifest that ships', async () => {
  await cp(DEFAULT_MODEL, at('selvage-mini'), { recursive: true })
  await writeFile(at('selvage-mini/selvage.json'), '{}')
  for (const ofTraining of ['report.json', 'checkpoints/step-00000001.json'])
    await write(`selvage-mini/${ofTraining}`, '{}')
  expect(await selvage('model', at('selvage-mini'))).toBe(0)
  const [written, shipped] = await Promise.all(
    [at('selvage-mini'), DEFAULT_MODEL].map(async (path) =>
      JSON.parse(await readFile(join(path, 'selvage.json'), 'utf8')),
    ),
  )
  expect(written).toEqual(shipped)
})

test('export and import: an index travels to next-plaid and back', async () => {
  await write('docs/a.md', '# Cats\n\nCats eat fish.\n')
  await write('docs/b.md', '# Rivers\n\nA bridge crosses the river.\n')
  expect(await selvage('build', at('docs'), '-o', at('out'), '--bits', '4')).toBe(0)
  expect(await selvage('export', at('out'), '--format', 'next-plaid', '-o', at('theirs'))).toBe(0)
  expect(await readdir(at('theirs'))).toContain('metadata.json')
  expect(await selvage('export', at('out'), '-o', at('theirs'))).toBe(1)
  expect(cli.err).toMatch(/theirs is not empty/)

  await write('corpus.jsonl', '{"_id":"cats","title":"Cats","text":"Cats eat fish."}\n')
  clear()
  expect(await selvage('import', at('theirs'), '--corpus', at('corpus.jsonl'), '-o', at('back'))).toBe(1)
  expect(cli.err).toMatch(/has 2 documents, .*corpus\.jsonl has 1/)
  await write(
    'corpus.jsonl',
    '{"_id":"cats","title":"Cats","text":"Cats eat fish."}\n{"_id":"rivers","title":"Rivers","text":"A bridge crosses the river."}\n',
  )
  expect(await selvage('import', at('theirs'), '--corpus', at('corpus.jsonl'), '-o', at('back'))).toBe(0)
  clear()
  expect(await selvage('search', at('back'), 'how do I get over water?', '--json')).toBe(0)
  const { hits } = JSON.parse(cli.out)
  expect(hits[0]).toMatchObject({ title: 'Rivers', url: 'rivers' })
  clear()
  expect(await selvage('search', at('out'), 'how do I get over water?', '--json')).toBe(0)
  const [original] = JSON.parse(cli.out).hits
  expect(hits[0].score).toBe(original.score)
  expect(wordsOf(hits[0])).toEqual(wordsOf(original))
  expect(wordsOf(original)).toContain('river')
})

describe('import', () => {
  const corpus = (rows: readonly object[]) => write('corpus.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'))
  const exported = async (...options: string[]) => {
    expect(await selvage('build', at('docs'), '-o', at('out'), ...options)).toBe(0)
    expect(await selvage('export', at('out'), '-o', at('theirs'))).toBe(0)
    clear()
  }
  const imported = () => selvage('import', at('theirs'), '--corpus', at('corpus.jsonl'), '-o', at('back'))
  const search = async (question: string) => {
    clear()
    expect(await selvage('search', at('back'), question, '--json', '-k', '1')).toBe(0)
    return JSON.parse(cli.out).hits[0]
  }

  test('documents without titles: words are marked where they are', async () => {
    await write('docs/a.txt', 'Cats eat fish.')
    await write('docs/b.txt', 'A bridge crosses the river.')
    await exported()
    // Their passages were made of title and text; here all of it is text.
    await corpus([
      { _id: 'cats', text: 'a\nCats eat fish.' },
      { _id: 'rivers', text: 'b\nA bridge crosses the river.' },
    ])
    expect(await imported()).toBe(0)
    expect(cli.out).not.toMatch(/another number of tokens/)
    const hit = await search('how do I get over water?')
    expect(hit).toMatchObject({ title: 'rivers', url: 'rivers', headings: [] })
    expect(wordsOf(hit)).toContain('bridge')
  })

  test('texts that cannot be what was indexed: told, searched, and no word is marked', async () => {
    await write('docs/a.md', '# Cats\n\nCats eat fish.\n')
    await write('docs/b.md', '# Rivers\n\nA bridge crosses the river.\n')
    await exported()
    await corpus([
      { _id: 'cats', title: 'Cats', text: 'Cats eat fish.' },
      { _id: 'rivers', title: 'Rivers', text: 'A bridge crosses the river, and it is made of stone.' },
    ])
    expect(await imported()).toBe(0)
    expect(cli.out).toMatch(/1 of them have another number of tokens than their texts give/)
    const hit = await search('how do I get over water?')
    expect(hit.url).toBe('rivers')
    expect(hit.passage.matches).toEqual([])
    expect(wordsOf(await search('what do cats eat?'))).toContain('eat')
  })

  test('vectors that the model does not make are refused, and nothing is written', async () => {
    await cp(join(import.meta.dirname, '../fixtures/exchange/next-plaid'), at('theirs'), { recursive: true })
    await corpus(Array.from({ length: 60 }, (_, i) => ({ _id: String(i), text: 'x' })))
    expect(await imported()).toBe(1)
    expect(cli.err).toMatch(/has vectors of 32 dimensions, the model "selvage-mini" makes 64/)
    expect(await readdir(at('back'))).toEqual([])
  })
})

const wordsOf = (hit: Hit) => hit.passage.matches.map(({ start, end }) => hit.passage.text.slice(start, end))
