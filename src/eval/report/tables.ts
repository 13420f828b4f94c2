/** The page's tables: figures with what is more than chance, what it takes, where systems differ most, and tables made elsewhere. */
import { type ComparedSystem, type Comparison, type Difference, figuresOf } from '../compare.ts'
import type { Metric } from '../metrics.ts'
import type { ExtraTable } from './extras.ts'
import { baselineOf, type Contrast, contrasts, isBest, isSignificant, primaryOf, testNote } from './findings.ts'
import { bytes, chance, column, count, isNumeric, quantity, share, signed } from './format.ts'
import { type Markup, markup, type Value } from './markup.ts'

/** Longer questions are cut: they are recognised by their beginning. */
const LONGEST_QUESTION = 280
/** In each direction. */
const CONTRASTS = 5

/** A table that scrolls by itself where the page is narrower; by keyboard too. */
function sheet(caption: string, head: Value, body: Value, notes: readonly string[] = []): Markup {
  const said = notes.filter((note) => note !== '')
  return markup`<div class="sheet scroll" role="region" tabindex="0" aria-label="Table: ${caption}">
<table><caption><span>${caption}</span></caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>
${said.length > 0 && markup`<div class="notes">${said.map((note) => markup`<p>${note}</p>`)}</div>`}`
}

const head = (text: Value, kind?: string) => markup`<th scope="col"${kind && markup` class="${kind}"`}>${text}</th>`

function systemName({ name, description }: ComparedSystem): Markup {
  return markup`<th scope="row" class="system">${breakable(name)}${description !== '' && markup`<small>${description}</small>`}</th>`
}

/** A long name may be broken where a person would break it. */
export function breakable(name: string): readonly Value[] {
  return name.split(/(?<=[,:+])/).map((piece, i) => [i > 0 && markup`<wbr>`, piece])
}

/** With a true minus. */
export function change(value: number, places?: number): string {
  return signed(value, places).replace('-', '−')
}

export function qualityTable(comparison: Comparison): Markup {
  const { systems, metrics, ranked } = comparison
  const primary = primaryOf(comparison)
  const isTested = systems.length > 1
  const row = (system: ComparedSystem) => {
    const { difference } = figuresOf(system, primary)
    return markup`<tr>${systemName(system)}${metrics.map((metric) => figure(comparison, system, metric))}${
      isTested && markup`<td class="n">${difference ? chance(difference.pHolm) : '–'}</td>${tally(difference)}`
    }</tr>\n`
  }
  const tests = isTested && [
    head(markup`p<small class="unseen"> of ${primary.label}, corrected</small>`, 'n'),
    head('Better, same, worse'),
  ]
  return sheet(
    `Means over ${count(comparison.queries.length)} queries${isTested ? `, and differences to ${baselineOf(comparison).name}` : ''}`,
    [head('System'), metrics.map(({ label }) => head(label, 'n')), tests],
    systems.map(row),
    [
      testNote(comparison),
      isTested
        ? `Underlined: the best of its column. p, and how many queries are better, the same and worse, are of ${primary.label}. Ranks count ${ranked}.`
        : `Ranks count ${ranked}.`,
    ],
  )
}

function figure(comparison: Comparison, system: ComparedSystem, metric: Metric): Markup {
  const { mean, difference } = figuresOf(system, metric)
  const best = comparison.systems.length > 1 && isBest(comparison, system, metric)
  const mark = isSignificant(difference) && markup`*<span class="unseen"> more than chance</span>`
  return markup`<td class="${best ? 'n best' : 'n'}"><span>${share(mean)}</span>${
    difference && markup`<small>${change(difference.mean)}${mark || ' '}</small>`
  }</td>`
}

function tally(difference: Difference | undefined): Markup {
  if (!difference) return markup`<td class="tally">–</td>`
  const { wins, ties, losses } = difference
  const all = wins + ties + losses
  const part = (kind: string, from: number, size: number) =>
    size > 0 && markup`<rect class="${kind}" x="${from}" width="${size}" height="1"/>`
  return markup`<td class="tally"><svg viewBox="0 0 ${all} 1" preserveAspectRatio="none" aria-hidden="true">${part('gain', 0, wins)}${part(
    'same',
    wins,
    ties,
  )}${part('loss', wins + ties, losses)}</svg><small>${count(wins)} / ${count(ties)} / ${count(losses)}</small></td>`
}

/** Time and room. Columns that no system has anything for are left out. */
export function costTable({ systems }: Comparison): Markup {
  const stages = ({ msPerStage }: ComparedSystem) =>
    Object.entries(msPerStage)
      .map(([stage, ms]) => `${stage} ${quantity(ms)}`)
      .join(', ')
  const known = (value: number | undefined, write: (value: number) => string) =>
    value === undefined ? '' : write(value)
  const columns: readonly { readonly title: string; readonly kind?: string; of(system: ComparedSystem): string }[] = [
    { title: 'ms, median', kind: 'n', of: ({ ms }) => quantity(ms.p50) },
    { title: 'ms, 95 of 100', kind: 'n', of: ({ ms }) => quantity(ms.p95) },
    { title: 'ms, mean', kind: 'n', of: ({ ms }) => quantity(ms.mean) },
    { title: 'ms by stage, mean', kind: 'stages', of: stages },
    { title: 'Per document', kind: 'n', of: ({ cost }) => known(cost.bytesPerDocument, bytes) },
    { title: 'Encoding, s', kind: 'n', of: ({ cost }) => known(cost.encodeSeconds, quantity) },
    { title: 'Index, s', kind: 'n', of: ({ cost }) => known(cost.indexSeconds, quantity) },
  ]
  const told = columns.filter(({ of }) => systems.some((system) => of(system) !== ''))
  return sheet(
    'Time of a query, and what the documents take',
    [head('System'), told.map(({ title, kind }) => head(title, kind))],
    systems.map(
      (system) =>
        markup`<tr>${systemName({ ...system, description: '' })}${told.map(
          ({ kind, of }) => markup`<td${kind && markup` class="${kind}"`}>${of(system) || '–'}</td>`,
        )}</tr>\n`,
    ),
  )
}

export function contrastTable(comparison: Comparison, system: ComparedSystem): Markup | undefined {
  const { better, worse } = contrasts(comparison, system, CONTRASTS)
  if (better.length + worse.length === 0) return undefined
  const first = baselineOf(comparison)
  const { label } = primaryOf(comparison)
  const { ranked } = comparison
  const group = (name: string, rows: readonly Contrast[]) =>
    rows.length > 0 &&
    markup`<tr class="group"><th scope="colgroup" colspan="4">${name}</th></tr>${rows.map(contrastRow)}`
  return sheet(
    `From ${first.name} to ${system.name}. Ranks are of the first relevant ${ranked === 'pages' ? 'page' : 'document'} of ten.`,
    [head('Query'), head('Difference', 'n'), head(label, 'n'), head('Rank', 'n')],
    [group('Better', better), group('Worse', worse)],
  )
}

function contrastRow({ id, text, first, other, difference, firstRank, otherRank }: Contrast): Markup {
  const signs = [...text.replace(/\s+/g, ' ').trim()]
  const shown = signs.length > LONGEST_QUESTION ? `${signs.slice(0, LONGEST_QUESTION - 1).join('')}…` : signs.join('')
  const kind = difference > 0 ? 'up' : 'down'
  return markup`<tr><td class="question">${shown}<small>${id}</small></td><td class="n ${kind}">${change(difference)}</td><td class="n">${share(first)} → ${share(
    other,
  )}</td><td class="n">${firstRank ?? 'none'} → ${otherRank ?? 'none'}</td></tr>\n`
}

export function extraTable({ columns, rows, note, title }: ExtraTable): Markup {
  const cells = columns.map((_, c) => rows.map((row) => row[c] ?? null))
  const shown = cells.map(column)
  const kinds = cells.map((all) => (isNumeric(all) ? 'n' : undefined))
  return sheet(
    title,
    columns.map((name, c) => head(name, kinds[c])),
    rows.map((_, r) => {
      const [name, ...others] = shown.map((all) => all[r]!)
      return markup`<tr><th scope="row" class="system">${breakable(name ?? '')}</th>${others.map(
        (text, c) => markup`<td${kinds[c + 1] && markup` class="n"`}>${text}</td>`,
      )}</tr>\n`
    }),
    note === undefined ? [] : [note],
  )
}
