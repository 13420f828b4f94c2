/** The heat map as a table. */
import { expect, test } from 'vitest'
import type { HeatMap } from '../../src/types.ts'
import { heatMapView } from '../../src/widget/heatMapView.ts'
import { stringsFor } from '../../src/widget/strings/index.ts'
import { panelSheet } from '../../src/widget/styles.ts'
import { hitOf } from './hits.ts'

const TEXT = 'Cancel watchers now.'
const MAP: HeatMap = {
  queryTokens: [
    { text: '[CLS]', isMask: false, best: 1 },
    { text: 'stop', isMask: false, best: 0.8 },
    { text: '##ping', isMask: false, best: 0.5 },
    { text: '[MASK]', isMask: true, best: 0.3 },
    { text: '[MASK]', isMask: true, best: 0.6 },
  ],
  // a marker, Cancel, watch, ers, now, .
  passageTokens: [
    { start: -1, end: -1 },
    { start: 0, end: 6 },
    { start: 7, end: 12 },
    { start: 12, end: 15 },
    { start: 16, end: 19 },
    { start: 19, end: 20 },
  ],
  similarities: Float32Array.from([
    ...[1, 0, 0, 0, 0, 0],
    ...[0.9, 0.8, 0.1, 0.2, 0.3, 0],
    ...[0.9, 0.1, 0.5, 0.4, 0.3, 0],
    ...[0.9, 0.3, 0.2, 0.1, 0.1, 0],
    ...[0.9, 0.1, 0.2, 0.6, 0.1, 0],
  ]),
}

function table() {
  const view = heatMapView(MAP, hitOf(TEXT), stringsFor('en').strings)
  const found = view.querySelector('table')!
  const rows = [...found.tBodies[0]!.rows]
  return { view, table: found, rows, text: rows.map((row) => [...row.cells].map((cell) => cell.textContent)) }
}

test('rows are the query’s tokens, with all padding in one; columns those of the text, under their words', () => {
  const { table: shown, text, rows } = table()
  const heads = [...shown.tHead!.rows[0]!.cells].slice(1)
  expect(heads.map(({ textContent, colSpan }) => [textContent, colSpan])).toEqual([
    ['Cancel', 1],
    ['watchers', 2],
    ['now', 1],
    ['.', 1],
  ])
  expect(text).toEqual([
    ['stop', '0.80', '0.10', '0.20', '0.30', '0.00'],
    ['-ping', '0.10', '0.50', '0.40', '0.30', '0.00'],
    ['[MASK] × 2', '0.30', '0.20', '0.60', '0.10', '0.00'],
  ])
  expect(rows.map(({ className }) => className)).toEqual(['', '', 'mask'])
})

test('the best of each row is outlined, and the best of all shaded most', () => {
  const { rows, view } = table()
  expect(rows.map((row) => row.querySelector('.best')?.textContent)).toEqual(['0.80', '0.50', '0.60'])
  const strengths = [...view.querySelectorAll('td[title]')].map((cell) => {
    if (!(cell instanceof HTMLElement)) throw new Error('not a cell')
    return [Number(cell.style.getPropertyValue('--strength')), Number(cell.textContent)] as const
  })
  for (const [strength, cosine] of strengths)
    for (const [other, less] of strengths) if (cosine > less) expect(strength).toBeGreaterThanOrEqual(other)
  expect(Math.max(...strengths.map(([strength]) => strength))).toBe(1)
})

test('it brings its style; it scrolls in a box of its own, which can be focused and has a name', async () => {
  const host = document.createElement('div')
  host.style.inlineSize = '100px'
  const root = host.attachShadow({ mode: 'open' })
  root.adoptedStyleSheets = [panelSheet]
  document.body.append(host)
  const { view } = table()
  root.append(view)
  await new Promise(requestAnimationFrame)
  const box = view.querySelector('.heat-box')!
  expect(box.scrollWidth).toBeGreaterThan(box.clientWidth)
  expect(host.scrollWidth).toBeLessThanOrEqual(100)
  expect(box).toMatchObject({ tabIndex: 0, role: 'region' })
  expect(box.getAttribute('aria-label')).not.toBe('')
  host.remove()
})

test('nothing to compare with is no error', () => {
  const empty = { queryTokens: [], passageTokens: [], similarities: new Float32Array(0) }
  expect(heatMapView(empty, hitOf(''), stringsFor('en').strings).querySelectorAll('td')).toHaveLength(1)
})
