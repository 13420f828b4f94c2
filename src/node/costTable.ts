/**
 * What `selvage cost` prints for people: the table of all ways to keep vectors, the claim that it answers, and an index that is
 * there beside what would have been told of it. Sentences and columns only; figures are made elsewhere.
 */
import { MAX_DIM, PLAID_BITS, type PlaidBits } from '../ops/ops.ts'
import type { Cost } from '../plaid/cost.ts'
import { canStore } from '../plaid/format.ts'
import { formatBytes, orList } from '../util.ts'
import type { Measured } from './costMeasure.ts'

export interface CostTable {
  readonly passages: number
  readonly tokens: number
  readonly dim: number
  readonly biEncoderDim: number
  readonly costs: readonly Cost[]
}

/** The row that is pointed at, and the words for it. */
export interface Marked {
  readonly bits: PlaidBits
  readonly pool: number | undefined
  readonly note: string
}

/** What `selvage build` makes unless it is told otherwise. */
export const BUILT: Marked = { bits: 2, pool: 1, note: '<- selvage build' }

export function costLines({ passages, tokens, dim, biEncoderDim, costs }: CostTable, marked = BUILT): string[] {
  const each = (tokens / Math.max(1, passages)).toLocaleString('en', { maximumFractionDigits: 1 })
  const rows = costs.map((cost, i) => [
    costs[i - 1]?.system === cost.system ? '' : NAMES[cost.system],
    formOf(cost),
    ...figuresOf(cost, passages, costs[0]!),
    formatBytes(cost.index?.memory.cpu ?? cost.bytes),
    cost.index ? formatBytes(cost.index.memory.least) : '',
    cost.precision === marked.bits && cost.pool === marked.pool ? marked.note : '',
  ])
  const head = ['', '', 'bytes a passage', 'in all', 'times', 'in memory', 'at least', '']
  return [
    `${count(passages)} passages of ${each} tokens: ${biEncoderDim} dimensions for a passage, or ${dim} for each of its tokens.`,
    '',
    ...table([head, ...rows], [0, 1, 7]),
    '',
    'Vectors only: texts and keywords take the same whatever vectors there are. "times": as many as the first row.',
    '"in memory": while a CPU searches it; "at least": where residuals are read from the store as they are needed.',
    '"pool 2": about one vector for two tokens.',
    ...missingLines(dim),
  ]
}

/** Why rows are not there. */
function missingLines(dim: number): string[] {
  if (dim > MAX_DIM) return [`There is no index of ${dim} dimensions: ${MAX_DIM} are the most.`]
  const missing = PLAID_BITS.filter((bits) => !canStore({ dim, bits }))
  if (missing.length === 0) return []
  return [`There is no index of ${orList(missing.map(bitsOf))}: for ${dim} dimensions they fill no whole bytes.`]
}

/** Rows that answer a claim, the first being what the others are measured by. */
export interface Claim {
  readonly passages: number
  readonly tokensEach: number
  readonly costs: readonly Cost[]
}

export function claimLines({ passages, tokensEach, costs }: Claim): string[] {
  const rows = costs.map((cost) => [
    NAMES[cost.system],
    `${formOf(cost)}, ${cost.dim} dimensions${cost.system === 'bi-encoder' ? '' : ` x ${tokensEach} tokens`}`,
    ...figuresOf(cost, passages, costs[0]!),
  ])
  return [
    '',
    'A million documents, 3 GB as single vectors and 100 GB as a vector for each token: the first two rows say what that assumes.',
    'The others are the same documents in an index, the last two with as many dimensions as the model that ships has.',
    '',
    ...table([['', '', 'bytes a passage', 'in all', 'times'], ...rows], [0, 1]),
  ]
}

/** An index as it lies there. */
export function measuredLines(measured: Measured): string[] {
  const { location, collection, dim, bits, pool, vectors, centroids, bytes, others } = measured
  const kinds = Object.entries(bytes).map(([kind, both]) => [kind, both.measured, both.computed] as const)
  const sum = (which: 1 | 2) => kinds.reduce((total, kind) => total + kind[which], 0)
  const rows = [...kinds, ['all vectors', sum(1), sum(2)] as const].map(([kind, found, told]) => [
    kind,
    count(found),
    count(told),
    difference(found - told),
  ])
  const perVector = sum(1) / Math.max(1, vectors)
  const perPassage = sum(1) / Math.max(1, collection.passages)
  return [
    `Index at ${location}`,
    `${count(collection.passages)} passages, ${count(vectors)} vectors of ${dim} dimensions and ${bitsOf(bits)}${poolNote(measured)}.`,
    '',
    ...table([['', 'measured', 'computed', 'difference'], ...rows], [0]),
    '',
    `${perVector.toFixed(1)} bytes a vector, ${count(perPassage)} a passage.`,
    ...(centroids.measured === centroids.computed
      ? []
      : [
          `A build aims at ${count(centroids.computed)} centroids, and each of its cells rounds: this index has ${count(centroids.measured)}.`,
        ]),
    ...(pool === undefined
      ? ['Vectors were pooled in more than one way, so tokens are taken to be as many as vectors.']
      : []),
    `Beside vectors: texts ${formatBytes(others.texts)}, pages ${formatBytes(others.pages)}, keywords ${formatBytes(others.keywords)}.`,
    '',
  ]
}

function poolNote({ collection, pool }: Measured): string {
  return pool === undefined || pool === 1 ? '' : `, pooled by ${pool} from ${count(collection.tokens)} tokens`
}

const NAMES: Readonly<Record<Cost['system'], string>> = {
  'bi-encoder': 'bi-encoder',
  colbert: 'ColBERT',
  plaid: 'PLAID',
}

function formOf({ precision, pool }: Cost): string {
  const form = typeof precision === 'string' ? precision : bitsOf(precision)
  return pool === 1 ? form : `${form}, pool ${pool}`
}

function bitsOf(bits: PlaidBits): string {
  return bits === 1 ? '1 bit' : `${bits} bits`
}

/** Bytes a passage, in all, and how many times those of another. */
function figuresOf({ bytes }: Cost, passages: number, base: Cost): string[] {
  return [count(bytes / Math.max(1, passages)), formatBytes(bytes), times(bytes / Math.max(1, base.bytes))]
}

function times(ratio: number): string {
  return ratio >= 9.95 ? ratio.toFixed(0) : ratio >= 0.995 ? ratio.toFixed(1) : ratio.toFixed(2)
}

function count(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 100 ? 1 : 0 })
}

function difference(value: number): string {
  return value === 0 ? '0' : `${value > 0 ? '+' : '-'}${count(Math.abs(value))}`
}

/** Columns as wide as their widest cell. @param texts columns that are read from the left; the others are figures */
function table(rows: readonly (readonly string[])[], texts: readonly number[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const padded = (cell: string, column: number) =>
    texts.includes(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
  return rows.map((row) => row.map(padded).join('  ').trimEnd())
}
