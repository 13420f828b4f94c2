/** `selvage mine`: pairs in, triples out, and how many of each kind there were. */
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { readExamples } from '../training/data.ts'
import { readDataFiles, withTitle, writeDataFile } from './dataFiles.ts'
import { chosenCacheFolder } from './embeddingCache.ts'
import { EXIT } from './exit.ts'
import { endedEarly, interruptible } from './interrupt.ts'
import { type MineOptions, type MineReport, mineNegatives } from './mine.ts'
import { readMineCorpus } from './mineCorpus.ts'
import { shortPath } from './paths.ts'
import { counted, progressDisplay } from './progress.ts'

export interface MineCommandOptions
  extends Pick<MineOptions, 'model' | 'from' | 'negatives' | 'skip' | 'depth' | 'margin' | 'threads'> {
  /** A folder with corpus.jsonl, an index, or documents as build takes them. */
  readonly corpus: string
  readonly pairs: readonly string[]
  readonly output: string
  readonly json: boolean
  /** Overwrite the output. */
  readonly force: boolean
  /** Leave out pairs that have no negative: distillation takes none without. */
  readonly onlyMined: boolean
  /** False for none. Default: as builds have it. */
  readonly cacheFolder?: string | false | undefined
}

/** @param signal stops it, as Ctrl-C does */
export async function mineCommand(options: MineCommandOptions, signal?: AbortSignal): Promise<number> {
  rejectUnknown(options, KEYS, 'mine')
  const { corpus: place, pairs: paths, output, force, json, onlyMined, cacheFolder, ...rules } = options
  if (rules.skip >= rules.depth)
    throw new SelvageError(
      'invalid-argument',
      `mine: of ${rules.depth} ranks (--depth) all ${rules.skip} are skipped (--skip). Look deeper, or skip fewer.`,
    )
  await checkOutput(output, [...paths, place], force)
  const { examples: pairs, documents, doubled } = readExamples(await readDataFiles(paths), { withTitle })
  const display = progressDisplay()
  const { onProgress } = display
  let unreadable: readonly SelvageError[] = []
  let report: MineReport
  try {
    report = await interruptible(async (stopped) => {
      const corpus = await readMineCorpus(place, { model: rules.model, onProgress, signal: stopped })
      unreadable = corpus.unreadable
      const cache = chosenCacheFolder(cacheFolder)
      const common = { ...rules, owner: place, cacheFolder: cache, onProgress, signal: stopped }
      const mined = await mineNegatives({ ...common, texts: corpus.texts, pairs, documents })
      const { triples } = mined
      await writeDataFile(output, onlyMined ? triples.filter(({ negatives }) => negatives.length > 0) : triples)
      return mined.report
    }, signal)
  } catch (error) {
    return endedEarly(error, display)
  } finally {
    display.done()
  }
  const told = { ...report, doubled, unreadable: unreadable.map(({ message }) => message) }
  process.stdout.write(json ? `${JSON.stringify(told, null, 2)}\n` : `${linesOf(told, options).join('\n')}\n`)
  return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
}

const KEYS: readonly (keyof MineCommandOptions)[] = [
  ...(['corpus', 'pairs', 'output', 'json', 'force', 'onlyMined', 'cacheFolder'] as const),
  ...(['model', 'from', 'negatives', 'skip', 'depth', 'margin', 'threads'] as const),
]

/** Asked at the start: to mine may take an hour. Errors: `output-conflict`. */
async function checkOutput(output: string, inputs: readonly string[], force: boolean): Promise<void> {
  const name = shortPath(output)
  if (!/\.jsonl(\.gz)?$/i.test(output))
    throw new SelvageError(
      'output-conflict',
      `${name}: what is written is lines of JSON. Let it end in .jsonl or .jsonl.gz.`,
    )
  if (inputs.some((input) => resolve(input) === resolve(output)))
    throw new SelvageError(
      'output-conflict',
      `${name} is read and cannot be written as well. Give another file with -o.`,
    )
  const info = await stat(output).catch(() => undefined)
  if (info?.isDirectory())
    throw new SelvageError(
      'output-conflict',
      `${name} is a folder. Give a file with -o, like ${name}/triples.jsonl.gz.`,
    )
  if (info && !force)
    throw new SelvageError(
      'output-conflict',
      `${name} is there already. Give another file with -o, or write over it with --force.`,
    )
}

type Told = MineReport & { readonly doubled: number; readonly unreadable: readonly string[] }

function linesOf(report: Told, { output, margin, negatives }: MineCommandOptions): string[] {
  const { pairs, documents, mined, fewer, without, alike, tooGood, doubled, unreadable } = report
  return [
    `Wrote ${shortPath(output)}: ${counted(report.negatives, 'hard negative')} for ${mined.toLocaleString('en')} of ${counted(pairs, 'pair')}, from ${counted(documents, 'text')}`,
    `  left out: ${counted(alike, 'text')} that said the same as the positive or as another, ${tooGood.toLocaleString('en')} scored above ${margin} of the positive's score`,
    ...(fewer > 0 ? [`  ${counted(fewer, 'pair')} got fewer than ${negatives}`] : []),
    ...(without > 0
      ? [
          `  ${counted(without, 'pair')} got none: the other texts of a batch are their negatives. Look deeper with --depth, or raise --margin`,
        ]
      : []),
    ...(doubled > 0
      ? [`  ${counted(doubled, 'line')} said the same as an earlier one and ${doubled === 1 ? 'was' : 'were'} left out`]
      : []),
    ...unreadable.map((message) => `  left out: ${message}`),
  ]
}
