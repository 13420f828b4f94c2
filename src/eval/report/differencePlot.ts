/**
 * A system against the first, query by query: every query is a bar, up where the system does better, down where it does worse,
 * from the greatest gain to the greatest loss. Draws numbers; which metric they are of, it is told.
 */
import { count, signed } from './format.ts'
import { type Markup, markup } from './markup.ts'
import { round } from './scale.ts'

const WIDTH = 360
const HEIGHT = 168
const LEFT = 40
const RIGHT = 352
const TOP = 12
const BOTTOM = 156
const MIDDLE = (TOP + BOTTOM) / 2

export interface DifferencePlot {
  /** Unique in the page. */
  readonly id: string
  readonly title: string
  readonly description: string
  /** One a query, in any order. */
  readonly differences: readonly number[]
  /** The greatest difference of all plots, so that they have one scale. */
  readonly most: number
}

export function differencePlot({ id, title, description, differences, most }: DifferencePlot): Markup {
  const sorted = [...differences].sort((a, b) => b - a)
  const top = [0.1, 0.25, 0.5, 1].find((limit) => most <= limit) ?? most
  const place = (value: number) => MIDDLE - (value / top) * (MIDDLE - TOP)
  const across = (query: number) => LEFT + (query / sorted.length) * (RIGHT - LEFT)
  const better = sorted.filter((value) => value > 0).length
  const worse = sorted.filter((value) => value < 0).length
  const same = sorted.length - better - worse
  const room = across(better + same) - across(better)
  const ticks = [top, top / 2, -top / 2, -top]
  const told = (kind: string, x: number, y: number, anchor: string, text: string) =>
    markup`<text class="${kind}" x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${text}</text>`
  return markup`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
${ticks.map((tick) => markup`<path class="grid" d="M${LEFT} ${round(place(tick))}H${RIGHT}"/>`)}
${[...ticks, 0].map((tick) => told('tick', LEFT - 6, place(tick) + 3.5, 'end', tick === 0 ? '0' : signed(tick, tick === top / 2 && top < 0.5 ? 3 : 2).replace('-', '−')))}
${bars('gain', sorted.slice(0, better), 0, across, place)}${bars('loss', sorted.slice(better + same), better + same, across, place)}
<path class="axis" d="M${LEFT} ${MIDDLE}H${RIGHT}"/>
${better > 0 && told('gain-ink', LEFT + 4, MIDDLE + 15, 'start', `${count(better)} better`)}
${same > 0 && room > 50 && told('tick', (across(better) + across(better + same)) / 2, MIDDLE - 7, 'middle', `${count(same)} the same`)}
${worse > 0 && told('loss-ink', RIGHT - 4, MIDDLE - 7, 'end', `${count(worse)} worse`)}
</svg>`
}

/** One path: bars of equal height run into each other, and few queries stand apart. */
function bars(
  kind: string,
  values: readonly number[],
  from: number,
  across: (query: number) => number,
  place: (value: number) => number,
): Markup | undefined {
  if (values.length === 0) return undefined
  const gap = across(1) - across(0) > 4 ? 1 : 0
  const shapes: string[] = []
  for (let i = 0; i < values.length; ) {
    let next = i + 1
    while (gap === 0 && next < values.length && values[next] === values[i]) next++
    const [left, right] = [across(from + i), across(from + next) - gap]
    shapes.push(`M${round(left)} ${MIDDLE}V${round(place(values[i]!))}H${round(right)}V${MIDDLE}`)
    i = next
  }
  return markup`<path class="${kind}" d="${shapes.join('')}"/>`
}
