/**
 * Token-aware clustering: tokens of one vocabulary id are clustered among themselves; rare ids share one more clustering, by
 * their vectors. A third of the time of clustering all by their vectors (kmeans.ts), for centroids that are a little worse:
 * on the Ray documentation .858 of the ten best of exact MaxSim instead of .869 (means over five seeds, 8,192 centroids).
 * What an id means is not known here.
 * After TACHIOM (Martinico, Nardini, Rulli and Venturini, 2026), which has many more centroids and smaller groups.
 */
import { concat } from '../util.ts'
import {
  type Clustering,
  type ClusterOptions,
  cluster,
  groupBy,
  kmeans,
  means,
  NEAR_CELLS,
  type RowsOf,
  SAMPLE_PER_CENTROID,
  tokensByCell,
} from './kmeans.ts'
import { sampleOf } from './random.ts'

/** Groups of fewer tokens are clustered together. */
const LEAST_GROUP = 64
/**
 * @param rowsOf gives rows of all tokens
 * @param groups u32 `[T]`, any numbers: tokens with the same number belong together
 * @param count of centroids, about
 */
export async function clusterByGroup(
  rowsOf: RowsOf,
  groups: Uint32Array,
  count: number,
  options: ClusterOptions,
): Promise<Clustering> {
  const { dim, random, onShare } = options
  const tokens = groups.length
  const numberOf = new Map<number, number>()
  const dense = groups.map((group) => {
    const number = numberOf.get(group) ?? numberOf.size
    numberOf.set(group, number)
    return number
  })
  const lists = groupBy(dense, numberOf.size)
  const large = lists.filter(({ length }) => length >= LEAST_GROUP)
  const rest = Uint32Array.from({ length: tokens }, (_, t) => t).filter((t) => lists[dense[t]!]!.length < LEAST_GROUP)

  const centroids: Float32Array[] = []
  const cells: Float32Array[] = []
  const cellOf: number[] = []
  const members: Uint32Array[] = []
  const sampled = (of: Uint32Array, wanted: number) =>
    rowsOf(sampleOf(random, of.length, wanted * SAMPLE_PER_CENTROID).map((i) => of[i]!))
  const add = (found: Float32Array, cell: Float32Array, own: Uint32Array) => {
    for (let i = 0; i < found.length / dim; i++) cellOf.push(members.length)
    centroids.push(found)
    cells.push(cell)
    members.push(own)
  }
  let done = 0
  for (const own of large) {
    const share = Math.max(1, Math.round((count * own.length) / tokens))
    const sample = sampled(own, share)
    const found = await kmeans(sample, Math.min(share, own.length), options)
    add(found, means(sample, new Uint32Array(sample.length / dim), sample.slice(0, dim), dim), own)
    done += own.length
    onShare?.(done / tokens)
  }
  if (rest.length > 0) {
    const share = Math.min(rest.length, Math.max(1, count - cellOf.length))
    const shared = await cluster(sampled(rest, share), share, options)
    const restRows: RowsOf = (ids) => rowsOf(ids.map((i) => rest[i]!))
    const own = await tokensByCell(restRows, rest.length, shared.cells, options)
    const owned = groupBy(shared.cellOf, own.length)
    own.forEach((list, cell) => {
      const rows = Array.from(owned[cell]!, (c) => shared.centroids.subarray(c * dim, (c + 1) * dim))
      const direction = shared.cells.slice(cell * dim, (cell + 1) * dim)
      add(
        concat((length) => new Float32Array(length), rows),
        direction,
        list.map((i) => rest[i]!),
      )
    })
  }
  const joined = (arrays: readonly Float32Array[]) => concat((length) => new Float32Array(length), arrays)
  const all = { centroids: joined(centroids), cells: joined(cells), cellOf: Uint32Array.from(cellOf) }
  return { cells: all, members, near: NEAR_CELLS }
}
