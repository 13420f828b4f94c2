/** What the page shows while there is no question: six to try, and what to look for. */
import { h } from '../dom.ts'
import { EXAMPLES } from './examples.ts'

export function introView(pages: number, passages: number, ask: (question: string) => void): HTMLElement {
  const buttons = EXAMPLES.map(({ query, note }) => {
    const button = h(
      'button',
      { class: 'example', type: 'button', 'data-testid': 'example' },
      h('span', { class: 'example-query' }, query),
      h('span', { class: 'example-note' }, note),
    )
    button.addEventListener('click', () => ask(query))
    return h('li', {}, button)
  })
  return h(
    'section',
    { class: 'playground-intro view', 'aria-labelledby': 'try' },
    h('h2', { class: 'eyebrow', id: 'try' }, 'Six questions where the three differ'),
    h('ul', { class: 'examples', role: 'list' }, ...buttons),
    h(
      'p',
      { class: 'intro-note' },
      `They are put to ${pages} pages of the Vue guide, ${passages} passages. The same section in two columns is tied by a thread: ` +
        'where threads cross, the searches disagree.',
    ),
  )
}
