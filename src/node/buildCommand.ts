/** `selvage build`: one build, and what a person is told of it. */
import type { BuildSummary } from '../engine/build.ts'
import type { Manifest } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { formatBytes } from '../util.ts'
import { type BuildFolderOptions, type BuildFolderResult, buildFolder } from './build.ts'
import { EXIT } from './exit.ts'
import { interruptible } from './interrupt.ts'
import { shortPath } from './paths.ts'
import { counted, progressDisplay, seconds } from './progress.ts'

export type BuildCommandOptions = Omit<BuildFolderOptions, 'onProgress' | 'signal'>

/** @param signal stops the build, as Ctrl-C does */
export async function buildCommand(options: BuildCommandOptions, signal?: AbortSignal): Promise<number> {
  const display = progressDisplay()
  let result: BuildFolderResult
  try {
    result = await interruptible(
      (stopped) => buildFolder({ ...options, onProgress: display.onProgress, signal: stopped }),
      signal,
    )
  } catch (error) {
    if (!(error instanceof SelvageError && error.code === 'aborted')) throw error
    display.done()
    process.stderr.write(stoppedLine(options))
    return EXIT.interrupted
  } finally {
    display.done()
  }
  const { manifest, summary, unreadable } = result
  const output = shortPath(options.output)
  if (summary === undefined) {
    const left = unreadable.map((error) => `\n  left out: ${error.message}`).join('')
    process.stdout.write(`${output} is up to date: ${countsOf(manifest)}. Use --force to build it anew.${left}\n`)
    return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
  }
  process.stdout.write(`Built ${output}: ${report(summary, result).join('\n  ')}\n`)
  return unreadable.length > 0 ? EXIT.incomplete : EXIT.ok
}

function stoppedLine({ output, incremental }: BuildCommandOptions): string {
  const next = incremental
    ? 'What was encoded is in the cache, and the next build goes on from there'
    : 'With --incremental a build goes on from where the last one was stopped'
  return `Stopped; ${shortPath(output)} is as it was before. ${next}.\n`
}

function report(
  { manifest, bytes, elapsedMs, skipped, tokens, passages }: BuildSummary,
  { cached, cacheError, unreadable }: BuildFolderResult,
): string[] {
  const skips = new Map<string, string[]>()
  for (const { path, reason } of skipped) skips.set(reason, [...(skips.get(reason) ?? []), path])
  const perToken = (bytes.vectors / Math.max(tokens, 1)).toFixed(1)
  return [
    countsOf(manifest),
    `${formatBytes(bytes.total)}: vectors ${formatBytes(bytes.vectors)} (${perToken} bytes per token), texts ${formatBytes(bytes.texts)}, ` +
      `keywords ${formatBytes(bytes.keywords)}, structure ${formatBytes(bytes.pages)}`,
    timesOf(elapsedMs),
    ...(cached === undefined
      ? []
      : [`${cached.toLocaleString('en')} of ${passages.toLocaleString('en')} passages from the cache`]),
    ...(cacheError === undefined ? [] : [cacheError.message]),
    ...[...skips].map(([reason, paths]) => `left out, ${reason}: ${listed(paths)}`),
    ...unreadable.map((error) => `left out: ${error.message}`),
  ]
}

/** Which step was the slowest, and how long each took. */
function timesOf(elapsedMs: BuildSummary['elapsedMs']): string {
  const steps = Object.entries(elapsedMs)
  const [slowest] = steps.reduce((most, step) => (step[1] > most[1] ? step : most))
  return steps.map(([name, ms]) => `${name} ${seconds(ms)}${name === slowest ? ' (slowest)' : ''}`).join(', ')
}

function countsOf({ texts, vectors }: Manifest): string {
  return [
    counted(texts.pages, 'page'),
    counted(texts.sections, 'section'),
    counted(texts.passages, 'passage'),
    counted(vectors.tokens, 'token'),
  ].join(', ')
}

function listed(paths: readonly string[]): string {
  return paths.slice(0, 5).join(', ') + (paths.length > 5 ? ` and ${paths.length - 5} more` : '')
}
