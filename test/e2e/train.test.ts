/**
 * Training as published: `dist/node` from a shell. Negatives are mined, a run is killed as a power cut kills it and resumed, and
 * the model that comes out is that of a run that nobody killed; an index is built with it and searched.
 */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { asLines, contentsOf, triples, writeTinyModel } from '../node/trainSupport.ts'

const MAIN = resolve(import.meta.dirname, '../../dist/node/main.js')
let folder: string
const at = (path: string) => join(folder, path)
const env = () => ({ ...process.env, CI: '1', SELVAGE_CACHE_DIR: at('cache') })

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'selvage-training-'))
  writeTinyModel(at('model'))
  mkdirSync(at('docs'))
  const rows = triples(20)
  rows.forEach(({ positive }, i) => {
    writeFileSync(at(`docs/place-${i}.md`), `# Place ${i}\n\n${positive}\n`)
  })
  writeFileSync(
    at('pairs.jsonl'),
    asLines(rows.map(({ query, positive }, i) => ({ query, positive, title: `Place ${i}` }))),
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function selvage(...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', env: env() })
  expect(stderr + stdout, args.join(' ')).not.toMatch(/\n {4}at /)
  expect(status, stderr).toBe(0)
  return stdout
}

const HOW =
  '--batch-size 4 --document-tokens 24 --query-tokens 12 --epochs 2 --learning-rate 0.001 --checkpoint-every 2'
const training = (output: string) => [
  ...['train', at('triples.jsonl.gz'), '--model', at('model'), '-o', at(output)],
  ...HOW.split(' '),
]

/** Runs it, and sends the signal as soon as it has told of this. */
function interrupted(line: string, signal: NodeJS.Signals, args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { env: env(), stdio: ['ignore', 'ignore', 'pipe'] })
  let told = ''
  return new Promise<{ code: number | null; by: NodeJS.Signals | null; told: string }>((done) => {
    child.stderr.on('data', (bytes) => {
      const before = told.includes(line)
      told += String(bytes)
      if (!before && told.includes(line)) child.kill(signal)
    })
    child.on('close', (code, by) => done({ code, by, told }))
  })
}

test('mine, train, kill, resume, build, search', async () => {
  const mining = ['mine', at('docs'), at('pairs.jsonl'), '-o', at('triples.jsonl.gz'), '--model', at('model')]
  const mined = selvage(...mining, '--margin', '1', '--threads', '1')
  expect(mined).toMatch(/hard negatives? for \d+ of 20 pairs, from 20 texts/)
  const before = contentsOf(at('model'))
  selvage(...training('whole/out'))

  const killed = await interrupted('Step 3 of ', 'SIGKILL', training('parts/out'))
  expect(killed.by).toBe('SIGKILL')
  const ended = await interrupted('Step 6 of ', 'SIGINT', [...training('parts/out'), '--resume'])
  expect(ended.told).toMatch(/Resumed after step 2 of /)
  expect(ended.told).toMatch(/Stopped after step [67] of .* Say the same with --resume to go on/)
  expect(ended.code).toBe(130)
  const told = selvage(...training('parts/out'), '--resume')
  expect(told).toMatch(/^Wrote .*out: 16 dimensions, 10 of 10 steps/)
  const [whole, parts] = [contentsOf(at('whole/out')), contentsOf(at('parts/out'))]
  const losses = [whole, parts].map((files) => JSON.parse(files.get('report.json') ?? '').losses)
  expect(losses[1]).toEqual(losses[0])
  for (const files of [whole, parts]) files.delete('report.json')
  expect([...parts.keys()]).toEqual([...whole.keys()])
  for (const [path, content] of whole) expect(parts.get(path) === content, path).toBe(true)
  expect(contentsOf(at('model'))).toEqual(before)

  const withModel = ['--model', at('parts/out')]
  const built = selvage('build', at('docs'), '-o', at('index'), '--threads', '1', ...withModel)
  expect(built).toMatch(/20 pages/)
  const { query } = JSON.parse(readFileSync(at('pairs.jsonl'), 'utf8').split('\n')[7] ?? '')
  const found = selvage('search', at('index'), query, '--mode', 'semantic', '-k', '3', '--json', ...withModel)
  expect(JSON.parse(found).hits).toHaveLength(3)
  expect(found).toContain('Place 7')
})
