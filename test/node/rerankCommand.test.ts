/** `selvage rerank` with the real model: what goes in, what comes out, and what is said of bad input. */
import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { type RerankCommandOptions, rerankCommand } from '../../src/node/rerankCommand.ts'
import { commandLine } from '../support/command.ts'

const cli = commandLine('selvage-rerank-')
const LINES = ['A bridge carries a road over a river.', 'The cat sleeps most of the day.', 'Cheese is made of milk.']

function rerank(input: string | Uint8Array, options: Partial<RerankCommandOptions> = {}, signal?: AbortSignal) {
  const given = { query: 'how do I cross water?', jsonl: false, json: false, explain: false, model: DEFAULT_MODEL }
  const stream = Readable.from([typeof input === 'string' ? Buffer.from(input) : input])
  return rerankCommand({ ...given, threads: 1, ...options }, stream, signal)
}

test('lines come back best first, each with its score', async () => {
  expect(await rerank(`${LINES.join('\r\n')}\n\n  \n`)).toBe(0)
  const lines = cli.out.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatch(/^\d+\.\d{3}\tA bridge carries a road over a river\.$/)
  const scores = lines.map((line) => Number(line.split('\t')[0]))
  expect(scores).toEqual([...scores].sort((a, b) => b - a))
  expect(cli.err).toMatch(/3 passages: .* of it encoding; scores by wasm\n$/)
})

test('-k takes the best of them; tabs within a line become blanks', async () => {
  expect(await rerank('cats\tand dogs\nA bridge\tover water.\n', { k: 1 })).toBe(0)
  expect(cli.out).toMatch(/^\d+\.\d{3}\tA bridge over water\.\n$/)
})

test('--explain names the words that matched, and what nothing came near to', async () => {
  expect(await rerank('The cat sleeps most of the day.\n', { query: 'sleeping cat zucchini', explain: true })).toBe(0)
  const [line, why] = cli.out.split('\n')
  expect(line).toMatch(/\tThe cat sleeps most of the day\.$/)
  expect(why).toMatch(/^\tmatched: .*\bcat \d\.\d\d.* · nothing near: zucchini$/)
})

test('records have their id; as JSON with numbers, texts and times', async () => {
  const records = [
    { id: 'river', text: LINES[0], title: 'Bridges' },
    { _id: 2, text: LINES[1] },
  ].map((record) => JSON.stringify(record))
  expect(await rerank(`${records.join('\n')}\n`, { jsonl: true })).toBe(0)
  expect(cli.out.split('\n')[0]).toMatch(/^\d+\.\d{3}\triver\tBridges: A bridge carries/)
  cli.clear()
  expect(await rerank(`${records.join('\n')}\n`, { jsonl: true, json: true, explain: true, k: 1 })).toBe(0)
  const { query, hits, elapsedMs, encoder, scorer } = JSON.parse(cli.out)
  expect(query).toBe('how do I cross water?')
  expect(hits).toHaveLength(1)
  expect(hits[0]).toMatchObject({ index: 0, id: 'river', title: 'Bridges', text: LINES[0] })
  expect(hits[0].score).toBeGreaterThan(0)
  expect(hits[0].explanation.matches.length).toBeGreaterThan(0)
  expect(elapsedMs.encode).toBeGreaterThan(0)
  expect([encoder, scorer]).toEqual(['node', 'wasm'])
})

test('what is too long for the model is told', async () => {
  expect(await rerank(`${'many words '.repeat(300)}\n`)).toBe(0)
  expect(cli.err).toMatch(/1 of those shown is longer than the \d+ tokens that the model reads/)
})

test('nothing in, nothing out', async () => {
  expect(await rerank('')).toBe(0)
  expect(await rerank('\n \n', { jsonl: true })).toBe(0)
  expect(await rerank(LINES.join('\n'), { query: ' ' })).toBe(0)
  expect(cli.out).toBe('')
  expect(cli.err).toMatch(/^0 passages: /m)
})

test.each([
  ['a terminal', () => rerankCommand(...terminal()), /standard input, and that is a terminal\. Say: grep/],
  [
    'what is not UTF-8',
    () => rerank(Uint8Array.of(0x41, 0x0a, 0xff, 0xfe)),
    /standard input is not UTF-8: byte 2 \(line 2\)/,
  ],
  [
    'a line that is no JSON',
    () => rerank('{"id":"a","text":"b"}\nhello\n', { jsonl: true }),
    /standard input:2.*not JSON/,
  ],
  ['a record without text', () => rerank('{"id":"a"}\n', { jsonl: true }), /standard input:1.*"text"/],
])('%s is told in a sentence', async (_, call, message) => {
  await expect(call()).rejects.toThrow(message)
})

function terminal(): Parameters<typeof rerankCommand> {
  const given = { query: 'q', jsonl: false, json: false, explain: false, model: DEFAULT_MODEL }
  return [given, Object.assign(Readable.from([]), { isTTY: true as const })]
}

test('stopped by a signal it says so', async () => {
  const stop = new AbortController()
  stop.abort()
  expect(await rerank(LINES.join('\n'), {}, stop.signal)).toBe(130)
  expect(cli.err).toContain('Stopped; nothing was ranked.')
  expect(cli.out).toBe('')
})

test('its help says how', async () => {
  expect(await run(['rerank', '--help'])).toBe(0)
  expect(cli.out.replace(/\s+/g, ' ')).toMatch(/standard input .* -k, --k <n> lines to return \(default: all\)/)
  expect(await run(['rerank', 'q', '-k', 'none'])).toBe(1)
})
