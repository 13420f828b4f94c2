/**
 * Questions where the three searches really differ. `answer` is the section that answers, by the end of its address, and `first` the
 * searches that have it in first place, on the page's first settings: test/e2e/playground.test.ts holds them to it. They were
 * chosen with the model as a page runs it on WASM; the last one has another order with the f32 model of the command line.
 */
import type { ColumnId } from './searches.ts'

export interface Example {
  readonly query: string
  /** What there is to see. */
  readonly note: string
  readonly answer: string
  readonly first: readonly ColumnId[]
}

export const EXAMPLES: readonly Example[] = [
  {
    query: 'show a dialog on top of everything else',
    note: 'Words find v-show; meaning finds Teleport.',
    answer: 'guide/built-ins/teleport.html#basic-usage',
    first: ['hybrid', 'semantic'],
  },
  {
    query: 'let the parent decide what goes inside',
    note: 'Slots, and not one word of theirs.',
    answer: 'guide/components/slots.html#slot-content-and-outlet',
    first: ['semantic'],
  },
  {
    query: 'scroll handler that does not block',
    note: 'Meaning lifts the right section from fifth.',
    answer: 'guide/essentials/event-handling.html#event-modifiers',
    first: ['hybrid', 'semantic'],
  },
  {
    query: 'XSS',
    note: 'An exact term: words know the one place.',
    answer: 'guide/essentials/template-syntax.html#raw-html',
    first: ['keyword', 'hybrid'],
  },
  {
    query: 'transition between two components',
    note: 'Neither has it first; both together do.',
    answer: 'guide/built-ins/transition.html#transition-between-components',
    first: ['hybrid'],
  },
  {
    query: 'why does my loop reuse the wrong element',
    note: 'Words win, and meaning misses it.',
    answer: 'guide/essentials/list.html#maintaining-state-with-key',
    first: ['keyword'],
  },
]

/** Of which words find nothing among their ten. */
export const UNSAID: readonly string[] = EXAMPLES.slice(0, 2).map(({ query }) => query)
