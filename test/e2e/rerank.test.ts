/**
 * Ranking without an index, as published: dist/browser on plain static hosting under a strict policy gives the scores that
 * `selvage/node` gives with a page's runtime, and fetches its own code only when it ranks. And the command in a pipe.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const MAIN = join(ROOT, 'dist/node/main.js')
const QUESTIONS = ['how do I rename a column?', 'heart disease']
const PASSAGES = [
  'The patient has no history of cardiac disease.',
  'Use ALTER TABLE ... RENAME COLUMN to change the name of a column.',
  '',
  `A cat sleeps. ${'It sleeps most of the day, and hunts at night. '.repeat(60)}`,
]

let folder: string
let browser: Browser
let hosted: StaticSite
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'selvage-rerank-'))
  cpSync(join(ROOT, 'dist/browser'), join(folder, 'selvage'), { recursive: true })
  cpSync(join(ROOT, 'public/models/selvage-mini'), join(folder, 'model'), { recursive: true })
  writeFileSync(
    join(folder, 'index.html'),
    '<!doctype html><title>Rank</title><script type="module" src="page.js"></script>',
  )
  writeFileSync(
    join(folder, 'page.js'),
    `import { Reranker } from './selvage/selvage.js'
     const told = (${page.toString()})(Reranker, ${JSON.stringify(QUESTIONS)}, ${JSON.stringify(PASSAGES)})
     told.then((result) => { document.title = JSON.stringify(result) }, (error) => { document.title = String(error) })`,
  )
  hosted = await serveFolder(folder)
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  hosted?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Told {
  /** Files of the library that the page had asked for before it ranked, by name. */
  readonly before: readonly string[]
  readonly scores: readonly number[]
  readonly cut: readonly number[]
  readonly order: readonly number[]
  readonly words: readonly string[]
  readonly backends: readonly string[]
}

/** Runs in the page. */
async function page(
  Reranker: typeof import('../../src/worker/reranker.ts').Reranker,
  questions: string[],
  passages: string[],
): Promise<Told> {
  const reranker = await Reranker.open({ model: './model/', encoder: 'wasm', scorer: 'wasm', storage: 'none' })
  const before = performance.getEntriesByType('resource').map(({ name }) => name.replace(/.*\//, ''))
  const { scores, cut, encoder, scorer } = await reranker.scores(questions, passages)
  const { hits } = await reranker.rerank(questions[0]!, passages, { explain: true })
  reranker.close()
  const best = hits[0]!
  const words = best.explanation!.matches.map(({ start, end }) => passages[best.index]!.slice(start, end))
  const finite = [...scores].map((score) => (Number.isFinite(score) ? score : -999))
  const backends = [encoder?.backend ?? '', scorer?.backend ?? '']
  return { before, scores: finite, cut, order: hits.map(({ index }) => index), words, backends }
}

test("a page's scores are those of Node with a page's runtime, to the bit", async () => {
  const { page: visited, console: log, foreign, close } = await watchedPage(browser, hosted.url)
  await visited.goto(hosted.url)
  await visited.waitForFunction(() => document.title !== 'Rank', undefined, { timeout: 100_000 })
  const told: Told = JSON.parse(await visited.title())
  expect(log).toEqual([])
  expect(foreign).toEqual([])
  await close()

  const script = `
    import { openReranker } from ${JSON.stringify(join(ROOT, 'dist/node/index.js'))}
    const reranker = await openReranker({ encoder: 'wasm' })
    const { scores, cut } = await reranker.scores(${JSON.stringify(QUESTIONS)}, ${JSON.stringify(PASSAGES)})
    await reranker.close()
    console.log(JSON.stringify({ scores: [...scores].map((score) => Number.isFinite(score) ? score : -999), cut }))`
  const inNode = JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }))
  expect(told.scores).toEqual(inNode.scores)
  expect(told.cut).toEqual(inNode.cut)
  expect(told.cut).toEqual([3])
  expect(told.scores.filter((score) => score === -999)).toHaveLength(2) // the text without text, for each question
  expect(told.order[0]).toBe(1)
  expect(told.order).toHaveLength(3)
  expect(told.words).toEqual(expect.arrayContaining(['RENAME', 'column']))
  expect(told.backends).toEqual(['wasm', 'wasm'])
  expect(told.before.filter((name) => name.startsWith('selvage.js'))).toHaveLength(1)
  expect(told.before.filter((name) => name.startsWith('rerank.js'))).toEqual([])
})

test('the command in a pipe: lines in, the best first; nothing on a closed one', () => {
  const rerank = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, [MAIN, 'rerank', ...args], { input, encoding: 'utf8' })
  const { stdout, status } = rerank(`${PASSAGES.join('\n')}\n`, QUESTIONS[1]!, '-k', '1')
  expect(stdout).toMatch(/^\d+\.\d{3}\tThe patient has no history of cardiac disease\.\n$/)
  expect(status).toBe(0)
  expect(rerank('', QUESTIONS[1]!)).toMatchObject({ stdout: '', status: 0 })
  const wrong = rerank('{"id": 1}\n', 'q', '--jsonl')
  expect(wrong.stderr).toMatch(/^selvage: standard input:1.*"text"/)
  expect(wrong.status).toBe(1)
})
