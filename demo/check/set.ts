/**
 * The labelled set as the page is served with it, and what the command line measured on it when the page was built. Files are
 * small and plain; what is wrong with them is said in the library's own errors.
 */
import { SelvageError } from 'selvage'
import { type LabelledQuery, parseQrels, parseQueries } from 'selvage/eval'
import type { Figures, Way } from './types.ts'

export interface LabelledSet {
  /** Those that have a right answer. */
  readonly queries: readonly LabelledQuery[]
  /** Question → section → grade. */
  readonly qrels: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** What `selvage eval` said, as demo/site/checkFiles.ts wrote it down. */
export interface CommandLine {
  readonly version: string
  readonly node: string
  readonly runs: readonly CommandLineRun[]
}

export interface CommandLineRun {
  /** `wasm`: with the runtime and the graph that a page has. `node`: with onnxruntime-node on the f32 graph. None for words. */
  readonly encoder?: 'wasm' | 'node'
  readonly way: Way
  readonly queries: number
  readonly figures: Figures
}

/** @param limit questions, of the first ones. Errors: `download-failed`, `invalid-argument`. */
export async function readSet(limit: number): Promise<LabelledSet> {
  const [queries, qrels] = await Promise.all([read('queries.jsonl'), read('qrels.tsv')])
  const judged = parseQrels(qrels, 'qrels.tsv')
  const asked = parseQueries(queries, 'queries.jsonl').filter(({ id }) => judged.has(id))
  return { queries: asked.slice(0, limit), qrels: judged }
}

/** Undefined where the build has none: the page then says so, and measures all the same. */
export async function readCommandLine(): Promise<CommandLine | undefined> {
  try {
    return JSON.parse(await read('cli.json'))
  } catch {
    return undefined
  }
}

async function read(name: string): Promise<string> {
  let response: Response
  try {
    response = await fetch(`./check/${name}`)
  } catch (cause) {
    throw new SelvageError('download-failed', `check/${name} could not be fetched. Is there a network?`, { cause })
  }
  if (response.ok) return response.text()
  throw new SelvageError(
    'download-failed',
    `check/${name} could not be fetched: the server answers ${response.status}. Build the demo again.`,
  )
}
