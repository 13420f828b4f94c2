/**
 * The demo page: wires the engine to its views. What is open, what is asked and what is shown is decided here;
 * the views draw, the searcher times, the engine answers.
 */
import { type EngineOpened, Selvage, type SelvageError, type Status } from 'selvage'
import { byId } from './dom.ts'
import { errorView } from './errorView.ts'
import { takeDrops } from './files/dropTarget.ts'
import { OwnFiles } from './files/ownFiles.ts'
import { chosen, dropped, type Gathered } from './files/readFiles.ts'
import { formatMs, plural } from './format.ts'
import { HereView } from './hereView.ts'
import { introView, pendingView } from './introView.ts'
import { Kept } from './kept.ts'
import { bindKeys } from './keyboard.ts'
import { Loading } from './loading.ts'
import { PanelView, type State } from './panelView.ts'
import { noHitsView, ResultsView } from './resultsView.ts'
import { Searcher, toSelvageError } from './searcher.ts'
import { backendName, readSettings, writeQuery } from './settings.ts'

/** An answer that takes longer than this after the empty page gets a place of its own to wait in. */
const PATIENCE_MS = 300
/** A screen reader is told what came of a question once typing has rested. */
const ANNOUNCE_MS = 400

const settings = readSettings()
const input = byId('query', HTMLInputElement)
const main = byId('main', HTMLElement)
const thread = byId('thread', HTMLElement)
const announcer = byId('announce', HTMLElement)
const clearButton = byId('clear', HTMLButtonElement)

const panel = new PanelView(byId('panel', HTMLElement), settings)
const results = new ResultsView()
const intro = introView({ ask, choose: (files) => addFiles(chosen(files)) })

const here: HereView = new HereView(byId('panel', HTMLElement), {
  choose: (files) => addFiles(chosen(files)),
  pause: () => void own.pause(),
  resume: () => void own.resume(),
  delete: (id) => void own.delete([id]),
  deleteAll: () => void own.deleteAll(),
  forgetProblems: () => own.forgetProblems(),
  download: () => void kept.download(),
  cancel: () => kept.cancel(),
})
const own = new OwnFiles({ draw: (state) => here.showOwn(state), settled: askAgain, announce })
const kept = new Kept({ draw: (state) => here.showKept(state), announce })

let engine: Selvage | undefined
let status: Status | undefined
/** Set from a start or a failure until the next success: only then is progress worth showing. */
let loading: Loading | undefined
let patience: ReturnType<typeof setTimeout> | undefined
let announcement: ReturnType<typeof setTimeout> | undefined

const searcher = new Searcher(() => engine, {
  started(query) {
    writeQuery(query)
    document.title = `${query} · Selvage`
    results.setStale(true)
    if (engine !== undefined) {
      setState('searching')
      if (!results.element.isConnected) patience = setTimeout(() => show(pendingView(query)), PATIENCE_MS)
    } else if (loading !== undefined) show(pendingView(query))
  },

  answered(result) {
    clearTimeout(patience)
    if (status === undefined) return
    const before = status.engine.backend
    // Backends may change from one answer to the next, when a GPU goes away.
    status = { encoder: result.encoder ?? status.encoder, engine: { ...status.engine, ...result.scorer } }
    settle(status)
    panel.showResult(result, status)
    setState('done')
    if (result.hits.length === 0) show(noHitsView(result, status.engine.passages))
    else {
      results.show(result)
      show(results.element)
    }
    const first = result.hits[0]
    const { backend } = status.engine
    const moved = before !== backend
    announce(
      `${first === undefined ? 'No results.' : `${plural(result.hits.length, 'result')}. First: ${first.title}.`}` +
        `${moved ? ` Scoring moved to ${backendName(backend)}.` : ''} ${formatMs(result.elapsedMs.total)}.`,
    )
  },

  failed: (error) => fail(error),

  cleared() {
    clearTimeout(patience)
    writeQuery('')
    document.title = pageTitle
    // Where the engine could not be opened, that stays in view: there is nothing to ask.
    if (engine === undefined && loading === undefined) return
    show(intro)
    if (engine !== undefined) setState('ready')
  },
})

const pageTitle = document.title

async function open(): Promise<void> {
  beginLoading()
  try {
    engine = await Selvage.open({
      index: './index/vue/',
      model: './models/selvage-mini/',
      encoder: settings.encoder,
      scorer: settings.scorer,
      onChange: changed,
      onWork: (work) => own.worked(work),
      onProgress(progress) {
        if (loading === undefined) return
        loading.report(progress)
        if (engine !== undefined) setState('loading')
        drawLoading(loading)
      },
    })
    status = await engine.status()
  } catch (thrown) {
    engine = undefined
    fail(toSelvageError(thrown))
    return
  }
  settle(status)
  setState('ready')
  own.opened(engine, status.engine)
  kept.opened(engine, status)
  if (input.value.trim() === '') announce('Ready. Ask a question.')
  else searcher.now(input.value)
}

/** Documents came or went, here or in another tab; or more of the index is here. */
function changed(now: EngineOpened): void {
  if (status === undefined) return // told by the status that is on its way
  status = { ...status, engine: { ...status.engine, ...now } }
  panel.showFacts(status)
  own.changed(now)
  kept.changed(now)
}

/** The answer that is shown was given before the last change. */
function askAgain(): void {
  if (results.element.isConnected || main.querySelector('.notice:not(.error)')) searcher.now(input.value)
}

function addFiles(gathering: Promise<Gathered>): void {
  here.open()
  void own.add(gathering)
}

function beginLoading(): void {
  loading = new Loading()
  setState('loading')
  drawLoading(loading)
}

function drawLoading(at: Loading): void {
  panel.showLoading(at)
  thread.style.setProperty('--spun', at.fraction().toFixed(3))
}

/** All is there: whatever loading was going on is over. */
function settle(now: Status): void {
  loading?.finish()
  if (loading !== undefined) drawLoading(loading)
  loading = undefined
  panel.showReady(now)
}

function fail(error: SelvageError): void {
  clearTimeout(patience)
  loading = engine === undefined ? undefined : new Loading()
  setState('error')
  show(errorView(error, retry))
  announce(`${error.message} You can try again.`)
}

/** A new engine where none was opened; else the same question again: the engine starts its dead workers anew. */
function retry(): void {
  input.focus({ preventScroll: true })
  if (engine !== undefined) {
    searcher.now(input.value)
    return
  }
  void open()
  show(intro)
  searcher.now(input.value)
}

function ask(question: string): void {
  input.value = question
  input.focus({ preventScroll: true })
  scrollTo({ top: 0 })
  clearButton.hidden = false
  searcher.now(question)
}

function clear(): void {
  input.value = ''
  clearButton.hidden = true
  input.focus({ preventScroll: true })
  searcher.type('')
}

function setState(state: State): void {
  panel.setState(state)
  document.documentElement.dataset['state'] = state
}

function show(view: HTMLElement): void {
  clearTimeout(patience)
  if (main.firstElementChild !== view || main.childElementCount > 1) main.replaceChildren(view)
}

function announce(text: string): void {
  clearTimeout(announcement)
  announcement = setTimeout(() => {
    announcer.textContent = text
  }, ANNOUNCE_MS)
}

/** The header sticks by its field alone: what stands above it is as high as its words need. */
function keepFieldInSight(): void {
  const brand = byId('brand', HTMLElement)
  const head = byId('head', HTMLElement)
  new ResizeObserver(() => {
    head.style.setProperty('--brand-height', `${brand.offsetHeight}px`)
  }).observe(brand)
}

input.addEventListener('input', () => {
  clearButton.hidden = input.value === ''
  searcher.type(input.value)
})
clearButton.addEventListener('click', clear)
byId('search', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault()
  searcher.now(input.value)
  // On a touch screen the keyboard covers the answers.
  if (matchMedia('(pointer: coarse)').matches) input.blur()
})
takeDrops((data) => addFiles(dropped(data)))
bindKeys({ input, links: () => results.links(), clear })
keepFieldInSight()

show(intro)
void open()
if (settings.query !== '') {
  input.value = settings.query
  clearButton.hidden = false
  searcher.now(settings.query)
}
input.focus({ preventScroll: true })
