/**
 * The keys of a search page: `/` to the field, Escape clears, arrows walk the results, letters go on typing.
 * Focus really moves to the links, so Enter, Ctrl-Enter and the context menu are the browser's own.
 */
import { prefersStillness } from './dom.ts'

export interface KeyTargets {
  readonly input: HTMLInputElement
  /** The results in order of rank; may be empty. */
  links(): readonly HTMLElement[]
  clear(): void
}

export function bindKeys(targets: KeyTargets): void {
  document.addEventListener('keydown', (event) => {
    // Enter, arrows and Escape belong to an input method while it composes (229: before Safari says so).
    if (event.isComposing || event.keyCode === 229) return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (handleKey(event, targets)) event.preventDefault()
  })
}

/** True where the key was ours. */
function handleKey(event: KeyboardEvent, { input, links, clear }: KeyTargets): boolean {
  const focused = document.activeElement
  const isInResults = focused?.closest('.hits') != null
  const isInInput = focused === input
  switch (event.key) {
    case 'ArrowDown':
    case 'ArrowUp':
      if (!isInInput && !isInResults && focused !== document.body) return false
      return walk(event.key === 'ArrowDown' ? 1 : -1, input, links())
    case 'Escape':
      if (isInInput) clear()
      else if (isInResults) toInput(input)
      return isInInput || isInResults
    case '/':
      if (isEditable(focused)) return false
      toInput(input)
      input.select()
      return true
    default:
      // The letter itself lands in the field, which has the focus by the time the browser types it.
      if (focused?.matches('.hit-title') && event.key.length === 1 && event.key !== ' ') toInput(input)
      return false
  }
}

function walk(step: 1 | -1, input: HTMLInputElement, links: readonly HTMLElement[]): boolean {
  const focused = document.activeElement
  const at = links.findIndex((link) => focused !== null && link.closest('.hit')?.contains(focused))
  const next = at + step
  if (at < 0 && step < 0) return false
  if (next < 0) {
    toInput(input)
    return true
  }
  const link = links[next]
  if (link === undefined) return at >= 0
  link.focus({ preventScroll: true })
  link.closest('.hit')?.scrollIntoView({ block: 'nearest', behavior: prefersStillness() ? 'instant' : 'smooth' })
  return true
}

function toInput(input: HTMLInputElement): void {
  input.focus({ preventScroll: true })
  input.setSelectionRange(input.value.length, input.value.length)
  scrollTo({ top: 0, behavior: prefersStillness() ? 'instant' : 'smooth' })
}

function isEditable(element: Element | null): boolean {
  return element instanceof HTMLElement && (element.isContentEditable || element.matches('input, textarea, select'))
}
