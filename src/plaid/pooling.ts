/**
 * Token pooling: fewer vectors per passage, each the mean of similar ones. Half the vectors cost next to no quality
 * (Clavié, Chaffin and Adams, "Reducing the Footprint of Multi-Vector Retrieval with Minimal Performance Impact via Token
 * Pooling", 2024). As PyLate does it: Ward's method on 1 - cosine, the first token kept as it is.
 *
 * Ward's method by nearest-neighbour chains: Murtagh (1983), the distance update is Lance and Williams's (1967).
 */
import { SelvageError } from '../errors.ts'
import type { TokenMatrix } from '../types.ts'

export interface Pooled {
  /** Means, not normalised again: an index keeps directions only. */
  readonly matrix: TokenMatrix
  /** u16 `[T]`: the row of `matrix` that each token went into. Rows are in order of their first token. */
  readonly rowOf: Uint16Array
}

/** Tokens of a passage that stay as they are: [CLS], which stands for the whole. */
const PROTECTED_TOKENS = 1
/** Longer passages are pooled in stretches of this many tokens: distances are between all pairs. */
const MOST_TOKENS = 2048

/**
 * @param factor a passage of T tokens keeps 1 + max(1, floor((T - 1) / factor)) rows; 1 leaves everything as it is
 * Errors: those of checkPool.
 */
export function poolTokens({ data, rows, dim }: TokenMatrix, factor: number): Pooled {
  checkPool(factor)
  const rowOf = new Uint16Array(rows)
  const kept = Math.min(rows, PROTECTED_TOKENS)
  for (let t = 0; t < kept; t++) rowOf[t] = t
  let count = kept
  for (let first = kept; first < rows; first += MOST_TOKENS) {
    const size = Math.min(MOST_TOKENS, rows - first)
    const clusters = clustersOf(size, factor)
    const labels = wardClusters(distances(data, first, size, dim), size, clusters)
    labels.forEach((label, i) => {
      rowOf[first + i] = count + label
    })
    count += clusters
  }
  return { matrix: means(data, rowOf, count, dim), rowOf }
}

/** Rows that poolTokens keeps of so many tokens. */
export function pooledRows(rows: number, factor: number): number {
  let count = Math.min(rows, PROTECTED_TOKENS)
  for (let first = count; first < rows; first += MOST_TOKENS)
    count += clustersOf(Math.min(MOST_TOKENS, rows - first), factor)
  return count
}

function clustersOf(size: number, factor: number): number {
  return Math.max(1, Math.floor(size / factor))
}

/** Errors: `invalid-argument` for a factor that is no whole number from 1 on. */
export function checkPool(factor: number): void {
  if (!(Number.isInteger(factor) && factor >= 1))
    throw new SelvageError('invalid-argument', `pool: got ${factor}, wanted a whole number from 1 on.`)
}

function means(data: Float32Array, rowOf: Uint16Array, count: number, dim: number): TokenMatrix {
  const sums = new Float64Array(count * dim)
  const sizes = new Uint32Array(count)
  rowOf.forEach((row, t) => {
    sizes[row]!++
    for (let e = 0; e < dim; e++) sums[row * dim + e]! += data[t * dim + e]!
  })
  return { data: Float32Array.from(sums, (sum, i) => sum / sizes[Math.floor(i / dim)]!), rows: count, dim }
}

/** 1 - cosine of unit rows first .. first + size, f64 `[size, size]`. */
function distances(data: Float32Array, first: number, size: number, dim: number): Float64Array {
  const all = new Float64Array(size * size)
  for (let i = 0; i < size; i++)
    for (let j = 0; j < i; j++) {
      let dot = 0
      for (let e = 0; e < dim; e++) dot += data[(first + i) * dim + e]! * data[(first + j) * dim + e]!
      all[i * size + j] = all[j * size + i] = 1 - dot
    }
  return all
}

interface Merge {
  readonly left: number
  readonly right: number
  readonly distance: number
}

/** Labels 0 .. clusters - 1 of `size` items, numbered by their first item. @param between changed in place */
export function wardClusters(between: Float64Array, size: number, clusters: number): Uint32Array {
  const merges = wardMerges(between, size).sort((a, b) => a.distance - b.distance)
  const parent = Uint32Array.from({ length: size }, (_, i) => i)
  const rootOf = (item: number): number => {
    while (parent[item] !== item) item = parent[item] = parent[parent[item]!]!
    return item
  }
  for (const { left, right } of merges.slice(0, size - clusters)) {
    const [a, b] = [rootOf(left), rootOf(right)]
    parent[Math.max(a, b)] = Math.min(a, b)
  }
  const labelOf = new Map<number, number>()
  return parent.map((_, i) => {
    const root = rootOf(i)
    const label = labelOf.get(root) ?? labelOf.size
    labelOf.set(root, label)
    return label
  })
}

/**
 * All size - 1 merges. Simple version: again and again merge the two clusters with the least distance. A chain of nearest
 * neighbours ends at two that are each other's nearest, and for Ward's distance merging those at once changes nothing.
 */
function wardMerges(between: Float64Array, size: number): Merge[] {
  const merges: Merge[] = []
  const weights = new Uint32Array(size).fill(1) // 0: merged into another; a cluster is known by one of its items
  const chain: number[] = []
  while (merges.length < size - 1) {
    if (chain.length === 0) chain.push(weights.findIndex((weight) => weight > 0))
    const last = chain.at(-1)!
    const previous = chain.at(-2)
    // On ties the previous one, so that a chain cannot go in circles.
    let nearest = previous ?? -1
    let least = previous === undefined ? Infinity : between[last * size + previous]!
    for (let other = 0; other < size; other++)
      if (other !== last && weights[other]! > 0 && between[last * size + other]! < least) {
        nearest = other
        least = between[last * size + other]!
      }
    if (nearest !== previous) {
      chain.push(nearest)
      continue
    }
    chain.length -= 2
    const [a, b] = [weights[last]!, weights[nearest]!]
    for (let other = 0; other < size; other++) {
      const c = weights[other]!
      if (c === 0 || other === last || other === nearest) continue
      const toLast = between[last * size + other]!
      const toNearest = between[nearest * size + other]!
      const squared = ((a + c) * toLast ** 2 + (b + c) * toNearest ** 2 - c * least ** 2) / (a + b + c)
      const merged = Math.sqrt(Math.max(0, squared))
      between[nearest * size + other] = between[other * size + nearest] = merged
    }
    weights[nearest] = a + b
    weights[last] = 0
    merges.push({ left: last, right: nearest, distance: least })
  }
  return merges
}
