/**
 * `selvage eval <set> --compare a,b,c`: systems side by side, as lines, as JSON, as a page, and query by query. It reads and
 * writes files; the systems are run.ts's matter, figures and forms eval/'s.
 */
import { constants } from 'node:fs'
import { access, mkdir, stat, writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, dirname, join, parse, resolve } from 'node:path'
import { SelvageError } from '../../errors.ts'
import { type Comparison, compare, DEFAULT_METRICS, figuresOf } from '../../eval/compare.ts'
import type { LabelledSet } from '../../eval/labelled.ts'
import { parseMetric } from '../../eval/metrics.ts'
import type { ContrastPair } from '../../eval/pairs.ts'
import { type ReportExtras, toHtml, toJson, toText } from '../../eval/report/report.ts'
import type { Comparable } from '../../eval/runs.ts'
import { chosenCacheFolder } from '../embeddingCache.ts'
import { EXIT } from '../exit.ts'
import { endedEarly, interruptible } from '../interrupt.ts'
import { reasonOf, shortPath } from '../paths.ts'
import { progressDisplay } from '../progress.ts'
import { VERSION } from '../version.ts'
import { explainPairs, negationOf, readPairs } from './negation.ts'
import { readSet } from './readSet.ts'
import { runSystems } from './run.ts'
import { parseSystems, type SpecDefaults } from './spec.ts'

export interface CompareCommandOptions {
  readonly folder: string
  /** As `--compare` has it. */
  readonly systems: string
  /** What holds where a system does not say otherwise. */
  readonly defaults: SpecDefaults
  readonly qrels?: string
  readonly limit?: number
  /** Names with commas between them. Default: those of compare.ts. */
  readonly metrics?: string
  readonly json: boolean
  /** Where the page goes. */
  readonly report?: string
  /** Where a line for each query and system goes. */
  readonly perQuery?: string
  readonly model: string
  readonly threads?: number
  /** Of the randomisation test. */
  readonly seed: number
  /** False for none. Default: as builds have it. */
  readonly cacheFolder?: string | false
}

/** @param signal stops it, as Ctrl-C does; what was encoded by then is in the cache. */
export async function compareCommand(options: CompareCommandOptions, signal?: AbortSignal): Promise<number> {
  const { folder, defaults, qrels, limit, json, report, perQuery, model, threads, cacheFolder, seed } = options
  // All that can be wrong with what was said is told before anything is encoded.
  const specs = parseSystems(options.systems, defaults)
  const metrics = options.metrics?.split(',').filter((name) => name.trim() !== '') ?? DEFAULT_METRICS
  metrics.forEach(parseMetric)
  const outputs = [report, perQuery].flatMap((path) => (path === undefined ? [] : [path]))
  for (const path of outputs) await checkWritable(path)
  const display = progressDisplay()
  let comparable: Comparable
  let set: LabelledSet
  let pairs: readonly ContrastPair[] | undefined
  try {
    set = await readSet(folder, qrels)
    pairs = await readPairs(folder, set)
    const cache = chosenCacheFolder(cacheFolder)
    const given = { folder, set, specs, model, limit, threads, cacheFolder: cache, onProgress: display.onProgress }
    comparable = await interruptible((stopped) => runSystems({ ...given, signal: stopped }), signal)
  } catch (error) {
    return endedEarly(error, display)
  } finally {
    display.done()
  }
  const comparison = compare(comparable, { metrics, seed })
  const negation = pairs && negationOf(pairs, comparable)
  const extras: ReportExtras = { facts: factsOf(options), tables: negation ? [negation.table] : [] }
  const isExplained = negation !== undefined && (json || report !== undefined)
  const explained = isExplained ? await explainPairs({ set, pairs: negation, model }) : []
  const whole: ReportExtras = { ...extras, tables: [...(extras.tables ?? []), ...explained] }
  process.stdout.write(json ? `${JSON.stringify(toJson(comparison, whole), null, 2)}\n` : toText(comparison, extras))
  if (report !== undefined) await writeNamed(report, toHtml(comparison, whole))
  if (perQuery !== undefined) {
    await writeNamed(perQuery, perQueryLines(comparison, comparable))
    if (negation) await writeNamed(besides(perQuery, 'pairs'), negation.lines)
  }
  return EXIT.ok
}

function factsOf({ model, threads }: CompareCommandOptions): [string, string][] {
  const [cpu] = cpus()
  return [
    ['Late-interaction model', basename(resolve(model))],
    ['Machine', `${cpu?.model.trim() ?? 'CPU'}, ${threads ?? cpus().length} threads, Node ${process.versions.node}`],
    ['Selvage', VERSION],
    ['Made', new Date().toISOString().slice(0, 10)],
  ]
}

/** One line for each query and system. */
function perQueryLines({ queries, systems, metrics }: Comparison, { runs }: Comparable): string {
  const lines = queries.flatMap(({ id, text }, q) =>
    systems.map((system, s) => {
      const figures = metrics.map((metric) => [metric.name, figuresOf(system, metric).perQuery[q]] as const)
      const ms = Math.round((runs[s]?.queries.get(id)?.ms ?? 0) * 100) / 100
      const told = { query: id, text, system: system.name, ...Object.fromEntries(figures), ms, first: system.first[q] }
      return JSON.stringify(told)
    }),
  )
  return `${lines.join('\n')}\n`
}

/** queries.jsonl -> queries.pairs.jsonl */
function besides(path: string, what: string): string {
  const { dir, name, ext } = parse(path)
  return join(dir, `${name}.${what}${ext}`)
}

/** Asked at the start: a measurement may take an hour. Errors: `output-conflict`. */
async function checkWritable(path: string): Promise<void> {
  const folder = dirname(resolve(path))
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, constants.W_OK)
    const isFolder = await stat(path).then(
      (info) => info.isDirectory(),
      () => false,
    )
    if (isFolder) throw new Error('it is a folder')
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

async function writeNamed(path: string, content: string): Promise<void> {
  await writeFile(path, content).catch((cause: unknown) => {
    throw unwritable(path, cause)
  })
  process.stderr.write(`Wrote ${shortPath(path)}.\n`)
}

function unwritable(path: string, cause: unknown): SelvageError {
  return new SelvageError('output-conflict', `${shortPath(path)} cannot be written: ${reasonOf(cause)}.`, { cause })
}
