/**
 * How `<selvage-search>` looks: one hit as a list item, and the style sheet. Nothing that a strict Content-Security-Policy
 * refuses: no markup from strings, no style attributes, a sheet made by the script.
 */
import type { CharRange, Hit } from '../types.ts'

type Child = string | Node

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

export function hitView({ title, headings, url, passage }: Hit): HTMLElement {
  const path = headings.slice(0, -1).join(' › ')
  return h(
    'li',
    {},
    h('a', { href: url }, title),
    ...(path === '' ? [] : [h('p', { class: 'path' }, path)]),
    h('p', { class: 'excerpt' }, ...marked(passage, shownPart(passage))),
  )
}

/** Characters of an excerpt. */
const SHOWN = 240
/** A match that is further into the excerpt than this begins it, with some words before. */
const FAR = 120

/** From where the excerpt begins, or shortly before its first match, as much as there is room for. */
function shownPart({ text, excerpt, matches }: Hit['passage']): CharRange {
  const first = matches.find(({ start }) => start >= excerpt.start && start < excerpt.end)?.start ?? excerpt.start
  const isNear = first - excerpt.start < FAR
  const start = isNear ? excerpt.start : 1 + (spaceBefore(text, first - FAR / 4, FAR / 2) ?? first - FAR / 4)
  if (text.length - start <= SHOWN) return { start, end: text.length }
  return { start, end: spaceBefore(text, start + SHOWN, SHOWN / 4) ?? start + SHOWN }
}

/** The last space before `at` that is at most so far from it: not all scripts have them. */
function spaceBefore(text: string, at: number, most: number): number | undefined {
  const space = text.lastIndexOf(' ', at)
  return space >= at - most ? space : undefined
}

/** The text with its matched words marked; cut ends have an ellipsis. */
function marked({ text, excerpt, matches }: Hit['passage'], { start, end }: CharRange): Child[] {
  const parts: Child[] = start > excerpt.start ? ['… '] : []
  let at = start
  for (const match of matches) {
    if (match.start < at || match.end > end) continue
    const mark = h('mark', {}, text.slice(match.start, match.end))
    mark.style.setProperty('--strength', `${Math.round(match.strength * 100)}%`)
    parts.push(text.slice(at, match.start), mark)
    at = match.end
  }
  parts.push(text.slice(at, end))
  if (end < text.length) parts.push(' …')
  return parts
}

/** One for all elements. Colours are the page's own, mixed; light or dark is what its color-scheme says. */
export const styleSheet = new CSSStyleSheet()
styleSheet.replaceSync(`
:host {
  --accent: var(--selvage-accent, light-dark(#2f50c1, #a9b7ff));
  --mark: var(--selvage-mark, light-dark(#ffd84d, #8a6a00));
  --faint: color-mix(in srgb, currentColor 68%, transparent);
  --line: color-mix(in srgb, currentColor 22%, transparent);
  display: block; line-height: 1.5; text-align: start;
}
:host([hidden]) { display: none; }
form { display: grid; gap: .35em; }
label { font-size: .875em; font-weight: 600; }
input {
  box-sizing: border-box; width: 100%; min-height: 44px; padding: .5em .8em; font: inherit; font-size: max(1em, 16px);
  color: inherit; background: color-mix(in srgb, currentColor 4%, transparent); border: 1px solid var(--line);
  border-radius: 8px; appearance: none;
}
input::-webkit-search-cancel-button { margin-inline-start: .6em; }
input::placeholder { color: var(--faint); opacity: 1; }
:is(input, a, button):focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
p { margin: 0; overflow-wrap: anywhere; }
.status { min-height: 1.5em; margin: .4em 0; font-size: .8125em; color: var(--faint); font-variant-numeric: tabular-nums; }
.status button {
  font: inherit; color: var(--accent); background: none; border: 0; padding: 0; text-decoration: underline; cursor: pointer;
}
ol { margin: 0; padding: 0; list-style: none; }
li { padding: .75em 0; border-top: 1px solid var(--line); }
a { color: var(--accent); font-weight: 600; text-decoration: none; overflow-wrap: anywhere; }
a:hover { text-decoration: underline; }
.path { font-size: .8125em; color: var(--faint); }
.excerpt { margin-top: .2em; font-size: .9375em; }
mark {
  color: inherit; border-radius: 3px;
  background: color-mix(in srgb, var(--mark) calc(20% + .6 * var(--strength)), transparent);
}
`)
