/**
 * Where is the sentence of the hit that was chosen, on a page whose router swallowed the text fragment? It is remembered when a
 * hit is chosen, and looked for (target.ts) where it led to. Where the browser does all this itself, nothing is done.
 */
import type { Hit } from '../types.ts'
import { sentenceOf } from './excerpt.ts'
import { hrefOf, pageOf, withoutDirective } from './links.ts'
import type { Place } from './target.ts'

const KEY = 'selvage-target'
/** A target that was chosen longer ago was opened elsewhere, in a new tab for example. */
const FRESH_MS = 30_000

interface Target extends Place {
  /** Whether the link says which text it is. */
  readonly isNamed: boolean
  /** Where and when it was chosen. */
  readonly from: string
  readonly document: number
  readonly atMs: number
}

/** A hit is chosen: a router may show its page in this very document, or the browser loads a new one. */
export function rememberTarget(hit: Hit): void {
  const { text } = hit.passage
  const sentence = sentenceOf(hit.passage)
  const target: Target = {
    page: pageOf(hit.url),
    anchor: anchorOf(hit.url),
    text: text.slice(sentence.start, sentence.end),
    isNamed: hrefOf(hit).includes(':~:'),
    from: pageOf(location.href),
    document: performance.timeOrigin,
    atMs: Date.now(),
  }
  try {
    sessionStorage.setItem(KEY, JSON.stringify(target))
  } catch {
    // Forbidden or full: a page that is loaded anew does without.
  }
  lookFor(target)
}

/** A page is there: for the hit that led to it, if one did. */
export function highlightTarget(): void {
  try {
    const kept = sessionStorage.getItem(KEY)
    sessionStorage.removeItem(KEY)
    if (kept === null) return
    const target: Target = JSON.parse(kept) // what rememberTarget wrote; of what a page writes there itself nothing is found
    if (Date.now() - target.atMs < FRESH_MS) lookFor(target)
  } catch {
    // As above.
  }
}

function lookFor(target: Target): void {
  if (target.text === '' || !('highlights' in CSS) || isDoneByBrowser(target)) return
  import('./target.ts').then(
    ({ waitFor }) => waitFor(target),
    () => {}, // no network: the page is there, only not at its sentence
  )
}

/** It was loaded anew, or only its fragment changed: then the browser has read the text fragment, if it can. */
function isDoneByBrowser({ isNamed, document: chosenIn, from, page }: Target): boolean {
  return isNamed && 'fragmentDirective' in document && (chosenIn !== performance.timeOrigin || from === page)
}

function anchorOf(url: string): string {
  const { hash } = new URL(url, document.baseURI)
  try {
    return decodeURIComponent(withoutDirective(hash).slice(1))
  } catch {
    return ''
  }
}
