/**
 * What the check's page is served with: the set's questions and judgements, and what the command line measures on the index of
 * this build. The measuring takes a minute or two, so it is kept, and done again when index, set or library are others.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const SET = 'demo/content/check'
const LIBRARY = 'dist/node'
const MODES = ['keyword', 'semantic', 'hybrid'] as const

/** `wasm`: with a page's runtime and graph. `node`: as the command line has it by itself. Words need neither. */
const RUNS = [...MODES.map((mode) => ({ mode, encoder: 'wasm' })), ...MODES.map((mode) => ({ mode, encoder: 'node' }))]

/** @param index the folder of the check's index; @param kept a file to keep figures in; @param folder where all goes */
export async function writeCheckFiles(index: string, kept: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const name of ['queries.jsonl', 'qrels.tsv']) await cp(join(SET, name), join(folder, name))
  const key = await keyOf(index)
  const before = await readFile(kept, 'utf8').catch(() => '{}')
  if (JSON.parse(before).key !== key) await writeFile(kept, await measured(index, key))
  await cp(kept, join(folder, 'cli.json'))
}

/** One line of figures a run, and what ran: see demo/check/set.ts. */
async function measured(index: string, key: string): Promise<string> {
  const runs = []
  for (const { mode, encoder } of RUNS) {
    const args = ['eval', SET, '--index', index, '--mode', mode, '--encoder', encoder, '--json']
    process.stdout.write(`selvage ${args.join(' ')}\n`)
    const report = JSON.parse(await selvage(args))
    const figures = ['ndcg@10', 'mrr@10', 'recall@10 of exact'].filter((name) => report[name] !== undefined)
    runs.push({
      encoder,
      way: mode,
      queries: report.queries,
      figures: Object.fromEntries(figures.map((name) => [name, report[name]])),
    })
  }
  const version = (await selvage(['--version'])).trim()
  return `${JSON.stringify({ key, version, node: process.versions.node, runs }, undefined, 2)}\n`
}

async function selvage(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(LIBRARY, 'main.js'), ...args])
  return stdout
}

/** Of all that the figures depend on. */
async function keyOf(index: string): Promise<string> {
  const hash = createHash('sha256')
  const library = (await readdir(LIBRARY)).filter((name) => name.endsWith('.js')).sort()
  const files = [
    ...library.map((name) => join(LIBRARY, name)),
    ...['queries.jsonl', 'qrels.tsv'].map((name) => join(SET, name)),
    join(index, 'manifest.json'),
  ]
  for (const file of files) hash.update(await readFile(file))
  return hash.digest('hex').slice(0, 16)
}
