/** What an answer cost: its steps in time, and how much was looked at. What was not measured is not shown. */
import type { SearchResult } from 'selvage'
import { h } from '../dom.ts'
import { formatBytes, formatCount, formatMs } from '../format.ts'
import { backendName } from '../settings.ts'

const STEPS = [
  { key: 'encode', name: 'Encode', what: 'the model reads the question' },
  { key: 'keyword', name: 'Words', what: 'looked up and weighed' },
  { key: 'score', name: 'Score', what: 'vectors are compared' },
  { key: 'texts', name: 'Texts', what: 'of the ten are read' },
  { key: 'explain', name: 'Explain', what: 'which words matched' },
] as const

const SCORE_STEPS = [
  { key: 'centroids', name: 'question × centroids' },
  { key: 'scan', name: 'scan by centroids' },
  { key: 'select', name: 'choose candidates' },
  { key: 'residuals', name: 'score in full' },
] as const

/** The parts of the bar; their lengths are milliseconds of the dearest column's. */
export function barOf({ elapsedMs }: SearchResult): HTMLElement[] {
  return STEPS.flatMap(({ key }) => {
    const ms = elapsedMs[key]
    if (ms <= 0) return []
    const part = h('span', { class: `cost-${key}` })
    part.style.setProperty('--ms', ms.toFixed(2))
    return [part]
  })
}

export function costView(result: SearchResult): HTMLElement {
  const { elapsedMs, work, encoder, scorer } = result
  const steps = STEPS.filter(({ key }) => elapsedMs[key] > 0.005).map(({ key, name, what }) => {
    const row = h(
      'div',
      { class: `cost-row cost-${key}`, 'data-step': key },
      h('dt', {}, name, ' ', h('small', {}, key === 'score' && scorer === undefined ? 'sections are ranked' : what)),
      h('dd', {}, formatMs(elapsedMs[key])),
    )
    return key === 'score' ? [row, ...scoreRows(work)] : [row]
  })
  const counts = countsOf(work).map(([key, name, value]) =>
    h('div', { class: 'count-row', 'data-count': key }, h('dt', {}, name), h('dd', {}, value)),
  )
  const ran = [
    encoder && `encoded on ${backendName(encoder.backend)}`,
    scorer && `scored on ${backendName(scorer.backend)}`,
  ].filter((part) => part !== undefined)
  return h(
    'div',
    {},
    h('h3', {}, 'What it cost'),
    h('dl', { class: 'cost-steps' }, ...steps.flat()),
    counts.length > 0 && h('dl', { class: 'cost-counts' }, ...counts),
    h('p', { class: 'cost-where' }, ran.length > 0 ? sentence(ran.join(', ')) : 'No model, no vectors.'),
  )
}

function scoreRows(work: SearchResult['work']): HTMLElement[] {
  return SCORE_STEPS.flatMap(({ key, name }) => {
    const ms = work?.scoreMs?.[key]
    if (ms === undefined) return []
    return [h('div', { class: 'cost-row is-part', 'data-step': key }, h('dt', {}, name), h('dd', {}, formatMs(ms)))]
  })
}

function countsOf(work: SearchResult['work']): (readonly [key: string, name: string, value: string])[] {
  if (work === undefined) return []
  const { withWords, queryTokens, centroids, scanned, candidates, bytesRead } = work
  const both = queryTokens !== undefined && centroids !== undefined
  return [
    ...(withWords === undefined ? [] : [['withWords', 'Passages with its words', formatCount(withWords)] as const]),
    ...(both
      ? [['centroids', 'Tokens × centroids', `${formatCount(queryTokens)} × ${formatCount(centroids)}`] as const]
      : []),
    ...(scanned === undefined ? [] : [['scanned', 'Passages scanned', formatCount(scanned)] as const]),
    ...(candidates === undefined ? [] : [['candidates', 'Scored in full', formatCount(candidates)] as const]),
    ['bytesRead', 'Read for it', formatBytes(bytesRead)] as const,
  ]
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`
}
