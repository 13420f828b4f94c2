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

/** `wasm`: with a page's runtime and graph. `node`: as the command line has it by itself. Words need no model. */
const RUNS = [
  { mode: 'keyword' },
  { mode: 'semantic', encoder: 'wasm' },
  { mode: 'hybrid', encoder: 'wasm' },
  { mode: 'semantic', encoder: 'node' },
  { mode: 'hybrid', encoder: 'node' },
] as const

/** The same names in the command line's report and in the page's. */
const FIGURES = ['ndcg@10', 'mrr@10', 'recall@10 of exact'] as const

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
  for (const { mode, ...model } of RUNS) {
    const chosen = 'encoder' in model ? ['--encoder', model.encoder] : []
    const args = ['eval', SET, '--index', index, '--mode', mode, ...chosen, '--no-deep', '--json']
    process.stdout.write(`selvage ${args.join(' ')}\n`)
    const report = JSON.parse(await selvage(args))
    const told = FIGURES.filter((name) => report[name] !== undefined).map((name) => [name, report[name]])
    runs.push({ way: mode, ...model, queries: report.queries, figures: Object.fromEntries(told) })
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
