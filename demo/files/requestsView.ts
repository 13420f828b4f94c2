/** The section that counts this page's requests, and lists them for whoever doubts. Draws; counts nothing that it was not told. */
import { h, icon } from '../dom.ts'
import { formatBytes, formatCount, plural } from '../format.ts'
import { type Asked, carriesQuestion } from './requests.ts'

/** They come in swarms while the page loads. */
const REST_MS = 250

export class RequestsView {
  readonly #count = h('span', { class: 'own-count', 'data-testid': 'request-count' })
  readonly #sum = h('p', { class: 'requests-sum', 'data-testid': 'request-sum' })
  readonly #promise = h('p', { 'data-testid': 'request-promise' })
  readonly #list = h('ol', { role: 'list', tabindex: 0, 'aria-label': 'Requests, the newest first' })
  readonly #details = h('details', {}, h('summary', {}, 'Each of them', icon('chevron', 'm7 10 5 5 5-5')), this.#list)
  readonly element = h(
    'section',
    { class: 'requests', 'data-testid': 'requests', 'aria-labelledby': 'requests-title' },
    h('h2', { id: 'requests-title' }, 'Requests since load ', this.#count),
    this.#sum,
    this.#promise,
    this.#details,
  )
  #asked: readonly Asked[] = []
  #drawn = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor() {
    this.#details.addEventListener('toggle', () => this.#drawList())
  }

  show(asked: readonly Asked[]): void {
    this.#asked = asked
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      this.#draw()
    }, REST_MS)
  }

  #draw(): void {
    this.#count.textContent = formatCount(this.#asked.length)
    this.#sum.textContent = sumOf(this.#asked)
    const promise = promiseOf(this.#asked)
    if (this.#promise.textContent !== promise) this.#promise.textContent = promise
    this.#drawList()
  }

  /** Those that are new, above the others; and none while nobody looks. */
  #drawList(): void {
    if (!this.#details.open) return
    const rows = this.#asked.slice(this.#drawn).map(rowOf)
    this.#drawn = this.#asked.length
    this.#list.prepend(...rows.toReversed())
  }
}

function sumOf(asked: readonly Asked[]): string {
  const elsewhere = asked.filter(isForeign)
  const kept = asked.filter(({ isKept }) => isKept).length
  const bytes = asked.reduce((sum, one) => sum + one.bytes, 0)
  const where =
    elsewhere.length === 0
      ? 'All to this site'
      : `${formatCount(elsewhere.length)} to other sites, by an extension perhaps`
  return `${where}: ${formatBytes(bytes)} over the network, ${plural(kept, 'answer')} from this browser.`
}

function promiseOf(asked: readonly Asked[]): string {
  const carrying = asked.filter(carriesQuestion).length
  const none =
    carrying === 0
      ? '0 with your files or questions: each asks for a file of the site.'
      : '0 with your files; the first has the question that stood in the address you opened.'
  return `${none} A policy in the page (Content-Security-Policy) has the browser refuse every other site.`
}

function rowOf(one: Asked): HTMLElement {
  const { url, by, bytes, isKept } = one
  return h(
    'li',
    { 'data-foreign': isForeign(one) && '' },
    h('bdi', { title: url }, pathOf(url)),
    h('span', {}, isKept ? 'in this browser' : bytes > 0 ? formatBytes(bytes) : 'size not told'),
    h('small', {}, `asked for by ${by === 'page' ? 'the page' : `the ${by}`}`),
  )
}

function isForeign({ url }: Asked): boolean {
  return new URL(url).origin !== location.origin
}

/** Below the page's folder as it is, else in full. */
function pathOf(url: string): string {
  const here = new URL('./', document.baseURI).href
  return url.startsWith(here) ? url.slice(here.length) || './' : url
}
