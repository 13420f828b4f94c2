/**
 * Token-aware clustering: tokens of one vocabulary id are clustered among themselves; rare ids share one more clustering, by
 * their vectors, and so do ids so frequent that two levels are quicker (kmeans.ts). Builds in little more than half the time
 * of clustering everything by vectors, with centroids that are a little worse: of the ten best of exact MaxSim on the Ray
 * documentation .869 are found instead of .883 (`selvage eval --mode both --clustering tokens`).
 * What an id means is not known here.
 * After TACHIOM (Martinico, Nardini, Rulli and Venturini, 2026), which has many more centroids and smaller groups.
 */
import { concat } from '../util.ts'
import {
  breatherOf,
  type Clustering,
  type ClusterOptions,
  clusterByVector,
  groupBy,
  kmeans,
  means,
  type RowsOf,
  SAMPLE_PER_CENTROID,
  TWO_LEVELS_FROM,
} from './kmeans.ts'
import { sampleOf } from './random.ts'

/** Groups of fewer tokens are clustered together. */
const LEAST_GROUP = 64
/** Only so many groups are clustered by themselves, the largest: how near groups are is found by comparing all pairs. */
const MOST_GROUPS = 1024

/**
 * @param rowsOf gives rows of all tokens
 * @param groups u32 `[T]`, any numbers: tokens with the same number belong together
 * @param count of centroids, about
 */
export async function clusterByGroup(
  rowsOf: RowsOf,
  groups: Uint32Array,
  count: number,
  given: ClusterOptions,
): Promise<Clustering> {
  const { onShare, ...options } = given // a share of the whole is reported here only
  const { dim, random } = options
  const tokens = groups.length
  const { alone, rest } = splitGroups(groups)
  const centroids: Float32Array[] = []
  const cells: Float32Array[] = []
  const cellOf: number[] = []
  const members: Uint32Array[] = []
  let done = 0
  const add = (found: Float32Array, cell: Float32Array, own: Uint32Array) => {
    for (let i = 0; i < found.length / dim; i++) cellOf.push(members.length)
    centroids.push(found)
    cells.push(cell)
    members.push(own)
    done += own.length
    onShare?.(done / tokens)
  }
  const rowsAmong =
    (own: Uint32Array): RowsOf =>
    (ids) =>
      rowsOf(ids.map((i) => own[i]!))

  /** As one cell. */
  const addOne = async (own: Uint32Array, share: number) => {
    const sample = rowsAmong(own)(sampleOf(random, own.length, share * SAMPLE_PER_CENTROID))
    const direction = means(sample, new Uint32Array(sample.length / dim), sample.slice(0, dim), dim)
    add(await kmeans(sample, Math.min(share, own.length), options), direction, own)
  }
  /** As cells of neighbouring vectors. */
  const addMany = async (own: Uint32Array, share: number) => {
    const found = await clusterByVector(rowsAmong(own), own.length, share, options)
    const owned = groupBy(found.cells.cellOf, found.members.length)
    found.members.forEach((list, cell) => {
      const rows = Array.from(owned[cell]!, (c) => found.cells.centroids.subarray(c * dim, (c + 1) * dim))
      add(
        joined(rows),
        found.cells.cells.slice(cell * dim, (cell + 1) * dim),
        list.map((i) => own[i]!),
      )
    })
  }

  const breather = breatherOf(options.signal)
  for (const own of alone) {
    const share = Math.max(1, Math.round((count * own.length) / tokens))
    await (share < TWO_LEVELS_FROM ? addOne(own, share) : addMany(own, share))
    await breather.breathe()
  }
  if (rest.length > 0) await addMany(rest, Math.min(rest.length, Math.max(1, count - cellOf.length)))
  return {
    cells: { centroids: joined(centroids), cells: joined(cells), cellOf: Uint32Array.from(cellOf) },
    members,
  }
}

/** Tokens of each group that is clustered by itself, and all others. */
function splitGroups(groups: Uint32Array): { alone: Uint32Array[]; rest: Uint32Array } {
  const numberOf = new Map<number, number>()
  const dense = groups.map((group) => {
    const number = numberOf.get(group) ?? numberOf.size
    numberOf.set(group, number)
    return number
  })
  const lists = groupBy(dense, numberOf.size)
  const bySize = lists.filter(({ length }) => length >= LEAST_GROUP).sort((a, b) => b.length - a.length)
  const alone = bySize.slice(0, MOST_GROUPS)
  const isAlone = new Set(alone)
  const rest = Uint32Array.from({ length: groups.length }, (_, t) => t).filter((t) => !isAlone.has(lists[dense[t]!]!))
  return { alone, rest }
}

function joined(arrays: readonly Float32Array[]): Float32Array {
  return concat((length) => new Float32Array(length), arrays)
}
