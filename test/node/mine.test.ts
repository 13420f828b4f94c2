/**
 * `selvage mine` through the command line, with the model that ships: triples out of a labelled set, of documents and of an
 * index; what is counted, and what is said of bad input.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { commandLine } from '../support/command.ts'

/** Called at each line of progress. */
let onErr: (text: string) => void = () => {}
const cli = commandLine('selvage-mine-', (text) => onErr(text))
const { at, write } = cli

const TEXTS = [
  [
    'cancel',
    'Cancelling',
    'To cancel a request, call abort on the controller whose signal you gave to it before it began.',
  ],
  ['copy', 'Copy', 'To cancel a request, call abort on the controller whose signal you gave to it before it began.'],
  [
    'retry',
    'Retrying',
    'A request that failed can be sent again; requests are cancelled when too many of them have failed.',
  ],
  [
    'cheese',
    'Cheese',
    'Cheese is made of milk, which is warmed, curdled, cut, pressed and kept for months in a cellar.',
  ],
  [
    'bridge',
    'Bridges',
    'A bridge carries a road over a river, and the river carries boats under the bridge all the year.',
  ],
] as const
const PAIRS = [
  { query: 'how do I cancel a request', positive: TEXTS[0][2], title: TEXTS[0][1], doc: 'cancel' },
  { query: 'what is cheese made of', positive: TEXTS[3][2] },
]
/** PyLate's golden model, random and quick: where it does not count what is like what. */
const TINY = ['--model', resolve(import.meta.dirname, '../fixtures/golden/bert-expansion')]
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

beforeEach(async () => {
  onErr = () => {}
  vi.stubEnv('SELVAGE_CACHE_DIR', at('cache'))
  await write('set/corpus.jsonl', lines(TEXTS.map(([_id, title, text]) => ({ _id, title, text }))))
  await write('pairs.jsonl', lines(PAIRS))
})

const mine = (corpus: string, ...options: string[]) =>
  run(['mine', at(corpus), at('pairs.jsonl'), '-o', at('triples.jsonl'), '--threads', '1', ...options])

interface Row {
  readonly query: string
  readonly positive: string
  readonly negatives: readonly string[]
  readonly scores: readonly number[]
}

const triples = async (file = 'triples.jsonl'): Promise<Row[]> => {
  const bytes = await readFile(at(file))
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

test('of a labelled set: neither the positive nor its copy, the hardest first, texts with their titles', async () => {
  expect(await mine('set', '--negatives', '2', '--margin', '1')).toBe(0)
  const [first, second] = await triples()
  expect(first?.positive).toBe(`Cancelling\n${TEXTS[0][2]}`)
  expect(first?.negatives).toHaveLength(2)
  expect(first?.negatives[0]).toBe(`Retrying\n${TEXTS[2][2]}`)
  expect(first?.negatives.some((text) => text.includes('call abort'))).toBe(false)
  expect(second?.negatives.some((text) => text.includes('made of milk'))).toBe(false)
  for (const { negatives, scores } of [first, second].flatMap((row) => row ?? [])) {
    expect(scores).toHaveLength(negatives.length + 1)
    for (const score of scores.slice(1)) expect(score).toBeLessThanOrEqual(scores[0] ?? 0)
  }
  expect(cli.out).toMatch(/4 hard negatives for 2 of 2 pairs, from 5 texts/)
})

test('the same again gives the same bytes, from a cache and gzipped too', async () => {
  await mine('set')
  const [first, out] = [await readFile(at('triples.jsonl'), 'utf8'), cli.out]
  cli.clear()
  const again = ['mine', at('set'), at('pairs.jsonl'), '-o', at('again.jsonl.gz'), '--no-cache', '--threads', '1']
  expect(await run(again)).toBe(0)
  expect(gunzipSync(await readFile(at('again.jsonl.gz'))).toString()).toBe(first)
  expect(cli.out.replace('again.jsonl.gz', 'triples.jsonl')).toBe(out)
})

test('what scores near the positive is left out and counted; with --only-mined the pair too', async () => {
  expect(await mine('set', '--margin', '0.01', '--json')).toBe(0)
  const report = JSON.parse(cli.out)
  expect(report).toMatchObject({ pairs: 2, documents: 5 })
  expect(report.tooGood).toBeGreaterThan(2)
  expect(report.alike).toBeGreaterThan(1) // both copies of the first, the second itself
  const rows = await triples()
  for (const { scores } of rows)
    for (const score of scores.slice(1)) expect(score).toBeLessThan(0.01 * (scores[0] ?? 0))
  const bare = rows.filter(({ negatives }) => negatives.length === 0)
  expect(report.without).toBe(bare.length)
  expect(bare.length).toBeGreaterThan(0)
  cli.clear()
  await mine('set', '--margin', '0.01', '--only-mined', '--force')
  expect(await readFile(at('triples.jsonl'), 'utf8')).toBe(lines(rows.filter((row) => !bare.includes(row))))
  expect(cli.out).toMatch(/got none/)
})

test('by words alone nothing is found that has none of them; --skip leaves out the first ranks', async () => {
  expect(await mine('set', '--from', 'lexical', '--margin', '1')).toBe(0)
  const [first, second] = await triples()
  expect(first?.negatives).toEqual([`Retrying\n${TEXTS[2][2]}`])
  expect(second?.negatives).toEqual([])
  await mine('set', '--from', 'late', '--margin', '1', '--force')
  const all = (await triples())[0]?.negatives ?? []
  await mine('set', '--from', 'late', '--margin', '1', '--skip', '3', '--force')
  expect((await triples())[0]?.negatives).toEqual(all.slice(-2))
})

test('of documents and of an index of them: passages with their headings, the same ones', async () => {
  for (const [name, title, text] of TEXTS) await write(`docs/${name}.md`, `# Guide\n\n## ${title}\n\n${text}\n`)
  expect(await mine('docs', '--margin', '9', ...TINY)).toBe(0)
  const ofDocuments = await triples()
  expect(ofDocuments[0]?.negatives).toContain(`Guide > Retrying\n${TEXTS[2][2]}`)
  expect(await run(['build', at('docs'), '-o', at('index'), '--threads', '1', ...TINY])).toBe(0)
  expect(await mine('index', '--margin', '9', '--force', ...TINY)).toBe(0)
  expect(await triples()).toEqual(ofDocuments)
})

test.each<[what: string, args: () => string[], message: RegExp]>([
  [
    'a corpus that is not there',
    () => [at('none'), at('pairs.jsonl'), '-o', at('o.jsonl')],
    /no folder or file .*none/,
  ],
  ['pairs that are not there', () => [at('set'), at('none.jsonl'), '-o', at('o.jsonl')], /neither .*none\.jsonl nor/],
  ['a folder of pairs', () => [at('set'), at('set'), '-o', at('o.jsonl')], /set is a folder\. Give the \.jsonl/],
  [
    'an output of no known kind',
    () => [at('set'), at('pairs.jsonl'), '-o', at('o.txt')],
    /end in \.jsonl or \.jsonl\.gz/,
  ],
  [
    'pairs as the output',
    () => [at('set'), at('pairs.jsonl'), '-o', at('pairs.jsonl')],
    /is read and cannot be written/,
  ],
  [
    'all ranks skipped',
    () => [at('set'), at('pairs.jsonl'), '-o', at('o.jsonl'), '--skip', '100'],
    /all 100 are skipped/,
  ],
  [
    'a margin of nothing',
    () => [at('set'), at('pairs.jsonl'), '-o', at('o.jsonl'), '--margin', '0'],
    /must be a number above 0/,
  ],
])('%s is refused', async (_, args, message) => {
  expect(await run(['mine', ...args()])).toBe(1)
  expect(cli.err).toMatch(message)
})

test('an output that is there is kept unless --force says so', async () => {
  await write('triples.jsonl', 'mine\n')
  expect(await mine('set')).toBe(1)
  expect(cli.err).toMatch(/triples\.jsonl is there already/)
  expect(await readFile(at('triples.jsonl'), 'utf8')).toBe('mine\n')
})

test.each(['Preparing the model', 'Encoding passages', 'Searching'])('Ctrl-C at "%s" writes nothing', async (stage) => {
  const controller = new AbortController()
  onErr = (text) => text.startsWith(stage) && controller.abort()
  const args = ['mine', at('set'), at('pairs.jsonl'), '-o', at('triples.jsonl'), '--threads', '1', ...TINY]
  expect(await run(args, controller.signal)).toBe(130)
  expect(cli.err).toMatch(/Stopped; nothing was written/)
  await expect(readFile(at('triples.jsonl'))).rejects.toThrow(/ENOENT/)
})

test('what was encoded before it was stopped need not be encoded again', async () => {
  const words = ['river', 'bridge', 'engine', 'garden', 'letter', 'market', 'planet', 'window', 'doctor', 'winter']
  const corpus = Array.from({ length: 300 }, (_, i) => ({
    _id: i,
    text: `The ${words[i % 10]} of number ${i} is near.`,
  }))
  await write('set/corpus.jsonl', lines(corpus))
  const controller = new AbortController()
  onErr = (text) => /^Encoding passages (1[5-9]|2\d)\d /.test(text) && controller.abort()
  const args = [
    'mine',
    at('set'),
    at('pairs.jsonl'),
    '-o',
    at('triples.jsonl'),
    '--threads',
    '1',
    '--from',
    'late',
    ...TINY,
  ]
  expect(await run(args, controller.signal)).toBe(130)
  onErr = () => {}
  cli.clear()
  expect(await run(args)).toBe(0)
  // All that is told of: those of the cache are there at once.
  const first = /^Encoding passages (\d+) of 300/m.exec(cli.err)?.[1]
  expect(Number(first)).toBeGreaterThanOrEqual(128)
})
