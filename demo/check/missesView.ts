/**
 * The questions that a way of searching did not answer: no right section among its ten best. What a doubting reader looks for,
 * so each opens to what was found and what was wanted. It knows no scores.
 */
import { h, icon } from '../dom.ts'
import { plural } from '../format.ts'
import type { LabelledSet } from './set.ts'
import { type Answer, type BackendReport, type Found, WAY_NAMES, WAYS, type Way, type WayReport } from './types.ts'

/** As many as are worth reading of what was found instead. */
const SHOWN = 3

export function missesView(report: BackendReport, set: LabelledSet): HTMLElement {
  const titles = titlesOf(report)
  const list = h('div', { class: 'misses', 'data-testid': 'misses' })
  const show = (way: WayReport): void => {
    const misses = missesOf(way, set)
    const items = misses.map(([id, answer]) => missView(answer, rightOf(id, set), report, id, titles))
    list.replaceChildren(
      misses.length === 0
        ? h('p', { class: 'misses-none' }, 'None: each question has a right section among the ten best.')
        : h('ul', { role: 'list' }, ...items),
    )
  }
  const choices = WAYS.flatMap((name) => {
    const way = report.ways.find((measured) => measured.way === name)
    if (way === undefined) return []
    const radio = h('input', { type: 'radio', name: 'misses', value: name, checked: name === 'hybrid' })
    radio.addEventListener('change', () => show(way))
    return [h('label', {}, radio, h('span', {}, `${WAY_NAMES[name]} `, h('b', {}, String(missesOf(way, set).length))))]
  })
  const chosen = report.ways.find(({ way }) => way === 'hybrid')
  if (chosen !== undefined) show(chosen)
  return h(
    'section',
    { class: 'missed' },
    h('h2', {}, 'Questions that were not answered'),
    h(
      'p',
      { class: 'section-lead' },
      'No right section is among the ten best. Open one to see what was found and what was wanted.',
    ),
    h('fieldset', { class: 'segments' }, h('legend', { class: 'visually-hidden' }, 'Missed by'), ...choices),
    list,
  )
}

function missesOf(way: WayReport, set: LabelledSet): [id: string, answer: Answer][] {
  return [...way.answers].filter(([id, { found }]) => rankOf(found, rightOf(id, set)) === undefined)
}

/** Addresses of the sections that answer a question. */
function rightOf(id: string, { qrels }: LabelledSet): string[] {
  return [...(qrels.get(id) ?? [])].filter(([, grade]) => grade > 0).map(([section]) => section)
}

/** From 1 on. */
function rankOf(found: readonly Found[], right: readonly string[]): number | undefined {
  const at = found.findIndex(({ id }) => right.includes(id))
  return at < 0 ? undefined : at + 1
}

function missView(
  { question, found }: Answer,
  right: readonly string[],
  report: BackendReport,
  id: string,
  titles: ReadonlyMap<string, string>,
): HTMLElement {
  const wanted = right.map((section) => h('li', {}, sectionLink({ id: section, title: titles.get(section) ?? '' })))
  const others = report.ways.map(({ way, answers }) => rankIn(way, rankOf(answers.get(id)?.found ?? [], right)))
  return h(
    'li',
    {},
    h(
      'details',
      { class: 'miss' },
      h('summary', {}, h('span', {}, question), icon('chevron', 'm7 10 5 5 5-5')),
      h(
        'div',
        { class: 'miss-body' },
        h('h3', {}, right.length === 1 ? 'Wanted' : 'Wanted, one of these'),
        h('ul', { role: 'list' }, ...wanted),
        h('h3', {}, 'Found first'),
        h('ol', { role: 'list' }, ...found.slice(0, SHOWN).map((section) => h('li', {}, sectionLink(section)))),
        found.length === 0 && h('p', {}, 'Nothing.'),
        h('p', { class: 'miss-ranks' }, others.join(' · ')),
      ),
    ),
  )
}

function rankIn(way: Way, rank: number | undefined): string {
  return `${WAY_NAMES[way]}: ${rank === undefined ? 'not among ten' : `rank ${rank}`}`
}

/** Address and title; of a section that no search has found the address alone is known. */
function sectionLink({ id, title }: Found): HTMLElement {
  const path = id.replace(/^https?:\/\/[^/]+\/(en\/docs\/)?/, '')
  return h(
    'a',
    { href: id, class: 'section-link' },
    h('span', { class: 'section-title' }, title === '' ? path : title),
    title !== '' && h('small', { class: 'section-path' }, path),
  )
}

function titlesOf(report: BackendReport): Map<string, string> {
  const all = report.ways.flatMap(({ answers }) => [...answers.values()].flatMap(({ found }) => found))
  return new Map(all.map(({ id, title }) => [id, title]))
}

/** For a screen reader. */
export function missesLine(report: BackendReport, set: LabelledSet): string {
  return report.ways
    .map((way) => `${WAY_NAMES[way.way]} missed ${plural(missesOf(way, set).length, 'question')}`)
    .join(', ')
}
