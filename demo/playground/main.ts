/**
 * The playground: one question, asked in three ways of an index that can be chosen. What is asked and of which index is decided here;
 * the views draw, `Asker` asks, `Engines` keeps what is open.
 */
import type { HeatMap, Hit, SearchResult, SelvageError } from 'selvage'
import { Announcer } from '../announcer.ts'
import { byId, prefersStillness } from '../dom.ts'
import { errorView } from '../errorView.ts'
import { Loading } from '../loading.ts'
import { bytesLine } from '../loadingView.ts'
import { toSelvageError } from '../searcher.ts'
import { backendName, questionIn } from '../settings.ts'
import { Asker } from './asker.ts'
import { ColumnsView } from './columns.ts'
import { ControlsView } from './controls.ts'
import { Engines } from './engines.ts'
import { HeatDialog } from './heatDialog.ts'
import { introView } from './introView.ts'
import { indexOf, type LabIndex, readLab } from './lab.ts'
import { COLUMNS } from './searches.ts'
import { addressOf, readSettings, type Settings } from './settings.ts'

/** A pause in typing that ends a thought; a slider is asked for sooner, since it is looked at. */
const TYPING_MS = 150
const SLIDING_MS = 60
const ANNOUNCE_MS = 500

const input = byId('query', HTMLInputElement)
const clearButton = byId('clear', HTMLButtonElement)
const notice = byId('notice', HTMLElement)
const main = byId('stage', HTMLElement)
const controlsPlace = byId('controls', HTMLElement)
const announcer = new Announcer(byId('announce', HTMLElement), ANNOUNCE_MS)
const thread = byId('thread', HTMLElement)

let settings = readSettings(location)
let loading = new Loading()
/** Of the columns that are shown. */
let asked = ''
let timer: ReturnType<typeof setTimeout> | undefined
/** What is about to be said. */
let pending = ''

const engines = new Engines((progress) => {
  loading.report(progress)
  showLoading()
})
const map = new HeatDialog()
const columns = new ColumnsView(openMap)

async function start(): Promise<void> {
  notice.replaceChildren()
  try {
    run(await readLab())
  } catch (thrown) {
    fail(toSelvageError(thrown), () => void start())
  }
}

function run(lab: readonly LabIndex[]): void {
  const controls = new ControlsView(lab, settings, change)
  controlsPlace.replaceChildren(controls.element)
  const { pages, passages } = indexOf(lab, settings)
  const intro = introView(pages, passages, ask)

  const asker = new Asker(engines, lab, {
    answered(column, result) {
      columns.show(column, result)
      if (result.encoder !== undefined) settle()
      if (result.scorer !== undefined) tellWhere(controls, result.scorer)
      announce(columns.get(column).summary(result), column === 'keyword')
      if (column === 'hybrid') setState('done')
    },
    failed(error, without) {
      setState('error')
      for (const id of without) columns.get(id).fail('No answer: see above.')
      fail(error, again, without.includes('keyword') ? '' : 'Words still work. ')
    },
    compared: (compared) => controls.compared(compared),
    compareFailed: (error) => controls.compareFailed(error),
  })

  function change(changes: Partial<Settings>): void {
    const before = settings
    settings = { ...settings, ...changes }
    // The radio buttons of a form that is shown say themselves what they are; the slider too.
    controls.show(settings)
    remember()
    if (before.isCompared && !settings.isCompared) engines.closeOthers(indexOf(lab, settings), settings.scorer)
    schedule(changes.candidates === undefined ? 0 : SLIDING_MS)
  }

  function schedule(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(again, ms)
  }

  function again(): void {
    clearTimeout(timer)
    notice.replaceChildren()
    const query = settings.query.trim()
    if (query === '') {
      asker.stop()
      asked = ''
      controls.comparing(false)
      controls.show(settings)
      show(intro)
      setState('ready')
      void prepare()
      return
    }
    columns.begin(query !== asked)
    asked = query
    if (settings.isCompared) controls.comparing(true)
    show(columns.element)
    setState('searching')
    loading = new Loading()
    void asker.ask({ ...settings, query })
  }

  /** Model and vectors come while the first question is thought of; what fails will be told when something is asked. */
  async function prepare(): Promise<void> {
    try {
      const engine = await engines.get(indexOf(lab, settings), settings.scorer)
      await engine.status()
      settle()
    } catch {}
  }

  function typed(text: string, ms: number): void {
    settings = { ...settings, query: text }
    clearButton.hidden = text === ''
    remember()
    if (text.trim() === asked && asked !== '' && ms > 0) return
    schedule(ms)
  }

  function ask(question: string): void {
    input.value = question
    typed(question, 0)
    scrollTo({ top: 0, behavior: prefersStillness() ? 'instant' : 'smooth' })
    input.focus({ preventScroll: true })
  }

  readMap = async (query, hit, signal) => {
    const engine = await engines.get(indexOf(lab, settings), settings.scorer)
    return engine.heatMap(query, hit, { signal })
  }
  input.addEventListener('input', () => typed(input.value, TYPING_MS))
  clearButton.addEventListener('click', () => ask(''))
  addEventListener('hashchange', () => {
    const linked = questionIn(location)
    if (linked !== settings.query.trim()) ask(linked)
  })
  byId('search', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault()
    typed(input.value, 0)
  })
  again()
}

/** Of the engine that gave the hit; set when there is a lab. */
let readMap: ((query: string, hit: Hit, signal: AbortSignal) => Promise<HeatMap>) | undefined

function openMap(hit: Hit): void {
  const query = asked
  const read = readMap
  if (read !== undefined) void map.open(query, hit, (signal) => read(query, hit, signal))
}

function remember(): void {
  const next = addressOf(settings, location.href)
  if (next !== location.href) history.replaceState(history.state, '', next)
  const query = settings.query.trim()
  document.title = query === '' ? 'Playground · Selvage' : `${query} · Playground · Selvage`
}

function tellWhere(controls: ControlsView, { backend, refused }: NonNullable<SearchResult['scorer']>): void {
  const refusal = refused.find((other) => other.backend !== backend)
  controls.ran(backend, refusal && `Not on ${backendName(refusal.backend)}: ${refusal.reason}`)
}

function showLoading(): void {
  const line = bytesLine(loading)
  thread.style.setProperty('--spun', loading.fraction().toFixed(3))
  for (const id of COLUMNS)
    if (id !== 'keyword')
      columns.get(id).wait(`The model is on its way${line === '' ? '' : `: ${line}`}.`, loading.fraction())
}

function settle(): void {
  loading.finish()
  thread.style.setProperty('--spun', '1')
}

function fail(error: SelvageError, retry: () => void, before = ''): void {
  notice.replaceChildren(errorView(error, retry))
  announce(`${before}${error.message} You can try again.`, true)
}

function show(view: HTMLElement): void {
  if (main.firstElementChild !== view) main.replaceChildren(view)
}

function setState(state: 'ready' | 'searching' | 'done' | 'error'): void {
  document.documentElement.dataset['state'] = state
}

/** The three answers in one breath. */
function announce(text: string, isFirst: boolean): void {
  pending = isFirst ? text : `${pending} ${text}`
  announcer.say(pending)
}

/** The header sticks by its field alone: what stands above it is as high as its words need. */
function keepFieldInSight(): void {
  const head = byId('head', HTMLElement)
  const field = byId('field', HTMLElement)
  new ResizeObserver(() => {
    const above = field.getBoundingClientRect().top - head.getBoundingClientRect().top
    head.style.setProperty('--brand-height', `${above - 10}px`)
  }).observe(head)
}

keepFieldInSight()
if (settings.query === '') settings = { ...settings, query: input.value } // typed before this ran
input.value = settings.query
clearButton.hidden = settings.query === ''
remember()
void start()
