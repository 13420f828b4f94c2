/** What the page shows while there is no question: some to try, ways on, a place for own files, how late interaction reads. */
import { cardsView } from './cardsView.ts'
import { h, icon } from './dom.ts'
import { EXAMPLES } from './examples.ts'
import { loom } from './loom.ts'
import { SOURCE_NAMES } from './sources.ts'

export interface IntroActions {
  ask(question: string): void
  /** Files, a folder, or text. */
  bringButtons(): HTMLElement
}

export function introView({ ask, bringButtons }: IntroActions): HTMLElement {
  return h(
    'div',
    { class: 'intro view' },
    h(
      'section',
      { 'aria-labelledby': 'examples' },
      h('h2', { class: 'eyebrow', id: 'examples' }, 'Questions in other words than the docs'),
      h(
        'div',
        { class: 'asks' },
        ...(['vue', 'react'] as const).flatMap((source) => [
          h('h3', { class: `source-mark is-${source}` }, SOURCE_NAMES[source]),
          h(
            'ul',
            { class: 'chips', role: 'list' },
            ...EXAMPLES.filter((example) => example.source === source).map(({ question }) => chip(question, ask)),
          ),
        ]),
      ),
    ),
    h(
      'section',
      { 'aria-labelledby': 'more' },
      h('h2', { class: 'eyebrow', id: 'more' }, 'The same engine elsewhere'),
      cardsView(),
    ),
    h(
      'section',
      { class: 'invitation', 'aria-labelledby': 'invitation' },
      h('h2', { id: 'invitation' }, 'Search your own files beside them'),
      h(
        'p',
        {},
        'Drop or choose Markdown, HTML and text, a folder or a zip of them, or paste a text. They stay in this browser.',
      ),
      bringButtons(),
    ),
    h(
      'section',
      { 'aria-labelledby': 'weave' },
      h('h2', { class: 'eyebrow', id: 'weave' }, 'How it reads a question'),
      loom(),
    ),
  )
}

function chip(question: string, ask: (question: string) => void): HTMLElement {
  const button = h(
    'button',
    { class: 'chip', type: 'button', 'data-testid': 'example' },
    h('span', {}, question),
    icon('chip-arrow', 'M7 17 17 7M9 7h8v8'),
  )
  button.addEventListener('click', () => ask(question))
  return h('li', {}, button)
}

/** A question was typed before the engine is there. */
export function pendingView(query: string): HTMLElement {
  const ghost = () =>
    h(
      'li',
      { class: 'ghost' },
      h('span', { class: 'ghost-title' }),
      h('span', { class: 'ghost-line' }),
      h('span', { class: 'ghost-line' }),
    )
  return h(
    'div',
    { class: 'pending view' },
    h('p', { class: 'results-head' }, `“${query}” is answered by words in a moment, and by meaning after.`),
    h('ul', { class: 'ghosts', 'aria-hidden': 'true' }, ghost(), ghost(), ghost()),
  )
}
