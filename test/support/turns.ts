/**
 * How long the turns of a page's own thread were, as the processor spent them: the browser's trace knows, and tells apart what
 * took long from what had to wait for a processor because the machine was busy.
 */
import type { Page } from 'playwright'

export interface Turn {
  /** Of the processor. */
  readonly ms: number
  /** On the clock. */
  readonly wallMs: number
  /** What took the longest within. */
  readonly what: string
}

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur?: number
  readonly tdur?: number
  readonly args: { readonly name?: string; readonly data?: { readonly functionName?: string; readonly url?: string } }
}

const CATEGORIES = ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline', '__metadata']

/** From now until the result is called, which gives the turns that took longer than 50 ms. */
export async function watchTurns(page: Page): Promise<() => Promise<Turn[]>> {
  const session = await page.context().newCDPSession(page)
  const events: TraceEvent[] = []
  session.on('Tracing.dataCollected', ({ value }) => {
    for (const event of value) events.push(event as unknown as TraceEvent)
  })
  await session.send('Tracing.start', {
    transferMode: 'ReportEvents',
    traceConfig: { includedCategories: CATEGORIES },
  })
  return async () => {
    const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve))
    await session.send('Tracing.end')
    await complete
    await session.detach()
    return longTurns(events)
  }
}

const LONG_MS = 50

function longTurns(events: readonly TraceEvent[]): Turn[] {
  const mains = new Set(
    events.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(threadOf),
  )
  const whole = events.filter((event) => event.ph === 'X' && mains.has(threadOf(event)))
  const all = whole.filter(({ name }) => /RunTask$/.test(name))
  if (!all.some(({ tdur = 0 }) => tdur > 0)) throw new Error('The browser has recorded no turn: nothing was measured.')
  const turns = all.filter(({ tdur = 0 }) => tdur / 1000 > LONG_MS)
  return turns.map((turn) => {
    const within = whole.filter(
      (event) =>
        event !== turn &&
        !/RunTask/.test(event.name) &&
        threadOf(event) === threadOf(turn) &&
        event.ts >= turn.ts &&
        event.ts + (event.dur ?? 0) <= turn.ts + (turn.dur ?? 0),
    )
    const longest = within.toSorted((a, b) => (b.tdur ?? 0) - (a.tdur ?? 0)).slice(0, 4)
    return {
      ms: Math.round((turn.tdur ?? 0) / 1000),
      wallMs: Math.round((turn.dur ?? 0) / 1000),
      what: longest
        .map(({ name, tdur = 0, args }) => `${name} ${args.data?.functionName ?? ''} ${Math.round(tdur / 1000)}`)
        .join(', '),
    }
  })
}

const threadOf = ({ pid, tid }: TraceEvent): string => `${pid} ${tid}`
