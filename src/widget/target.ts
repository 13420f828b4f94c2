/**
 * Where in this page is a text, and how is it shown? It is looked for until it is there, scrolled to and highlighted through the
 * CSS Custom Highlight API, which leaves the document as it is: frameworks own it. A file of its own, fetched when something is
 * to be looked for; when that is, highlight.ts decides.
 */
import { pageOf } from './links.ts'

const NAME = 'selvage'
/** How long pages that are put together by scripts are waited for. */
const WAIT_MS = 8_000
const PAUSE_MS = 60

/** Text behind an anchor of a page. */
export interface Place {
  readonly page: string
  readonly anchor: string
  readonly text: string
}

/** Ends what waits for a page. */
let stop = () => {}

/** Until the page is there with the text, for a while. */
export function waitFor(target: Place): void {
  stop()
  let timer: ReturnType<typeof setTimeout> | undefined
  const look = () => {
    timer = undefined
    if (pageOf(location.href) !== target.page) return
    const range = findText(target.text, target.anchor)
    if (range === undefined) return
    stop()
    show(range)
  }
  const observer = new MutationObserver(() => {
    timer ??= setTimeout(look, PAUSE_MS)
  })
  const limit = setTimeout(() => stop(), WAIT_MS)
  stop = () => {
    observer.disconnect()
    clearTimeout(timer)
    clearTimeout(limit)
    stop = () => {}
  }
  observer.observe(document, { childList: true, subtree: true, characterData: true })
  // A click that leads here is not followed yet.
  timer = setTimeout(look, PAUSE_MS)
}

/** White space is what the layout makes of it, and quotation marks are what a typesetter does. */
function bare(text: string): string {
  return text.replace(/\s+/g, '').replace(/[‘’]/g, "'").replace(/[“”]/g, '"')
}

/** The first place behind the anchor, else in the page. */
function findText(text: string, anchor: string): Range | undefined {
  const wanted = bare(text)
  const nodes: { node: Node; at: number }[] = []
  let page = ''
  let from = 0
  const after = anchor === '' ? null : document.getElementById(anchor)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) =>
    /^(?:script|style|noscript|template|textarea)$/i.test(node.nodeName)
      ? NodeFilter.FILTER_REJECT
      : NodeFilter.FILTER_ACCEPT,
  )
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node === after) from = page.length
    if (node.nodeType !== Node.TEXT_NODE) continue
    nodes.push({ node, at: page.length })
    page += bare(node.textContent ?? '')
  }
  const behind = page.indexOf(wanted, from)
  const start = behind < 0 ? page.indexOf(wanted) : behind
  if (start < 0) return undefined
  const range = document.createRange()
  const [first, last] = [placeOf(nodes, start), placeOf(nodes, start + wanted.length - 1)]
  if (!first || !last) return undefined
  range.setStart(first.node, first.offset)
  range.setEnd(last.node, last.offset + 1)
  return range
}

/** Where the character that is the `at`-th of all that are no white space stands in its node. */
function placeOf(nodes: readonly { node: Node; at: number }[], at: number): { node: Node; offset: number } | undefined {
  const held = nodes.findLast((node) => node.at <= at)
  if (held === undefined) return undefined
  let left = at - held.at
  const text = held.node.textContent ?? ''
  for (let offset = 0; offset < text.length; offset++)
    if (/\S/.test(text[offset]!) && left-- === 0) return { node: held.node, offset }
  return undefined
}

let sheet: CSSStyleSheet | undefined

function show(range: Range): void {
  if (sheet === undefined) {
    sheet = new CSSStyleSheet()
    // In a layer: what the site says of it counts more.
    sheet.replaceSync(`@layer selvage { ::highlight(${NAME}) { background-color: Mark; color: MarkText } }`)
    document.adoptedStyleSheets.push(sheet)
  }
  CSS.highlights.set(NAME, new Highlight(range))
  // Routers scroll to the anchor when the page is there: after them.
  requestAnimationFrame(() => requestAnimationFrame(() => scrollToText(range)))
  const over = new AbortController()
  const clear = () => {
    CSS.highlights.delete(NAME)
    over.abort()
  }
  const page = pageOf(location.href)
  const { signal } = over
  addEventListener('keydown', ({ key }) => key === 'Escape' && clear(), { signal })
  addEventListener('popstate', clear, { signal })
  addEventListener('hashchange', clear, { signal })
  // Routers that push states say so nowhere else; those that replace one only note how far it is scrolled.
  const watch = setInterval(() => pageOf(location.href) !== page && clear(), 500)
  signal.addEventListener('abort', () => clearInterval(watch))
}

/** In the middle of the window, at once, as links do. What holds the text may be higher than the window. */
function scrollToText(range: Range): void {
  range.startContainer.parentElement?.scrollIntoView({ block: 'center', behavior: 'instant' })
  const { top, bottom } = range.getBoundingClientRect()
  if (top < 0 || bottom > innerHeight) scrollBy({ top: top - innerHeight / 2, behavior: 'instant' })
}
