/**
 * Names beside points, none over another, over a point, or over the edge. For each name in turn every place of a fine grid around
 * its point is weighed: near is good, right of the point is best. Places and sizes only; what is written it does not know.
 */

export interface Box {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Labelled extends Point {
  readonly width: number
  readonly height: number
}

export interface Placed {
  readonly box: Box
  /** Where a line to the point begins; absent where the name is so near that it needs none. */
  readonly line?: Point
}

/** Between a point's middle and its name. */
const GAP = 9
const STEP = 4
/** A name farther off than this gets a line. */
const NEAR = GAP + 6
const ON_PATH = 12

/**
 * In the order of `points`; undefined for a name that fits nowhere.
 * @param path drawn from point to point: a name lies over it only where every other place is far
 */
export function placeLabels(
  points: readonly Labelled[],
  area: Box,
  path: readonly Point[] = [],
): (Placed | undefined)[] {
  const placed: (Placed | undefined)[] = points.map(() => undefined)
  // Those in a crowd choose last: they are the ones that can move.
  const crowd = (one: Point) => points.filter((other) => Math.hypot(one.x - other.x, one.y - other.y) < 40).length
  const order = points.map((_, i) => i).sort((i, j) => crowd(points[i]!) - crowd(points[j]!) || i - j)
  for (const i of order) {
    const place = (mayCross: boolean) => bestPlace(points[i]!, points, placed, area, path, mayCross)
    placed[i] = place(false) ?? place(true)
  }
  return placed
}

/** @param mayCross whether the line to the point may go over other names and points, where nothing else is left */
function bestPlace(
  point: Labelled,
  points: readonly Point[],
  placed: readonly (Placed | undefined)[],
  area: Box,
  path: readonly Point[],
  mayCross: boolean,
): Placed | undefined {
  const boxes = placed.flatMap((one) => (one ? [one.box] : []))
  const lines = placed.flatMap((one, i) => (one?.line ? [{ from: one.line, to: points[i]! }] : []))
  let best: { readonly cost: number; readonly placed: Placed } | undefined
  for (const { left, top, penalty } of candidates(point, area, () => best?.cost ?? Number.POSITIVE_INFINITY)) {
    const box = { left, top, width: point.width, height: point.height }
    const end = nearest(box, point)
    const away = Math.hypot(end.x - point.x, end.y - point.y)
    const isOnPath = path.some((to, i) => i > 0 && crosses(path[i - 1]!, to, box))
    const cost = away + penalty + (isOnPath ? ON_PATH : 0)
    if (best && cost >= best.cost) continue
    if (boxes.some((other) => overlap(box, other, 3))) continue
    if (points.some((other) => overlap(box, around(other, GAP - 2), 0))) continue
    if (!mayCross && lines.some(({ from, to }) => crosses(from, to, box))) continue
    const line = away > NEAR ? end : undefined
    if (line && !mayCross && boxes.some((other) => crosses(line, point, other))) continue
    if (line && !mayCross && points.some((other) => other !== point && crosses(line, point, around(other, 4)))) continue
    best = { cost, placed: { box, ...(line && { line }) } }
  }
  return best?.placed
}

/**
 * Right of the point, left of it, and over or under it, in steps, within the area; those of the same height first, then
 * farther and farther off, until the height alone costs as much as the best place that was found.
 */
function* candidates({ x, y, width, height }: Labelled, area: Box, least: () => number) {
  const [right, bottom] = [area.left + area.width, area.top + area.height]
  const reach = Math.ceil(Math.max(area.width, area.height) / STEP)
  for (let n = 0; n <= 2 * reach; n++) {
    const row = n % 2 === 0 ? -n / 2 : (n + 1) / 2
    const top = y - height / 2 + row * STEP
    if (Math.abs(row) * STEP - height / 2 > least()) return
    if (top < area.top || top + height > bottom) continue
    for (let step = 0; step <= reach; step++) {
      const shift = step * STEP
      const aside = 3 + Math.min(10, step)
      const places = [
        { left: x + GAP + shift, penalty: 0 },
        { left: x - GAP - width - shift, penalty: 4 },
        { left: x - width / 2 + shift, penalty: aside },
        { left: x - width / 2 - shift, penalty: aside },
      ]
      if (shift > least() + width) break
      for (const { left, penalty } of places)
        if (left >= area.left && left + width <= right) yield { left, top, penalty: penalty + Math.abs(row) * 0.5 }
    }
  }
}

function around({ x, y }: Point, radius: number): Box {
  return { left: x - radius, top: y - radius, width: 2 * radius, height: 2 * radius }
}

export function overlap(a: Box, b: Box, air: number): boolean {
  return (
    a.left < b.left + b.width + air &&
    b.left < a.left + a.width + air &&
    a.top < b.top + b.height + air &&
    b.top < a.top + a.height + air
  )
}

function nearest({ left, top, width, height }: Box, { x, y }: Point): Point {
  return { x: Math.min(Math.max(x, left), left + width), y: Math.min(Math.max(y, top), top + height) }
}

/** Whether a line meets a box: what is left of it when it is cut at each of the four edges (Liang and Barsky). */
function crosses(from: Point, to: Point, { left, top, width, height }: Box): boolean {
  let [start, end] = [0, 1]
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  for (const [speed, distance] of [
    [-dx, from.x - left],
    [dx, left + width - from.x],
    [-dy, from.y - top],
    [dy, top + height - from.y],
  ] as const) {
    if (speed === 0) {
      if (distance < 0) return false
    } else if (speed < 0) start = Math.max(start, distance / speed)
    else end = Math.min(end, distance / speed)
  }
  return start <= end
}
