/**
 * This tab's figures against others: the command line's, and another backend's rankings. Says what differs and by how much;
 * what is equal needs no words but a tick.
 */
import type { CommandLine } from './set.ts'
import { type BackendReport, FIGURES, type Figure, WAY_NAMES, type WayReport } from './types.ts'

/** A figure and what the command line has for it; undefined where it has none to compare with. */
export interface Compared {
  readonly value: number
  readonly expected: number | undefined
  readonly isEqual: boolean
}

/** Equal is what reads the same. */
export function toDigits(value: number): string {
  return value.toFixed(4)
}

/** The command line must have asked the same questions; with the same runtime where there is such a run, else with its own. */
export function compareFigure(
  figure: Figure,
  report: BackendReport,
  way: WayReport,
  cli?: CommandLine,
): Compared | undefined {
  const value = way.figures[figure]
  if (value === undefined) return undefined
  const encoder = report.encoder.backend === 'wasm' ? 'wasm' : 'node'
  const run = cli?.runs.find(
    (run) => run.way === way.way && (run.encoder ?? encoder) === encoder && run.queries === way.questions,
  )
  const expected = run?.figures[figure]
  return { value, expected, isEqual: expected !== undefined && toDigits(expected) === toDigits(value) }
}

/** All figures of a backend together, in a sentence; undefined where there is nothing to compare with. */
export function verdict(
  report: BackendReport,
  cli: CommandLine | undefined,
  names: Readonly<Record<Figure, string>>,
): { readonly isEqual: boolean; readonly text: string } | undefined {
  const all = report.ways.flatMap((way) =>
    FIGURES.flatMap((figure) => {
      const compared = compareFigure(figure, report, way, cli)
      return compared?.expected === undefined
        ? []
        : [{ ...compared, expected: compared.expected, figure, way: way.way }]
    }),
  )
  if (all.length === 0) return undefined
  const wrong = all.filter(({ isEqual }) => !isEqual)
  if (wrong.length === 0)
    return { isEqual: true, text: `All ${all.length} figures are those of the command line, to four digits.` }
  const told = wrong.map(({ way, figure, value, expected }) => {
    const by = value - expected
    return `${WAY_NAMES[way]}, ${names[figure]} by ${by < 0 ? '−' : '+'}${Math.abs(by).toFixed(4)}`
  })
  const why =
    report.encoder.backend === 'wasm'
      ? 'With the same index and the same graph they should not.'
      : 'The command line encodes in f32 on the processor, and a GPU rounds in its own way.'
  const text = `${wrong.length} of ${all.length} figures differ from the command line’s: ${told.join('; ')}. ${why}`
  return { isEqual: false, text }
}

/** How many of all rankings are the same, section by section, as those of another backend. */
export function sameRankings(one: BackendReport, other: BackendReport): { readonly same: number; readonly of: number } {
  let same = 0
  let of = 0
  for (const way of one.ways) {
    const twin = other.ways.find((candidate) => candidate.way === way.way)
    if (twin === undefined) continue
    for (const [id, answer] of way.answers) {
      of++
      if (idsOf(answer.found) === idsOf(twin.answers.get(id)?.found)) same++
    }
  }
  return { same, of }
}

function idsOf(found: readonly { readonly id: string }[] | undefined): string | undefined {
  return found?.map(({ id }) => id).join(' ')
}
