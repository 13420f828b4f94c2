/**
 * The report for a terminal: a table with a line a system, and what belongs under it. It stays within 120 columns: where a
 * name is too long for its column, every name gets a line of its own.
 */
import { type ComparedSystem, type Comparison, figuresOf } from '../compare.ts'
import type { Metric } from '../metrics.ts'
import type { ExtraTable, ReportExtras } from './extras.ts'
import { baselineOf, headline, isSignificant, primaryOf, testNote } from './findings.ts'
import { bytes, chance, column, counted, isNumeric, quantity, share, signed } from './format.ts'

const WIDTH = 120
const GAP = '  '

/** Ends with a line break. */
export function toText(comparison: Comparison, extras: ReportExtras = {}): string {
  const { dataset, documents, ranked, queries, warnings } = comparison
  const set = `${dataset}: ${counted(queries.length, 'query', 'queries')}, ${counted(documents, 'document', 'documents')}, ranked by ${ranked}`
  const facts = (extras.facts ?? []).map(([name, value]) => `${name}: ${value}`)
  const parts = [
    [set, ...facts],
    summary(comparison),
    ...(extras.tables ?? []).map(extraTable),
    filled(headline(comparison)),
    warnings.flatMap((warning) => filled(`Warning: ${warning}`)),
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

interface Column {
  readonly title: string
  readonly isLeft?: boolean
  /** Its last sign is a mark, or a gap where there is none. */
  readonly isMarked?: boolean
  readonly cells: readonly string[]
}

function summary(comparison: Comparison): string[] {
  const { systems } = comparison
  const primary = primaryOf(comparison)
  const [first, ...rest] = comparison.metrics.map((metric) => metricColumn(systems, metric))
  const differences = systems.map((system) => figuresOf(system, primary).difference)
  const tested: Column[] = [
    { title: 'diff', cells: differences.map((one) => (one ? signed(one.mean) : '')) },
    { title: 'p', cells: differences.map((one) => (one ? chance(one.pHolm) : '')) },
    { title: '+/=/-', cells: differences.map((one) => (one ? `${one.wins}/${one.ties}/${one.losses}` : '')) },
  ]
  const sizes = systems.map(({ cost }) => cost.bytesPerDocument)
  const columns: Column[] = [
    { title: 'system', isLeft: true, cells: systems.map(({ name }) => name) },
    ...(first ? [first] : []),
    ...(systems.length > 1 ? tested : []),
    ...rest,
    { title: 'ms p50', cells: systems.map(({ ms }) => quantity(ms.p50)) },
    { title: 'p95', cells: systems.map(({ ms }) => quantity(ms.p95)) },
    ...(sizes.some((size) => size !== undefined)
      ? [{ title: 'per doc', cells: sizes.map((size) => (size === undefined ? '–' : bytes(size))) }]
      : []),
  ]
  const short = comparison.metrics.some(({ name }) => /^(recall|success)@/.test(name))
  const notes = [
    testNote(comparison),
    systems.length > 1
      ? `diff, p, +/=/-: ${primary.label} against ${baselineOf(comparison).name}; queries that are better, the same, worse.`
      : '',
    short ? 'R: recall, S: success.' : '',
  ].filter((note) => note !== '')
  return [...drawn(columns), ...(notes.length > 0 ? ['', ...notes] : [])]
}

function metricColumn(systems: readonly ComparedSystem[], metric: Metric): Column {
  return {
    title: `${metric.label.replace('Recall', 'R').replace('Success', 'S')} `,
    isMarked: true,
    cells: systems.map((system) => {
      const { mean, difference } = figuresOf(system, metric)
      return `${share(mean)}${isSignificant(difference) ? '*' : ' '}`
    }),
  }
}

function extraTable({ title, columns, rows, note }: ExtraTable): string[] {
  const table = columns.map((name, c): Column => {
    const cells = rows.map((row) => row[c] ?? null)
    return { title: name, isLeft: !isNumeric(cells), cells: column(cells) }
  })
  return [title, ...drawn(table), ...(note === undefined ? [] : ['', ...filled(note)])]
}

function drawn(columns: readonly Column[]): string[] {
  const widths = columns.map(({ title, cells }) => Math.max(...[title, ...cells].map(widthOf)))
  const [names, ...others] = columns
  const gaps = columns.slice(0, -1).map(({ isMarked }) => GAP.length - (isMarked ? 1 : 0))
  const sum = [...widths, ...gaps].reduce((all, width) => all + width, 0)
  if (names && others.length > 0 && sum > WIDTH) {
    const short = { ...names, title: '', cells: names.cells.map(() => '') }
    const lines = drawn([short, ...others])
    return [lines[0]!, ...names.cells.flatMap((name, i) => [name, `${GAP}${lines[i + 1]!}`])].map((line, i) =>
      i === 0 ? `${GAP}${line}`.trimEnd() : line,
    )
  }
  const line = (of: (column: Column) => string) =>
    columns
      .map((one, c) => {
        const space = ' '.repeat(widths[c]! - widthOf(of(one)))
        const gap = c === 0 ? '' : columns[c - 1]!.isMarked ? GAP.slice(1) : GAP
        return gap + (one.isLeft ? of(one) + space : space + of(one))
      })
      .join('')
      .trimEnd()
  const rows = columns[0]?.cells.length ?? 0
  return [line(({ title }) => title), ...Array.from({ length: rows }, (_, r) => line(({ cells }) => cells[r] ?? ''))]
}

/** Lines of whole words, as long as the width allows. */
function filled(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > WIDTH) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Signs, not code units; a terminal gives each one place (East Asian ones two, which no name here is expected to have). */
function widthOf(text: string): number {
  return [...text].length
}
