/**
 * Questions where the three searches really differ. `answer` is the section that answers, by the end of its address, and `ranks`
 * where each search has it on the page's first settings (0: not among its ten): test/e2e/playground.test.ts holds them to it.
 */
import type { ColumnId } from './searches.ts'

export interface Example {
  readonly query: string
  /** What there is to see. */
  readonly note: string
  readonly answer: string
  readonly ranks: Readonly<Record<ColumnId, number>>
}

export const EXAMPLES: readonly Example[] = [
  {
    query: 'show a dialog on top of everything else',
    note: 'Words find v-show; meaning finds Teleport.',
    answer: 'guide/built-ins/teleport.html#basic-usage',
    ranks: { keyword: 0, hybrid: 1, semantic: 1 },
  },
  {
    query: 'let the parent decide what goes inside',
    note: 'Slots, and not one word of theirs.',
    answer: 'guide/components/slots.html#slot-content-and-outlet',
    ranks: { keyword: 0, hybrid: 2, semantic: 1 },
  },
  {
    query: 'scroll handler that does not block',
    note: 'Meaning lifts the right section from fifth.',
    answer: 'guide/essentials/event-handling.html#event-modifiers',
    ranks: { keyword: 5, hybrid: 1, semantic: 1 },
  },
  {
    query: 'XSS',
    note: 'An exact term: words know the one place.',
    answer: 'guide/essentials/template-syntax.html#raw-html',
    ranks: { keyword: 1, hybrid: 1, semantic: 7 },
  },
  {
    query: 'check props before a component uses them',
    note: 'Neither has it first; both together do.',
    answer: 'guide/components/props.html#prop-validation',
    ranks: { keyword: 4, hybrid: 1, semantic: 2 },
  },
  {
    query: 'why does my loop reuse the wrong element',
    note: 'Words win, and meaning misses it.',
    answer: 'guide/essentials/list.html#maintaining-state-with-key',
    ranks: { keyword: 1, hybrid: 3, semantic: 0 },
  },
]
