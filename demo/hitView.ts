/**
 * One result: where it stands, what it says, why it matched. Draws a `Hit` and nothing else; it does not know how
 * hits are ranked or found.
 */
import type { CharRange, Hit } from 'selvage'
import { h, icon } from './dom.ts'
import { linkOf } from './link.ts'
import { type Paragraph, paragraphsOf, shownExcerpt } from './passage.ts'
import { placeOf, SOURCE_NAMES, type Source } from './sources.ts'
import { type HitMark, markView } from './teach/markView.ts'

/** `rank` counts from 1; `best` is the score of the first hit; `mark` is how it is told to be the right one. */
export function hitView(hit: Hit, rank: number, best: number, mark: HitMark): HTMLLIElement {
  const { passage, title, headings, url } = hit
  const { source, path } = placeOf(url)
  const text = h('div', { class: 'passage', id: `passage-${rank}` })
  const shown = shownExcerpt(passage)
  const whole: CharRange = { start: 0, end: passage.text.length }
  const showExcerpt = () => {
    const all = paragraphsOf(passage, shown, shown)
    const paragraphs = withoutLooseEnds(all)
    const cut = isCut(passage.text, shown)
    drawPassage(text, paragraphs, {
      before: cut.before && paragraphs[0] === all[0],
      after: cut.after && paragraphs.at(-1) === all.at(-1),
    })
  }
  if (passage.text.trim() === '')
    text.append(h('p', { class: 'rest' }, 'Only a heading; its text is in the parts below it.'))
  else showExcerpt()

  const isCutShort = passage.text.slice(shown.start, shown.end).trim().length < passage.text.trim().length
  const more = isCutShort
    ? toggle(text, (isWhole) => {
        if (isWhole) drawPassage(text, paragraphsOf(passage, whole, shown), { before: false, after: false })
        else showExcerpt()
        item.classList.toggle('is-whole', isWhole)
      })
    : undefined
  const item = h(
    'li',
    { class: 'hit', 'data-testid': 'hit', 'data-url': url },
    h(
      'div',
      { class: 'hit-edge' },
      h('span', { class: 'rank', 'aria-hidden': 'true' }, String(rank)),
      stitches(passage, shown),
    ),
    h(
      'div',
      { class: 'hit-body' },
      breadcrumb(headings.slice(0, -1), source),
      h('h3', {}, source === 'own' ? opener(title, more) : link(title, linkOf(hit))),
      text,
      h(
        'div',
        { class: 'hit-foot' },
        scoreView(hit.score, best),
        h('span', { class: 'hit-url' }, path),
        h('span', { class: 'by-words', 'data-testid': 'by-words', hidden: true }),
        markView(mark),
        more,
      ),
    ),
  )
  return item
}

function link(title: string, url: string): HTMLElement {
  return h('a', { class: 'hit-title', href: url, 'data-testid': 'hit-title' }, title)
}

/** A file of the visitor's has no page to go to: its title opens the passage in place, where there is more of it. */
function opener(title: string, more: HTMLButtonElement | undefined): HTMLElement {
  const attributes = { class: 'hit-title is-own', 'data-testid': 'hit-title' }
  if (more === undefined) return h('span', { ...attributes, tabindex: -1 }, title)
  const button = h('button', { ...attributes, type: 'button' }, title)
  button.addEventListener('click', () => more.click())
  return button
}

function breadcrumb(path: readonly string[], source: Source): HTMLElement {
  const parts = path.flatMap((heading, i) => [
    ...(i === 0 ? [] : [h('span', { class: 'crumb-mark', 'aria-hidden': 'true' }, '›'), ' ']),
    h('span', {}, heading),
    ' ',
  ])
  const from =
    source === 'own'
      ? h('span', { class: 'own-mark' }, 'Your file')
      : source !== 'all' && h('span', { class: `source-mark is-${source}` }, SOURCE_NAMES[source])
  return h('p', { class: 'crumbs' }, from, ' ', ...parts)
}

function drawPassage(
  into: HTMLElement,
  paragraphs: readonly Paragraph[],
  cut: { before: boolean; after: boolean },
): void {
  const drawn = paragraphs.map(({ kind, depth, pieces }) => {
    const content = pieces.map(({ text, strength, isShown }) => {
      const part = strength === undefined ? text : mark(text, strength)
      return isShown ? part : h('span', { class: 'rest' }, part)
    })
    if (kind === 'code') return h('pre', {}, h('code', {}, ...content))
    const paragraph = h('p', { class: kind === 'item' && 'item' }, ...content)
    if (kind === 'item') paragraph.style.setProperty('--depth', String(depth))
    return paragraph
  })
  if (cut.before && paragraphs[0]?.kind === 'text') drawn.at(0)?.prepend('… ')
  if (cut.after && paragraphs.at(-1)?.kind !== 'code') drawn.at(-1)?.append(' …')
  into.replaceChildren(...drawn)
}

/** An excerpt may begin or end with the last brace of an example: it says nothing there. */
function withoutLooseEnds(paragraphs: readonly Paragraph[]): Paragraph[] {
  const says = ({ pieces }: Paragraph) => pieces.some(({ text }) => /[\p{L}\p{N}]/u.test(text))
  const first = paragraphs.findIndex(says)
  return first < 0 ? [...paragraphs] : paragraphs.slice(first, paragraphs.findLastIndex(says) + 1)
}

function mark(text: string, strength: number): HTMLElement {
  const element = h('mark', {}, text)
  element.style.setProperty('--strength', strength.toFixed(2))
  return element
}

/** Whether the shown part begins or ends within a sentence. */
function isCut(text: string, { start, end }: CharRange): { before: boolean; after: boolean } {
  return {
    before: /[^\s.!?:)][^\S\n]*$/.test(text.slice(0, start)),
    after: /[^.!?:]$/.test(text.slice(start, end).trimEnd()) && /^[^\S\n]*\S/.test(text.slice(end)),
  }
}

/** The passage from top to bottom as an edge of the cloth: a stitch for each matched word, the excerpt a little lighter. */
function stitches({ text, matches }: Hit['passage'], shown: CharRange): HTMLElement {
  const edge = h('span', { class: 'stitches', 'aria-hidden': 'true' })
  if (text === '') return edge
  const place = (name: string, { start, end }: CharRange, strength: number) => {
    const stitch = h('span', { class: name })
    stitch.style.setProperty('--from', (start / text.length).toFixed(4))
    stitch.style.setProperty('--length', ((end - start) / text.length).toFixed(4))
    stitch.style.setProperty('--strength', strength.toFixed(2))
    edge.append(stitch)
  }
  place('stitches-shown', shown, 1)
  for (const match of matches) place('stitch', match, match.strength)
  return edge
}

function scoreView(score: number, best: number): HTMLElement {
  const share = best > 0 ? Math.max(0, score / best) : 0
  const bar = h('span', { class: 'score-bar' })
  bar.style.setProperty('--share', share.toFixed(3))
  const words = `Score ${score.toFixed(2)}, ${Math.round(share * 100)} % of the best`
  return h(
    'span',
    { class: 'score', title: words },
    h('span', { class: 'score-track', 'aria-hidden': 'true' }, bar),
    h('span', { class: 'visually-hidden' }, 'Score '),
    score.toFixed(2),
  )
}

function toggle(text: HTMLElement, onChange: (isWhole: boolean) => void): HTMLButtonElement {
  const label = h('span', {}, 'Whole passage')
  const button = h(
    'button',
    { class: 'hit-toggle', type: 'button', 'aria-expanded': 'false', 'aria-controls': text.id },
    label,
    icon('chevron', 'm7 10 5 5 5-5'),
  )
  button.addEventListener('click', () => {
    const isWhole = button.getAttribute('aria-expanded') !== 'true'
    button.setAttribute('aria-expanded', String(isWhole))
    label.textContent = isWhole ? 'Excerpt only' : 'Whole passage'
    onChange(isWhole)
  })
  return button
}
