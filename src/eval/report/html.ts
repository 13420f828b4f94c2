/**
 * The report as one page of HTML that needs nothing else: no script, no request (its own policy forbids both), day and night,
 * phone and desk, screen readers and paper. It lays out what tables and plots draw.
 */
import { type ComparedSystem, type Comparison, figuresOf } from '../compare.ts'
import { differenceOf } from '../significance.ts'
import { differencePlot } from './differencePlot.ts'
import type { HtmlExtras } from './extras.ts'
import { baselineOf, headline, primaryOf } from './findings.ts'
import { bytes, chanceSaid, count, counted } from './format.ts'
import { type Markup, markup, trusted } from './markup.ts'
import { type ScatterPlot, scatterPlot } from './scatterPlot.ts'
import { STYLE } from './style.ts'
import { breakable, change, contrastTable, costTable, extraTable, qualityTable } from './tables.ts'

/** As demo/icon.svg has it. */
const MARK = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="6" fill="#2a3772"/><g fill="none" stroke-width="3.5"><path stroke="#f0584a" d="M6.5 6v20"/><path stroke="#8fa0e8" d="M17 10h9M10 16h7.5m5.5 0h3M17 22h9"/><path stroke="#f3efe4" d="M14.25 6v7.5m0 5V26M20.25 6v1.5m0 5v7m0 5V26"/></g></svg>`

export function toHtml(comparison: Comparison, extras: HtmlExtras = {}): string {
  const { dataset, documents, queries, systems, warnings } = comparison
  const title = `${dataset}: ${systems.length === 1 ? baselineOf(comparison).name : `${systems.length} systems`} on ${counted(queries.length, 'query', 'queries')}`
  const facts: readonly (readonly [string, string])[] = [
    ['Documents', count(documents)],
    ['Queries', count(queries.length)],
    ...(extras.facts ?? []),
  ]
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(MARK)}">
<style>${trusted(STYLE)}</style>
</head>
<body>
<header class="head"><div class="column">
<p class="brand">${trusted(MARK)}Selvage</p>
<h1>${title}</h1>
<p class="lead">${headline(comparison)}</p>
<dl class="facts">${facts.map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
</div></header>
<main class="column">
${warnings.length > 0 && warningList(warnings)}
<section aria-labelledby="quality"><h2 id="quality">How good the answers are</h2>${qualityTable(comparison)}</section>
${systems.length > 1 && differences(comparison)}
<section aria-labelledby="cost"><h2 id="cost">What they take</h2>${costTable(comparison)}${scatters(comparison)}</section>
${systems.length > 1 && largest(comparison)}
${(extras.tables ?? []).map((table, i) => markup`<section aria-labelledby="table-${i}"><h2 id="table-${i}">${table.title}</h2>${extraTable(table)}</section>`)}
${(extras.sections ?? []).map(({ title, html }, i) => markup`<section aria-labelledby="section-${i}"><h2 id="section-${i}">${title}</h2><div class="made">${trusted(html)}</div></section>`)}
${words(comparison)}
</main>
<footer class="column">Made by Selvage. This page is one file: it asks for nothing and runs nothing.</footer>
</body>
</html>
`
  return page.text
}

function warningList(warnings: readonly string[]): Markup {
  return markup`<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">${counted(warnings.length, 'thing', 'things')} to know first</h2><ul>${warnings.map((warning) => markup`<li>${warning}</li>`)}</ul></section>`
}

function differences(comparison: Comparison): Markup {
  const metric = primaryOf(comparison)
  const first = baselineOf(comparison)
  const base = figuresOf(first, metric).perQuery
  const others = comparison.systems.slice(1).map((system) => {
    const { perQuery, difference } = figuresOf(system, metric)
    const each = perQuery.map((value, q) => differenceOf(value, base[q]!))
    return { system, difference, each }
  })
  const most = Math.max(0.1, ...others.flatMap(({ each }) => each.map(Math.abs)))
  return markup`<section aria-labelledby="differences"><h2 id="differences">Query by query against ${first.name}</h2>
<p class="say">Every query is a bar: how much higher or lower its ${metric.label} is, from the greatest gain to the greatest loss. All plots have one scale.</p>
<div class="plots">${others.map(({ system, difference, each }, i) => {
    const said = difference
      ? `${change(difference.mean)} in the mean; ${chanceSaid(difference.p)}${others.length > 1 ? `, corrected ${chanceSaid(difference.pHolm)}` : ''}`
      : ''
    const tally = difference
      ? `Better on ${count(difference.wins)} queries, the same on ${count(difference.ties)}, worse on ${count(difference.losses)}.`
      : ''
    return markup`<figure class="sheet"><h3>${breakable(system.name)}</h3>${differencePlot({
      id: `difference-${i}`,
      title: `${metric.label} of ${system.name} less that of ${first.name}, query by query`,
      description: `${tally} ${said}.`,
      differences: each,
      most,
    })}<figcaption>${said}</figcaption></figure>`
  })}</div></section>`
}

/** Wide and narrow: a plot that is merely made smaller cannot be read. Many names need height. */
function sizesFor(points: number) {
  return [
    { kind: 'wide', width: 540, height: Math.max(380, 260 + 10 * points) },
    { kind: 'narrow', width: 330, height: Math.max(360, 240 + 20 * points) },
  ]
}

function scatters(comparison: Comparison): Markup | undefined {
  const axes = [
    scatter(comparison, {
      key: 'bytes',
      title: 'Quality and bytes',
      costName: 'bytes per document',
      of: ({ cost }) => cost.bytesPerDocument,
      tickName: (size) => bytes(size).replace('.0 ', ' '),
      absent: 'no bytes known',
    }),
    scatter(comparison, {
      key: 'ms',
      title: 'Quality and time',
      costName: 'milliseconds per query, median',
      of: ({ ms }) => ms.p50,
      tickName: (ms) => (ms >= 1 ? count(ms) : String(Number(ms.toPrecision(1)))),
      absent: 'no time known',
    }),
  ].filter((plot) => plot !== undefined)
  return axes.length === 0 ? undefined : markup`<div class="plots pair">${axes}</div>`
}

interface CostAxis extends Pick<ScatterPlot, 'title' | 'costName' | 'tickName'> {
  readonly key: string
  of(system: ComparedSystem): number | undefined
  /** Why a system is not drawn. */
  readonly absent: string
}

function scatter(comparison: Comparison, { key, title, costName, of, tickName, absent }: CostAxis): Markup | undefined {
  const metric = primaryOf(comparison)
  const isDrawn = (system: ComparedSystem) => (of(system) ?? 0) > 0
  const points = comparison.systems.filter(isDrawn).map((system) => ({
    name: system.name,
    cost: of(system) ?? 0,
    quality: figuresOf(system, metric).mean,
    isBaseline: comparison.systems.length > 1 && system === baselineOf(comparison),
  }))
  if (points.length === 0) return undefined
  const missing = comparison.systems.filter((system) => !isDrawn(system)).map(({ name }) => name)
  const description = points.map(
    ({ name, cost, quality }) =>
      `${name}: ${metric.label} ${quality.toFixed(4)} at ${tickName(Number(cost.toPrecision(3)))}.`,
  )
  return markup`<figure class="sheet"><h3>${title}</h3>${sizesFor(points.length).map(
    ({ kind, width, height }) =>
      markup`<div class="${kind}">${scatterPlot({
        id: `${key}-${kind}`,
        title: `${metric.label} against ${costName}`,
        description: description.join(' '),
        points,
        qualityName: metric.label,
        costName,
        tickName,
        width,
        height,
      })}</div>`,
  )}<figcaption>Higher and farther left is better. On the stitched line are those that no other beats in both.${
    points.some(({ isBaseline }) => isBaseline) && ` The ring is ${baselineOf(comparison).name}.`
  }${missing.length > 0 && ` Not drawn: ${missing.join(', ')} (${absent}).`}</figcaption></figure>`
}

function largest(comparison: Comparison): Markup | undefined {
  const tables = comparison.systems.slice(1).flatMap((system) => {
    const table = contrastTable(comparison, system)
    const difference = figuresOf(system, primaryOf(comparison)).difference
    return table && difference ? [{ system, table, difference }] : []
  })
  if (tables.length === 0) return undefined
  return markup`<section aria-labelledby="largest"><h2 id="largest">Where they differ most</h2>
<p class="say">The queries with the largest differences to ${baselineOf(comparison).name}, for better and for worse: what a mean is made of.</p>
${tables.map(
  ({ system, table, difference }, i) =>
    markup`<details class="sheet"${i === 0 && trusted(' open')}><summary><div><h3>${breakable(system.name)}</h3><span>${count(difference.wins)} better, ${count(difference.losses)} worse</span></div></summary>${table}</details>`,
)}</section>`
}

const MEANINGS: Readonly<Record<string, string>> = {
  ndcg: 'Relevant documents count by their grade, and the less the lower they stand; 1 is the best order there is.',
  mrr: 'One divided by the rank of the first relevant document: 1 where it is first, a half where it is second; 0 where none is that high.',
  recall: 'The share of the relevant documents that are among the ranks counted.',
  map: 'At the rank of every relevant document, the share of relevant ones so far; the mean of these, with 0 for those that were not found.',
  success: 'The share of the queries that have a relevant document among the ranks counted.',
}

function words({ metrics, systems }: Comparison): Markup {
  const meanings = metrics.map(({ name, label, k }): readonly [string, string] => [
    label,
    `${MEANINGS[name.replace(/@.*/, '')] ?? ''} Of the first ${k}, from 0 to 1.`,
  ])
  const tests: readonly (readonly [string, string])[] = [
    [
      'p',
      'If two systems were one, each query’s two figures could as well be swapped. p is the share of all such swaps that part the means at least as far as was measured: Fisher’s paired randomisation test, two-sided, as Smucker, Allan and Carterette describe it (CIKM 2007). Where more than 16 queries differ, it is estimated from 10,000 swaps drawn at random.',
    ],
    [
      'Corrected p',
      'Of many systems that are no better, some look better by luck. Holm’s correction (1979) makes up for how many were tested by the same metric.',
    ],
  ]
  const costs: readonly (readonly [string, string])[] = [
    ['Milliseconds', 'Of one query after another on one machine, the query’s encoding included.'],
    ['Bytes per document', 'What is kept of a document to be searched; its text is not counted.'],
  ]
  return markup`<section aria-labelledby="words"><h2 id="words">What the figures mean</h2><dl class="words">${[
    ...meanings,
    ...(systems.length > 1 ? tests : []),
    ...costs,
  ].map(([word, meaning]) => markup`<div><dt>${word}</dt><dd>${meaning}</dd></div>`)}</dl></section>`
}
