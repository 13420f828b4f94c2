/**
 * One backend's card: what it is, how good its answers are, how long each step took. A way that is still being measured has its
 * row already, empty, so that nothing moves when the figures come.
 */
import { h, icon } from '../dom.ts'
import { formatMs } from '../format.ts'
import { backendName } from '../settings.ts'
import { compareFigure, toDigits, verdict } from './compare.ts'
import type { CommandLine } from './set.ts'
import {
  type BackendReport,
  FIGURES,
  type Figure,
  type Spread,
  STAGE_NAMES,
  STAGES,
  WAY_NAMES,
  WAYS,
  type WayReport,
} from './types.ts'

const FIGURE_NAMES: Readonly<Record<Figure, string>> = {
  'ndcg@10': 'nDCG@10',
  'mrr@10': 'MRR@10',
  'recall@10 of exact': 'Same as exact',
}

const TICK = 'm5 12.5 4.5 4.5L19 7.5'

/** `note`: what is to be said of this backend beside another. */
export function reportView(report: BackendReport, cli: CommandLine | undefined, note?: string): HTMLElement {
  const { backend, encoder, scorer, loadMs } = report
  const isWhole = report.ways.length === WAYS.length
  const told = isWhole ? verdict(report, cli, FIGURE_NAMES) : undefined
  return h(
    'section',
    { class: 'backend', 'data-testid': `report-${backend}`, 'data-done': isWhole },
    h('h2', {}, backendName(backend)),
    h(
      'p',
      { class: 'backend-what' },
      `Model on ${place(encoder)}, scores on ${place(scorer)}. Ready after ${formatMs(loadMs)}.`,
    ),
    goodness(report, cli),
    told !== undefined &&
      h(
        'p',
        { class: told.isEqual ? 'verdict is-equal' : 'verdict', 'data-testid': 'verdict' },
        told.isEqual && icon('verdict-tick', TICK),
        h('span', {}, told.text),
      ),
    note !== undefined && h('p', { class: 'verdict', 'data-testid': 'same-rankings' }, note),
    speed(report),
  )
}

function place({ backend, device }: BackendReport['encoder']): string {
  return device === '' ? backendName(backend) : `${backendName(backend)} (${device})`
}

function goodness(report: BackendReport, cli: CommandLine | undefined): HTMLElement {
  const rows = WAYS.map((name) => {
    const way = report.ways.find((measured) => measured.way === name)
    const cells = FIGURES.map((figure) => h('td', { 'data-figure': figure }, ...cellOf(figure, report, way, cli)))
    return h('tr', { 'data-way': name }, h('th', { scope: 'row' }, WAY_NAMES[name]), ...cells)
  })
  const heads = FIGURES.map((figure) => h('th', { scope: 'col' }, FIGURE_NAMES[figure]))
  return h(
    'table',
    { class: 'figures' },
    h('caption', {}, 'How good the answers are'),
    h('thead', {}, h('tr', {}, h('td'), ...heads)),
    h('tbody', {}, ...rows),
  )
}

function cellOf(figure: Figure, report: BackendReport, way: WayReport | undefined, cli: CommandLine | undefined) {
  if (way === undefined) return [h('span', { class: 'pending', 'aria-label': 'not measured yet' }, '·····')]
  const compared = compareFigure(figure, report, way, cli)
  if (compared === undefined) return [h('span', { class: 'pending', 'aria-label': 'does not apply' }, '–')]
  const { value, expected, isEqual } = compared
  const shown = h('span', { class: 'figure' }, toDigits(value))
  if (expected === undefined) return [shown]
  if (isEqual)
    return [shown, icon('equal', TICK), h('span', { class: 'visually-hidden' }, ' equal to the command line')]
  return [
    shown,
    h(
      'small',
      { class: 'unequal' },
      h('span', { class: 'visually-hidden' }, ' the command line has '),
      toDigits(expected),
    ),
  ]
}

function speed(report: BackendReport): HTMLElement {
  const rows = STAGES.map((stage) => {
    const cells = WAYS.map((name) => {
      const spread = report.ways.find((way) => way.way === name)?.ms[stage]
      return h('td', { 'data-way': name }, ...times(spread))
    })
    return h(
      'tr',
      { 'data-stage': stage, class: `step-${stage}` },
      h('th', { scope: 'row' }, h('span', { class: 'stage-key' }), STAGE_NAMES[stage]),
      ...cells,
    )
  })
  const heads = WAYS.map((way) => h('th', { scope: 'col' }, WAY_NAMES[way]))
  return h(
    'table',
    { class: 'speed' },
    h(
      'caption',
      {},
      'How long a question takes ',
      h('small', { class: 'caption-note' }, 'milliseconds: median, and where 8 of 10 lie'),
    ),
    h('thead', {}, h('tr', {}, h('td'), ...heads)),
    h('tbody', {}, ...rows),
  )
}

function times(spread: Spread | undefined) {
  if (spread === undefined) return [h('span', { class: 'pending', 'aria-label': 'not measured yet' }, '·····')]
  const { median, low, high } = spread
  if (high < 0.05) return [h('span', { class: 'pending', 'aria-label': 'nothing' }, '–')]
  return [
    h('span', { class: 'median' }, toMs(median)),
    h('small', { class: 'spread' }, h('span', { class: 'visually-hidden' }, ' from '), `${toMs(low)} – ${toMs(high)}`),
  ]
}

function toMs(ms: number): string {
  return ms.toFixed(ms < 99.5 ? 1 : 0)
}
