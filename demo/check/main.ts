/**
 * The check's page: reads what this machine has, runs the set on it when asked, and shows figures as they come. `?scorer=webgpu`
 * takes a software GPU too, `?limit=20` asks the first questions only. What is measured is decided in run.ts.
 */
import { SelvageError } from 'selvage'
import { byId, h } from '../dom.ts'
import { errorView } from '../errorView.ts'
import { formatMs, plural } from '../format.ts'
import { saveFile } from '../saveFile.ts'
import { toSelvageError } from '../searcher.ts'
import { backendName } from '../settings.ts'
import { sameRankings } from './compare.ts'
import { type Machine, readMachine } from './machine.ts'
import { missesLine, missesView } from './missesView.ts'
import { reportView } from './reportView.ts'
import { runCheck } from './run.ts'
import { RunView } from './runView.ts'
import { asJson } from './save.ts'
import { type CommandLine, type CommandLineRun, type LabelledSet, readCommandLine, readSet } from './set.ts'
import { type BackendReport, WAY_NAMES, WAYS } from './types.ts'

const params = new URLSearchParams(location.search)
const results = byId('results', HTMLElement)
const thread = byId('thread', HTMLElement)
const announcer = byId('announce', HTMLElement)
const view = new RunView(byId('run', HTMLElement), { run: (onSoftware) => void run(onSoftware), cancel, save })

let machine: Machine | undefined
let set: LabelledSet | undefined
let cli: CommandLine | undefined
let running: AbortController | undefined
let reports: readonly BackendReport[] = []

/** Questions, of the first ones; all where the address says nothing that is a number. */
function limit(): number {
  const asked = Number(params.get('limit') ?? 'all')
  return Number.isInteger(asked) && asked > 0 ? asked : Number.POSITIVE_INFINITY
}

async function prepare(): Promise<void> {
  try {
    ;[machine, set, cli] = await Promise.all([readMachine(), readSet(limit()), readCommandLine()])
  } catch (thrown) {
    fail(thrown, prepare)
    return
  }
  results.replaceChildren()
  view.ready(machine, set.queries.length, params.get('scorer') === 'webgpu')
  showCommandLine()
}

async function run(onSoftware: boolean): Promise<void> {
  if (machine === undefined || set === undefined || running !== undefined) return
  const mine = new AbortController()
  running = mine
  const start = performance.now()
  reports = []
  results.replaceChildren()
  view.setState('running', 'Loading …')
  announce('The check runs.')
  const isCurrent = () => running === mine
  try {
    const whole = runCheck({
      ...{ set, machine, onSoftware, signal: mine.signal },
      onStep(step) {
        if (!isCurrent()) return
        view.step(step)
        thread.style.setProperty('--spun', step.fraction.toFixed(3))
      },
      onReports(all) {
        if (isCurrent()) show(all)
      },
    })
    // Loading cannot be called off; what still comes of it is thrown away.
    await Promise.race([whole, aborted(mine.signal)])
  } catch (thrown) {
    if (!isCurrent()) return
    running = undefined
    const error = toSelvageError(thrown)
    if (error.code === 'aborted') {
      const said = reports.some(({ ways }) => ways.length > 0) ? 'Cancelled. What was measured stays.' : 'Cancelled.'
      view.setState('cancelled', said)
      announce(said)
    } else fail(error, () => run(onSoftware))
    return
  }
  running = undefined
  thread.style.setProperty('--spun', '1')
  const said = `Done: ${plural(set.queries.length, 'question')} in ${lasted(performance.now() - start)}.`
  view.setState('done', said)
  show(reports)
  const last = reports.at(-1)
  announce(last === undefined ? said : `${said} ${missesLine(last, set)}.`)
}

function cancel(): void {
  running?.abort()
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new SelvageError('aborted', 'The check was cancelled.')), {
      once: true,
    })
  })
}

/** Cards side by side; the questions that were missed below, once a backend is whole. */
function show(all: readonly BackendReport[]): void {
  reports = all
  const [first] = all
  const cards = all.map((report) => reportView(report, cli, first === report ? undefined : beside(report, first)))
  const whole = all.filter(({ ways }) => ways.length === WAYS.length).at(0)
  const missed = results.querySelector('.missed')
  results.replaceChildren(h('div', { class: 'reports' }, ...cards))
  // Made once, so that what a reader has opened stays open.
  if (missed !== null) results.append(missed)
  else if (whole !== undefined && set !== undefined) results.append(missesView(whole, set))
}

/** The promise is one answer everywhere: said in numbers. */
function beside(report: BackendReport, first: BackendReport | undefined): string | undefined {
  if (first === undefined || report.ways.length < WAYS.length) return undefined
  const { same, of } = sameRankings(report, first)
  const other = backendName(first.backend)
  if (same === of) return `All ${of} rankings are those of ${other}, section by section.`
  const told = `${same} of ${of} rankings are those of ${other}, section by section`
  return report.encoder.backend === first.encoder.backend
    ? `${told}. With the same question vectors all should be: this is a fault worth reporting.`
    : `${told}; the others differ because the two encode a question with different rounding.`
}

function fail(thrown: unknown, retry: () => unknown): void {
  const error = toSelvageError(thrown)
  view.setState('error', 'The check stopped.')
  announce(error.message)
  results.replaceChildren(
    errorView(error, () => {
      results.replaceChildren()
      void retry()
    }),
  )
}

function save(): void {
  if (machine === undefined) return
  const now = new Date()
  const text = asJson(reports, machine, cli, now)
  saveFile(new File([text], `selvage-check-${now.toISOString().slice(0, 10)}.json`, { type: 'application/json' }))
}

/** What the command line has measured, in words. */
function showCommandLine(): void {
  const line = byId('command-line', HTMLElement)
  if (cli === undefined || cli.runs.length === 0) {
    line.textContent = 'This build of the page has no figures of the command line, so there is nothing to compare with.'
    return
  }
  const told = (runs: readonly CommandLineRun[]) =>
    runs.map(({ way, figures }) => `${WAY_NAMES[way]} ${figures['ndcg@10']?.toFixed(4)}`).join(', ')
  const asHere = cli.runs.filter(({ encoder }) => encoder !== 'node')
  const inFull = cli.runs.filter(({ encoder }) => encoder === 'node')
  line.textContent =
    `When this page was built, Selvage ${cli.version} in Node ${cli.node} measured nDCG@10: ${told(asHere)}` +
    `${inFull.length === 0 ? '' : `; with the model in f32: ${told(inFull)}`}.`
}

function lasted(ms: number): string {
  const seconds = Math.round(ms / 1000)
  return seconds < 60 ? formatMs(ms) : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

function announce(text: string): void {
  announcer.textContent = text
}

void prepare()
