/**
 * Progress in a terminal: one line that is redrawn, with rate and time left. Where there is no terminal (a log, CI) a
 * line now and then, and nothing that moves.
 */
import type { OnProgress, Progress } from '../types.ts'
import { formatBytes } from '../util.ts'

const STAGES: Record<Progress['stage'], string> = {
  model: 'Loading the model',
  runtime: 'Loading the runtime',
  compile: 'Preparing the model',
  index: 'Loading the index',
  read: 'Reading documents',
  encode: 'Encoding passages',
  cluster: 'Finding centroids',
  compress: 'Compressing',
  write: 'Writing the index',
  search: 'Searching',
}

export interface ProgressDisplay {
  readonly onProgress: OnProgress
  /** Ends the stage at hand. */
  done(): void
}

/**
 * Standard error is used, so that standard output stays clean for results. There are no colours to turn off by NO_COLOR.
 */
export function progressDisplay(stream: NodeJS.WriteStream = process.stderr): ProgressDisplay {
  return isTerminal(stream) ? terminalDisplay(stream) : plainDisplay(stream)
}

/** Whether a line can be drawn anew, and somebody sees it. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  const { CI, TERM } = process.env
  return stream.isTTY && !CI && TERM !== 'dumb'
}

const BAR_CELLS = 24
export const ERASE_LINE = '\r\u001b[2K'

/** The line that is drawn anew. @param share 0 .. 1 */
export function drawBar(stream: NodeJS.WriteStream, share: number, text: string): void {
  const filled = Math.round(share * BAR_CELLS)
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_CELLS - filled)
  stream.write(ERASE_LINE + `${bar} ${text}`.slice(0, stream.columns - 1))
}

/** By hand: progress libraries for terminals take over Ctrl-C, and a build must end when it is told to. */
function terminalDisplay(output: NodeJS.WriteStream): ProgressDisplay {
  let current: { stage: Progress['stage']; startMs: number; pace: (loaded: number) => number | undefined } | undefined
  const done = () => {
    if (current)
      output.write(`${ERASE_LINE}${STAGES[current.stage]}: ${seconds(performance.now() - current.startMs)}\n`)
    current = undefined
  }
  return {
    onProgress(event) {
      if (event.stage !== current?.stage) {
        done()
        current = { stage: event.stage, startMs: performance.now(), pace: paceMeter() }
      }
      const share = event.total === 0 ? 0 : event.loaded / event.total
      drawBar(output, share, describe(event, current.pace(event.loaded)))
    },
    done,
  }
}

function plainDisplay(stream: NodeJS.WriteStream): ProgressDisplay {
  let stage: Progress['stage'] | undefined
  let pace = paceMeter()
  let nextShare = 0
  return {
    onProgress(event) {
      // The long stages are told of five times, the short ones once, when they are done.
      const step = event.stage === 'encode' || event.stage === 'search' ? 0.2 : 1
      if (event.stage !== stage) {
        stage = event.stage
        pace = paceMeter()
        nextShare = step
      }
      const share = event.total === 0 ? 0 : event.loaded / event.total
      const perSecond = pace(event.loaded)
      if (share < nextShare) return
      nextShare = share >= 1 ? Number.POSITIVE_INFINITY : Math.floor(share / step + 1) * step
      stream.write(`${describe(event, perSecond)}\n`)
    },
    done() {
      stage = undefined
    },
  }
}

/** Encoding is timed over so long: what came from a cache at once is soon forgotten. */
const PACE_MS = 10_000

/** Told of each number, gives how many a second were added of late; undefined in the first second, which says little. */
export function paceMeter(): (loaded: number) => number | undefined {
  const samples: { readonly atMs: number; readonly loaded: number }[] = []
  return (loaded) => {
    const now = performance.now()
    samples.push({ atMs: now, loaded })
    while (now - (samples[1]?.atMs ?? now) > PACE_MS) samples.shift()
    const [first = { atMs: now, loaded }] = samples
    const elapsedMs = now - first.atMs
    return elapsedMs > 1000 ? ((loaded - first.loaded) / elapsedMs) * 1000 : undefined
  }
}

/** "Encoding passages 512 of 1,480, 61/s, 16 s left" */
export function describe(event: Progress, perSecond: number | undefined): string {
  const amount = (value: number) => (event.unit === 'bytes' ? formatBytes(value) : value.toLocaleString('en'))
  const { loaded, total } = event
  const parts = [`${STAGES[event.stage]} ${amount(loaded)}${total > 0 ? ` of ${amount(total)}` : ''}`]
  if (event.stage === 'encode' && perSecond) {
    parts.push(`${perSecond.toFixed(perSecond < 10 ? 1 : 0)}/s`)
    if (loaded < total) parts.push(`${seconds(((total - loaded) / perSecond) * 1000)} left`)
  }
  return parts.join(', ')
}

/** "1 page", "1,234 pages" */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const total = Math.round(ms / 1000)
  return total < 120
    ? `${ms < 10_000 ? (ms / 1000).toFixed(1) : total} s`
    : `${Math.floor(total / 60)} min ${total % 60} s`
}
