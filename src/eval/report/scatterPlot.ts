/**
 * What quality costs: a point a system, its metric upwards, bytes or milliseconds along a logarithm. Systems that no other beats
 * in both are joined by a line. Draws points and names; what they stand for it is told.
 */
import { type Labelled, placeLabels } from './labels.ts'
import { type Markup, markup } from './markup.ts'
import { logScale, round, shareScale } from './scale.ts'

export interface ScatterPoint {
  readonly name: string
  /** Above 0; less is better. */
  readonly cost: number
  /** 0 .. 1; more is better. */
  readonly quality: number
  /** It is drawn hollow. */
  readonly isBaseline: boolean
}

export interface ScatterPlot {
  /** Unique in the page. */
  readonly id: string
  readonly title: string
  readonly description: string
  readonly points: readonly ScatterPoint[]
  /** What stands at the upper end of the one axis and at the end of the other. */
  readonly qualityName: string
  readonly costName: string
  readonly tickName: (cost: number) => string
  readonly width: number
  readonly height: number
}

const LEFT = 44
const TOP = 28
const UNDER = 42
const LINE = 14
/** Of 12 px type without serifs, with something to spare. */
const SIGN = 6.7

export function scatterPlot(plot: ScatterPlot): Markup {
  const { id, title, description, points, qualityName, costName, tickName, width, height } = plot
  const [right, bottom] = [width - 8, height - UNDER]
  const x = logScale(
    points.map(({ cost }) => cost),
    LEFT,
    right,
    Math.floor((right - LEFT) / 56),
  )
  const y = shareScale(
    points.map(({ quality }) => quality),
    bottom,
    TOP,
  )
  const signs = Math.max(10, Math.floor((right - LEFT) / 2 / SIGN))
  const named = points.map((point) => {
    const lines = wrapped(point.name, signs)
    const size = { width: Math.max(...lines.map(widthOf)), height: lines.length * LINE }
    return { ...point, lines, place: { x: x.place(point.cost), y: y.place(point.quality), ...size } satisfies Labelled }
  })
  const area = { left: LEFT + 2, top: TOP, width: right - LEFT - 2, height: bottom - TOP - 2 }
  const best = front(points).map((point) => ({ x: x.place(point.cost), y: y.place(point.quality) }))
  const labels = placeLabels(
    named.map(({ place }) => place),
    area,
    best,
  )
  const places = y.ticks.some((tick) => Math.abs(tick * 100 - Math.round(tick * 100)) > 1e-6) ? 3 : 2
  return markup`<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d"><title id="${id}-t">${title}</title><desc id="${id}-d">${description}</desc>
${y.ticks.map((tick) => markup`<path class="grid" d="M${LEFT} ${round(y.place(tick))}H${right}"/><text class="tick" x="${LEFT - 7}" y="${round(y.place(tick) + 4)}" text-anchor="end">${tick.toFixed(places)}</text>`)}
${x.ticks.map((tick) => markup`<path class="axis" d="M${round(x.place(tick))} ${bottom}v4"/><text class="tick" x="${round(x.place(tick))}" y="${bottom + 17}" text-anchor="middle">${tickName(tick)}</text>`)}
<path class="axis" d="M${LEFT} ${bottom}H${right}"/>
<text class="name" x="${LEFT - 36}" y="14">${qualityName}</text><text class="name" x="${right}" y="${height - 6}" text-anchor="end">${costName}</text>
<path class="front" d="${best.map((at, i) => `${i === 0 ? 'M' : 'L'}${round(at.x)} ${round(at.y)}`).join('')}"/>
${labels.map((label, i) => label?.line && markup`<path class="leader" d="M${round(label.line.x)} ${round(label.line.y)}L${round(named[i]!.place.x)} ${round(named[i]!.place.y)}"/>`)}
${named.map(({ name, place, isBaseline }) => markup`<circle class="${isBaseline ? 'point baseline' : 'point'}" cx="${round(place.x)}" cy="${round(place.y)}" r="5"><title>${name}</title></circle>`)}
${named.map(({ lines, place }, i) => nameAt(lines, labels[i]?.box, place))}
</svg>`
}

/** A name that fits nowhere is left to the point's own title, and to the table. */
function nameAt(
  lines: readonly string[],
  box: { readonly left: number; readonly top: number; readonly width: number } | undefined,
  point: { readonly x: number },
): Markup | undefined {
  if (!box) return undefined
  // The box is as wide as the name may be: it leans on its point.
  const [x, anchor] =
    box.left > point.x
      ? [box.left, 'start']
      : box.left + box.width < point.x
        ? [box.left + box.width, 'end']
        : [box.left + box.width / 2, 'middle']
  return markup`<text class="label" text-anchor="${anchor}">${lines.map((line, n) => markup`<tspan x="${round(x)}" y="${round(box.top + LINE * (n + 1) - 3.5)}">${line}</tspan>`)}</text>`
}

/** Systems that no other beats in cost and quality, the cheapest first. */
export function front(points: readonly ScatterPoint[]): ScatterPoint[] {
  const best: ScatterPoint[] = []
  for (const point of [...points].sort((a, b) => a.cost - b.cost || b.quality - a.quality))
    if (point.quality > (best.at(-1)?.quality ?? -1)) best.push(point)
  return best
}

/** At most two lines, broken after a comma, a colon, a plus or a hyphen; what is longer loses its middle. */
export function wrapped(name: string, signs: number): string[] {
  const shortened = (text: string) => {
    const all = [...text]
    if (all.length <= signs) return text
    const half = (signs - 1) / 2
    return `${all.slice(0, Math.ceil(half)).join('')}…${all.slice(all.length - Math.floor(half)).join('')}`
  }
  if ([...name].length <= signs) return [name]
  const pieces = name.match(/[^,:+-]*[,:+-]?/g)?.filter((piece) => piece !== '') ?? []
  let first = ''
  for (const piece of pieces) {
    if ([...first, ...piece].length > signs) break
    first += piece
  }
  return first === '' ? [shortened(name)] : [first, shortened(name.slice(first.length))]
}

/** East Asian signs are as wide as their type is high. */
function widthOf(line: string): number {
  return [...line].reduce((sum, sign) => sum + (sign.codePointAt(0)! > 0x2e7f ? 12 : SIGN), 0)
}
