/**
 * `<selvage-search>`: a search field, its results below it, and a line that says what goes on. Importing the file defines
 * the element. Nothing is loaded before someone turns to the field; all such elements of a page share one engine.
 *
 * Attributes: `index` and `model` are addresses of folders (default: the script's own, and `model/` in it); `label` and
 * `placeholder` are the field's. It knows no shortcut, no dialog and no router: links are plain links.
 */
import { asSelvageError, type SelvageError } from '../errors.ts'
import type { Progress } from '../types.ts'
import { formatBytes } from '../util.ts'
import { Selvage } from '../worker/client.ts'
import { SelvageModal } from './modal.ts'
import { SelvageTrigger } from './trigger.ts'
import { h, hitView, styleSheet } from './view.ts'

export { SelvageModal, SelvageTrigger }

const NAME = 'selvage-search'
/** The folder of this script. No `new URL`: bundlers would look for a file of that name. */
const HERE = import.meta.url.replace(/[^/]*([?#].*)?$/, '')
const HITS = 8
/** A pause in typing that ends a thought rather than a keystroke. */
const PAUSE_MS = 150

type Loaded = Map<Progress['stage'], Progress>

interface Engine {
  readonly opened: Promise<Selvage>
  /** Called with what has been loaded of each stage so far. */
  readonly watchers: Set<(loaded: Loaded) => void>
}

/** Never closed: a site that changes pages without loading them makes new elements again and again. */
const engines = new Map<string, Engine>()

function engineOf(index: string, model: string): Engine {
  const key = `${index} ${model}`
  const held = engines.get(key)
  if (held) return held
  const watchers: Engine['watchers'] = new Set()
  const loaded: Loaded = new Map()
  const opened = Selvage.open({
    index,
    model,
    onProgress(progress) {
      // Totals grow as files turn up: an event with a smaller one is older, or tells of one file only.
      if (progress.unit !== 'bytes' || progress.total < (loaded.get(progress.stage)?.total ?? 0)) return
      loaded.set(progress.stage, progress)
      for (const watcher of watchers) watcher(loaded)
    },
  })
  const engine = { opened, watchers }
  engines.set(key, engine)
  opened.catch(() => engines.delete(key)) // the next one tries anew
  return engine
}

export class SelvageSearch extends HTMLElement {
  readonly #input = h('input', { type: 'search', id: 'field', autocomplete: 'off', enterkeyhint: 'search' })
  readonly #label = h('label', { for: 'field' })
  readonly #status = h('p', { class: 'status', role: 'status' })
  readonly #hits = h('ol', { role: 'list', 'aria-label': 'Results' })
  #timer: ReturnType<typeof setTimeout> | undefined
  #running: AbortController | undefined
  #opening: Promise<Selvage> | undefined
  #asked = ''

  constructor() {
    super()
    const form = h('form', { role: 'search' }, this.#label, this.#input)
    const root = this.attachShadow({ mode: 'open', delegatesFocus: true })
    root.adoptedStyleSheets = [styleSheet]
    root.append(form, this.#status, this.#hits)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      this.#type(0)
    })
    this.#input.addEventListener('focus', () => void this.#open().catch(() => {})) // it has said what is wrong
    // In the middle of a composition the text is not yet what is meant.
    this.#input.addEventListener('input', (event) => {
      if (!(event instanceof InputEvent && event.isComposing)) this.#type()
    })
    this.#input.addEventListener('compositionend', () => this.#type())
  }

  connectedCallback(): void {
    this.#label.textContent = this.getAttribute('label') ?? 'Search'
    this.#input.placeholder = this.getAttribute('placeholder') ?? 'Ask a question'
  }

  disconnectedCallback(): void {
    clearTimeout(this.#timer)
    this.#running?.abort()
    this.#asked = ''
  }

  /** The engine, once all is loaded. However many wait for it, what is said of the loading is said once. */
  #open(): Promise<Selvage> {
    this.#opening ??= this.#load().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** What happens meanwhile, and what goes wrong, stands in the status line. */
  async #load(): Promise<Selvage> {
    const { opened, watchers } = engineOf(
      this.getAttribute('index') ?? HERE,
      this.getAttribute('model') ?? `${HERE}model/`,
    )
    // The words are told to a screen reader once, the numbers are not.
    const amount = h('span', { 'aria-hidden': 'true' })
    const watch = (loaded: Loaded) => {
      const sum = (of: 'loaded' | 'total') => [...loaded.values()].reduce((bytes, progress) => bytes + progress[of], 0)
      if (!amount.isConnected) this.#say('Loading the search ', amount)
      amount.textContent = `${formatBytes(sum('loaded'))} of ${formatBytes(sum('total'))}`
    }
    watchers.add(watch)
    try {
      const engine = await opened
      if (amount.isConnected) this.#say('Ready')
      return engine
    } catch (thrown) {
      const error = asSelvageError(thrown)
      this.#fail(error)
      throw error
    } finally {
      watchers.delete(watch)
    }
  }

  /** The text changed: it is searched for when it has rested. */
  #type(pauseMs = PAUSE_MS): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#search(this.#input.value.trim()), pauseMs)
  }

  async #search(query: string): Promise<void> {
    if (query === this.#asked) return
    this.#asked = query
    this.#running?.abort()
    this.#running = new AbortController()
    const { signal } = this.#running
    if (query === '') {
      this.#hits.replaceChildren()
      this.#say()
      return
    }
    const engine = await this.#open().catch(() => undefined) // it has said what is wrong
    if (engine === undefined) return
    try {
      if (!signal.aborted) this.#say('Searching')
      const { hits, elapsedMs } = await engine.search(query, { k: HITS, signal })
      this.#hits.replaceChildren(...hits.map(hitView))
      const found = hits.length === 1 ? '1 section' : `${hits.length} sections`
      this.#say(hits.length === 0 ? 'Nothing found' : `${found} in ${Math.round(elapsedMs.total)} ms`)
    } catch (thrown) {
      if (!signal.aborted) this.#fail(asSelvageError(thrown))
    }
  }

  #say(...what: readonly (string | Node)[]): void {
    this.#status.replaceChildren(...what)
  }

  #fail(error: SelvageError): void {
    const again = h('button', { type: 'button' }, 'Try again')
    again.addEventListener('click', () => {
      this.#input.focus()
      this.#type(0)
    })
    this.#asked = ''
    this.#hits.replaceChildren()
    this.#say(`${error.message} `, again)
  }
}

if (!customElements.get(NAME)) {
  customElements.define(NAME, SelvageSearch)
  customElements.define('selvage-modal', SelvageModal)
  customElements.define('selvage-trigger', SelvageTrigger)
}
