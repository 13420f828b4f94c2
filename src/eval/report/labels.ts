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
  for (const i of order) placed[i] = bestPlace(points[i]!, points, placed, area, path)
  return placed
}

function bestPlace(
  point: Labelled,
  points: readonly Point[],
  placed: readonly (Placed | undefined)[],
  area: Box,
  path: readonly Point[],
): Placed | undefined {
  const boxes = placed.flatMap((one) => (one ? [one.box] : []))
  const lines = placed.flatMap((one, i) => (one?.line ? [{ from: one.line, to: points[i]! }] : []))
  let best: { readonly cost: number; readonly placed: Placed } | undefined
  for (const { left, top, penalty } of candidates(point, area)) {
    const box = { left, top, width: point.width, height: point.height }
    const end = nearest(box, point)
    const away = Math.hypot(end.x - point.x, end.y - point.y)
    const cost = away + penalty
    if (best && cost >= best.cost) continue
    if (boxes.some((other) => overlap(box, other, 3))) continue
    if (points.some((other) => overlap(box, around(other, GAP - 2), 0))) continue
    if (lines.some(({ from, to }) => crosses(from, to, box))) continue
    const isOnPath = path.some((to, i) => i > 0 && crosses(path[i - 1]!, to, box))
    if (isOnPath && best && cost + ON_PATH >= best.cost) continue
    const line = away > NEAR ? end : undefined
    if (line && boxes.some((other) => crosses(line, point, other))) continue
    if (line && points.some((other) => other !== point && crosses(line, point, around(other, 4)))) continue
    best = { cost: isOnPath ? cost + ON_PATH : cost, placed: { box, ...(line && { line }) } }
  }
  return best?.placed
}

/** Right of the point, left of it, and over or under it, in steps, within the area. */
function* candidates({ x, y, width, height }: Labelled, area: Box) {
  const [right, bottom] = [area.left + area.width, area.top + area.height]
  const reach = Math.ceil(Math.max(area.width, area.height) / STEP)
  for (let row = -reach; row <= reach; row++) {
    const top = y - height / 2 + row * STEP
    if (top < area.top || top + height > bottom) continue
    for (let step = -reach; step <= reach; step++) {
      const places = [
        { left: x + GAP + Math.max(0, step) * STEP, penalty: 0 },
        { left: x - GAP - width + Math.min(0, step) * STEP, penalty: 4 },
        { left: x - width / 2 + step * STEP, penalty: 3 + Math.min(10, Math.abs(step)) },
      ]
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
