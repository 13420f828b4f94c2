/**
 * How did each token of the query meet each token of the passage? A table, so that it can be read cell by cell too: a row for
 * each token of the query, a column for each of the passage, under the word that it is of. Padding, which the model fills with
 * meanings of its own, is one row of its best cosines. What is said of tokens without text is left out.
 */
import type { HeatMap, Hit } from '../types.ts'
import { h } from './dom.ts'
import { heat } from './styles/heat.ts'
import type { Strings } from './types.ts'

interface Row {
  readonly name: string
  readonly isMask: boolean
  readonly cosineAt: (token: number) => number
}

/** A word of the passage, and the columns of the map that are its tokens. */
interface Word {
  readonly text: string
  readonly tokens: readonly number[]
}

const sheet = new CSSStyleSheet()
sheet.replaceSync(heat)

export function heatMapView(map: HeatMap, hit: Hit, strings: Strings): HTMLElement {
  const rows = rowsOf(map)
  const words = wordsOf(map, hit.passage.text)
  const tokens = words.flatMap((word) => word.tokens)
  const cosines = rows.flatMap(({ cosineAt }) => tokens.map(cosineAt))
  const most = cosines.reduce((a, b) => Math.max(a, b), 0)
  const least = cosines.reduce((a, b) => Math.min(a, b), most)
  // What is far from the best is alike: raised, so that the best stand out.
  const shadeOf = (cosine: number) => ((cosine - least) / (most - least || 1)) ** 1.6

  const corner = h('td', {})
  const heads = words.map(({ text, tokens: { length } }) =>
    h('th', { scope: 'colgroup', colspan: `${length}` }, h('span', {}, text)),
  )
  const body = rows.map(({ name, isMask, cosineAt }) => {
    const best = tokens.reduce((a, b) => (cosineAt(b) > cosineAt(a) ? b : a), tokens[0] ?? 0)
    const cells = words.flatMap((word) =>
      word.tokens.map((token) => {
        const cosine = cosineAt(token)
        const value = cosine.toFixed(2)
        const cell = h('td', { title: `${name} · ${word.text}: ${value}` }, value)
        if (token === best) cell.className = 'best'
        cell.style.setProperty('--strength', shadeOf(cosine).toFixed(2))
        return cell
      }),
    )
    return h('tr', isMask ? { class: 'mask' } : {}, h('th', { scope: 'row' }, name), ...cells)
  })
  const table = h('table', { dir: 'ltr' }, h('thead', {}, h('tr', {}, corner, ...heads)), h('tbody', {}, ...body))
  const box = h('div', { class: 'heat-box', tabindex: '0', role: 'region', 'aria-label': strings.heatMap }, table)
  requestAnimationFrame(() => show(box)) // it is in the page then, and not painted yet
  return h('div', { class: 'heat', part: 'heat' }, h('p', { 'aria-hidden': 'true' }, strings.heatMap), box)
}

/** A row for each token of the query; the markers are nothing that somebody asked for. */
function rowsOf({ queryTokens, passageTokens, similarities }: HeatMap): Row[] {
  const width = passageTokens.length
  const row = (at: number) => (token: number) => similarities[at * width + token] ?? 0
  const masks = queryTokens.flatMap(({ isMask }, at) => (isMask ? [row(at)] : []))
  const rows: Row[] = queryTokens.flatMap(({ text, isMask }, at) =>
    isMask || /^\[.*\]$/.test(text) ? [] : [{ name: text.replace(/^##/, '-'), isMask, cosineAt: row(at) }],
  )
  if (masks.length > 0)
    rows.push({
      name: `[MASK] × ${masks.length}`,
      isMask: true,
      cosineAt: (token) => masks.reduce((best, cosineAt) => Math.max(best, cosineAt(token)), -1),
    })
  return rows
}

/** Tokens that follow each other without a space, and are letters or digits, are of one word. */
function wordsOf({ passageTokens }: HeatMap, text: string): Word[] {
  const words: { text: string; end: number; tokens: number[] }[] = []
  passageTokens.forEach(({ start, end }, token) => {
    if (start < 0) return
    const piece = text.slice(start, end)
    const last = words.at(-1)
    if (last?.end === start && /[\p{L}\p{N}_]$/u.test(last.text) && /^[\p{L}\p{N}_]/u.test(piece)) {
      last.text += piece
      last.end = end
      last.tokens.push(token)
    } else words.push({ text: piece, end, tokens: [token] })
  })
  return words
}

/** The sheet comes with the map. A passage is wider than the box: what matched best of all is to be seen. */
function show(box: HTMLElement): void {
  const root = box.getRootNode()
  if (root instanceof ShadowRoot && !root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet)
  let best: HTMLElement | undefined
  for (const cell of box.querySelectorAll<HTMLElement>('tr:not(.mask) .best'))
    if (Number(cell.textContent) > Number(best?.textContent ?? 0)) best = cell
  if (best) box.scrollLeft = best.offsetLeft - box.clientWidth / 2
}
