/** The ways on from the front page: the documentation's own pages, the playground and the check. */
import { h, icon } from './dom.ts'

interface Card {
  readonly title: string
  readonly text: string
  readonly links: readonly (readonly [href: string, label: string])[]
  /** Strokes on a 24 × 24 grid. */
  readonly drawing: string
}

const CARDS: readonly Card[] = [
  {
    title: 'The docs, with search in them',
    text: 'Both documentations as sites of their own, with the widget that any site can have: Ctrl K, or ⌘ K, on every page.',
    links: [
      ['docs/vue/guide/introduction.html', 'Vue docs'],
      ['docs/react/learn/index.html', 'React docs'],
    ],
    drawing: 'M5 4h11l3 3v13H5zM9 10h6M9 14h6',
  },
  {
    title: 'Playground',
    text: 'One question by words, by meaning and by both, side by side: what each finds, what it costs, and which word met which.',
    links: [['playground.html', 'Open the playground']],
    drawing: 'M4 4h4v16H4zM10 4h4v16h-4zM16 4h4v16h-4z',
  },
  {
    title: 'Check',
    text: 'A hundred questions with known answers, run in this tab on every backend it has, beside the figures of the command line.',
    links: [['check.html', 'Run the check']],
    drawing: 'M4 5h16M4 12h7M4 19h7m4-4 2.5 3L21 13',
  },
]

export function cardsView(): HTMLElement {
  return h('ul', { class: 'cards', role: 'list' }, ...CARDS.map(cardOf))
}

function cardOf({ title, text, links, drawing }: Card): HTMLElement {
  return h(
    'li',
    { class: 'card' },
    icon('card-icon', drawing),
    h('h3', {}, title),
    h('p', {}, text),
    h('p', { class: 'card-links' }, ...links.map(([href, label]) => h('a', { href }, label))),
  )
}
