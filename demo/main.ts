/**
 * The search page: wires the engine to its views. What is open, what is asked and what is shown is decided here; the views
 * draw, the searcher times, the engine answers. Words are searched as soon as the index can be read; model and vectors come
 * after, and their answer takes the place of the one by words.
 */
import { type EngineOpened, type SearchResult, Selvage, type SelvageError, type Status } from 'selvage'
import { Announcer } from './announcer.ts'
import { byId } from './dom.ts'
import { emptyView } from './emptyView.ts'
import { errorView, meaninglessView } from './errorView.ts'
import { Field } from './field.ts'
import { Files } from './files/files.ts'
import { OWN_FILTER } from './files/own.ts'
import { watchRequests } from './files/requests.ts'
import { HereView } from './hereView.ts'
import { introView, pendingView } from './introView.ts'
import { Kept } from './kept.ts'
import { bindKeys } from './keyboard.ts'
import { Loading } from './loading.ts'
import { bytesLine } from './loadingView.ts'
import { PanelView, type State } from './panelView.ts'
import { ResultsView } from './resultsView.ts'
import { type Meaning, rest, Searcher, toSelvageError } from './searcher.ts'
import { questionIn, readSettings, writeAddress } from './settings.ts'
import { countsOf, type Source } from './sources.ts'
import { SourcesView } from './sourcesView.ts'
import { Teach } from './teach/teach.ts'
import { hadMeaning, rememberMeaning } from './visit.ts'

/** An answer that takes longer than this after the empty page gets a place of its own to wait in. */
const PATIENCE_MS = 300
/** Changes of the index come in swarms. */
const CHANGE_REST_MS = 300
/** So long the model waits for the answer by words to the question that was there first. */
const WORDS_FIRST_MS = 1500

const settings = readSettings()
const main = byId('main', HTMLElement)
const thread = byId('thread', HTMLElement)
const pageTitle = document.title

let engine: Selvage | undefined
let opened: EngineOpened | undefined
/** Once meaning can be searched. */
let status: Status | undefined
let meaning: Meaning = 'coming'
/** From a start or a failure until the next success: only then is progress worth showing. */
let loading: Loading | undefined
let asking: 'nothing' | 'words' | 'answered' | 'failed' = 'nothing'
/** What the answer in view was given from: a later state may have more. */
let answeredFrom = ''
let source: Source = settings.source
/** Pages of each source, once they are counted. */
let counted: Readonly<Record<Source, number>> | undefined
let trouble: HTMLElement | undefined
let patience: ReturnType<typeof setTimeout> | undefined
let changeTimer: ReturnType<typeof setTimeout> | undefined

const announcer = new Announcer(byId('announce', HTMLElement))
const announce = (text: string) => announcer.say(text)
const panel = new PanelView(byId('panel', HTMLElement), settings)
const teach = new Teach({
  draw: (state) => here.showTeach(state),
  retold: () => results.tellMarks(),
  changed: askAgain,
  announce,
  isModelComing: () => meaning === 'coming',
  reveal: () => here.revealTeach(),
})
const results = new ResultsView(teach.marks)
const own = new Files({ draw: (state) => here.showOwn(state), began: () => here.open(), settled: askAgain, announce })
const intro = introView({ ask, bringButtons: () => own.buttons() })
const sources = new SourcesView(byId('sources', HTMLFieldSetElement), source, chooseSource)
const field = new Field({ typed: (text) => searcher.type(text), submitted: (text) => searcher.now(text) })

const here: HereView = new HereView(
  byId('panel', HTMLElement),
  {
    ...own.actions,
    download: () => void kept.download(),
    cancel: () => kept.cancel(),
    install: () => void kept.install(),
  },
  teach.actions,
)
const kept = new Kept({ draw: (state) => here.showKept(state), announce })

const asked = {
  engine: () => engine,
  meaning: () => meaning,
  source: () => source,
  // A filter that no page has is not known to the index.
  isEmpty: () => source === 'own' && opened?.filters.includes(OWN_FILTER) === false,
}
const searcher = new Searcher(asked, {
  started(query) {
    clearTimeout(patience)
    writeAddress(query, source)
    document.title = `${query} · Selvage`
    results.setStale(true)
    asking = 'words'
    answeredFrom = stateKey()
    drawState()
    if (engine === undefined && loading !== undefined) show(pendingView(query))
    else if (engine !== undefined && !results.element.isConnected)
      patience = setTimeout(() => show(pendingView(query)), PATIENCE_MS)
  },

  answered(result, isFinal) {
    clearTimeout(patience)
    asking = isFinal ? 'answered' : 'words'
    if (isFinal && meaning === 'coming' && result.encoder !== undefined) meaning = 'ready'
    if (status !== undefined && result.encoder !== undefined)
      // Backends may change from one answer to the next, when a GPU goes away.
      status = { encoder: result.encoder, engine: { ...status.engine, ...result.scorer } }
    panel.showResult(result, isFinal ? status : undefined)
    if (result.hits.length > 0) {
      results.show(result)
      results.tellHow(howOf(result.mode === 'keyword', result.isUnderstood === false))
      show(results.element)
    } else if (isFinal) showEmpty(result)
    drawState()
    if (isFinal) announcer.sayResult(result)
  },

  ranked: (url, rank) => results.tellRank(url, rank),
  foundEmpty(query) {
    clearTimeout(patience)
    asking = 'answered'
    showEmpty({ query }, 0)
    drawState()
    announce('No results.')
  },
  failed: fail,
  meaningFailed: loseMeaning,

  cleared() {
    clearTimeout(patience)
    writeAddress('', source)
    document.title = pageTitle
    asking = 'nothing'
    // Where the engine could not be opened, that stays in view: there is nothing to ask.
    if (engine === undefined && loading === undefined) return
    show(intro)
    drawState()
  },
})

async function open(): Promise<void> {
  beginLoading()
  try {
    engine = await Selvage.open({
      index: './index/docs/',
      model: './models/selvage-mini/',
      encoder: settings.encoder,
      scorer: settings.scorer,
      lazy: true,
      onChange: changed,
      onWork: (work) => own.worked(work),
      onProgress(progress) {
        if (loading === undefined) return
        loading.report(progress)
        drawLoading(loading)
      },
    })
    opened = await engine.opened()
  } catch (thrown) {
    engine = undefined
    fail(toSelvageError(thrown))
    return
  }
  panel.showWords(opened)
  own.opened(engine, opened)
  teach.opened(engine)
  kept.opened(engine, opened)
  const words = field.text.trim() === '' ? undefined : searcher.now(field.text)
  // A model that has to be downloaded takes both cores for a while; one that is kept is ready sooner than words are missed.
  if (!hadMeaning()) await Promise.race([words, rest(WORDS_FIRST_MS)])
  void count(engine)
  await loadMeaning(engine)
}

async function loadMeaning(from: Selvage): Promise<void> {
  try {
    status = await from.status()
  } catch (thrown) {
    loseMeaning(toSelvageError(thrown))
    return
  }
  meaning = 'ready'
  rememberMeaning()
  loading?.finish()
  if (loading !== undefined) drawLoading(loading)
  loading = undefined
  panel.showReady(status)
  kept.loaded(status)
  teach.loaded()
  drawState()
  if (asking === 'nothing') announce('Ready. Ask a question.')
}

/** The model or its runtime could not be had: words are searched all the same. */
function loseMeaning(error: SelvageError): void {
  if (meaning === 'failed') return
  meaning = 'failed'
  loading = undefined
  trouble = meaninglessView(error, retry)
  main.prepend(trouble)
  panel.showWordsAlone()
  kept.loaded(undefined)
  if (asking === 'words' && results.element.isConnected) {
    asking = 'answered'
    results.setStale(false)
    results.tellHow(howOf(true, false))
  }
  drawState()
  announce(`${error.message} Words are searched all the same. You can try again.`)
}

function fail(error: SelvageError): void {
  clearTimeout(patience)
  asking = 'failed'
  loading = engine === undefined ? undefined : new Loading()
  show(errorView(error, retry))
  drawState()
  announce(`${error.message} You can try again.`)
}

/** A new engine where none was opened; else what failed once more: the engine starts its dead workers anew. */
function retry(): void {
  field.focus()
  trouble?.remove()
  trouble = undefined
  if (engine === undefined) {
    asking = 'nothing'
    show(intro)
    void open()
  } else if (meaning === 'failed') {
    meaning = 'coming'
    beginLoading()
    void loadMeaning(engine)
  }
  searcher.now(field.text)
}

/** Documents came or went, here or in another tab; or more of the index is here. */
function changed(now: EngineOpened): void {
  opened = now
  if (status !== undefined) status = { ...status, engine: { ...status.engine, ...now } }
  panel.showFacts(now)
  own.changed(now)
  kept.changed(now)
  clearTimeout(changeTimer)
  changeTimer = setTimeout(() => {
    teach.changed()
    if (engine !== undefined) void count(engine)
    // The answer in view may be older than what is here by now, whoever told of it first.
    if (asking !== 'nothing' && stateKey() !== answeredFrom) askAgain()
  }, CHANGE_REST_MS)
}

/** What can be found: it differs where documents came or went. */
function stateKey(): string {
  return opened === undefined ? '' : [opened.pages, opened.sections, opened.passages, opened.tokens].join()
}

/** The answer that is shown was given before the last change. */
function askAgain(): void {
  if (asking === 'answered' || asking === 'words') searcher.now(field.text)
}

async function count(from: Selvage): Promise<void> {
  const facets = await from.filters().catch(() => ({})) // told by the next question
  if (opened === undefined) return
  counted = countsOf(opened, facets)
  sources.show(counted)
}

function pagesOf(of: Source): number {
  return counted?.[of] ?? opened?.pages ?? 0
}

function chooseSource(next: Source): void {
  source = next
  writeAddress(field.text, source)
  if (field.text.trim() !== '') searcher.now(field.text)
}

/** `pages`: how many that source has. */
function showEmpty(result: Pick<SearchResult, 'query' | 'isUnderstood'>, pages = pagesOf(source)): void {
  show(emptyView(result, { source, pages }, { searchAll, chooseButtons: () => own.buttons() }))
}

function searchAll(): void {
  sources.choose('all')
  chooseSource('all')
}

function ask(question: string): void {
  field.text = question
  field.focus()
  scrollTo({ top: 0 })
  searcher.now(question)
}

function beginLoading(): void {
  loading = new Loading()
  drawState()
  drawLoading(loading)
}

function drawLoading(at: Loading): void {
  panel.showLoading(at)
  thread.style.setProperty('--spun', at.fraction().toFixed(3))
  if (asking === 'words' && results.element.isConnected) results.tellHow(howOf(true, false))
}

/** By what the answer was found, and whether a better one is on its way. */
function howOf(isByWords: boolean, isForeign: boolean): string {
  if (isForeign) return 'By words alone: the model does not know this script.'
  if (!isByWords) return 'By meaning and by words.'
  if (meaning === 'failed') return 'By words alone.'
  if (meaning === 'ready') return 'By words; meaning is on its way.'
  const bytes = loading && !loading.isDownloaded() ? bytesLine(loading) : ''
  return bytes === '' ? 'By words; the model is getting ready.' : `By words; meaning is loading, ${bytes}.`
}

function stateOf(): State {
  if (asking === 'failed' || meaning === 'failed') return 'error'
  if (asking === 'answered') return 'done'
  if (meaning === 'coming') return 'loading'
  return asking === 'words' ? 'searching' : 'ready'
}

function drawState(): void {
  const state = stateOf()
  panel.setState(state)
  document.documentElement.dataset['state'] = state
}

function show(view: HTMLElement): void {
  clearTimeout(patience)
  const views = trouble === undefined ? [view] : [trouble, view]
  if (views.some((one, i) => main.children[i] !== one) || main.childElementCount > views.length)
    main.replaceChildren(...views)
}

teach.begin()
watchRequests((asked) => here.showRequests(asked)) // before workers start
bindKeys({ input: field.input, links: () => results.links(), clear: () => field.clear() })
show(intro)
// A link of this page, followed on it. What the page itself writes there tells nobody.
addEventListener('hashchange', () => {
  const asked = questionIn(location)
  if (asked !== field.text.trim()) ask(asked)
})
field.text = settings.query || field.text // somebody may have typed before this ran
void open()
if (field.text.trim() !== '') searcher.now(field.text)
field.focus()
