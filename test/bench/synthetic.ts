/**
 * Seeded token vectors with the structure that makes retrieval hard: passages share themes, a theme has its own words, a
 * word's vector shifts with its passage, and a query repeats some tokens of one passage, blurred.
 * For the largest sizes, where encoding a corpus would be the work of hours, codes and residual bytes are drawn directly.
 */
import {
  NARROW_CENTROIDS,
  type PlaidBits,
  type PlaidCodec,
  type PlaidIndex,
  type PlaidPart,
} from '../../src/ops/ops.ts'
import { centroidCount } from '../../src/plaid/kmeans.ts'
import type { TokenMatrix } from '../../src/types.ts'
import { offsetsOf, type Random, seeded } from '../ops/data.ts'

const COMMON_WORDS = 400
const WORDS = 8000
const THEME_WORDS = 80
/** Passages of a theme, on average. */
const THEME_SIZE = 25
const COMMON_SHARE = 0.3
/** Lengths of what is added to a word's unit vector before it is normalised again. */
const SHIFT = { theme: 0.25, passage: 0.2, token: 0.35, query: 0.45 } as const
export const QUERY_TOKENS = 32

export interface Corpus {
  readonly dim: number
  readonly passages: readonly TokenMatrix[]
  readonly queries: readonly TokenMatrix[]
}

export function syntheticCorpus(passageCount: number, meanTokens: number, dim: number, queryCount: number): Corpus {
  const random = seeded(passageCount * 31 + dim)
  const words = unitRows(random, WORDS, dim)
  const themeCount = Math.ceil(passageCount / THEME_SIZE)
  const themes = Array.from({ length: themeCount }, () => ({
    direction: unitRows(random, 1, dim),
    words: Int32Array.from({ length: THEME_WORDS }, () => COMMON_WORDS + below(random, WORDS - COMMON_WORDS)),
  }))
  const passages: TokenMatrix[] = []
  for (let p = 0; p < passageCount; p++) {
    const theme = themes[below(random, themeCount)]!
    const own = unitRows(random, 1, dim)
    const rows = Math.max(8, Math.round(meanTokens * (0.5 + random())))
    const ids = Int32Array.from({ length: rows }, () =>
      random() < COMMON_SHARE ? zipf(random, COMMON_WORDS) : theme.words[zipf(random, THEME_WORDS)]!,
    )
    const data = new Float32Array(rows * dim)
    const noise = gaussians(random, rows * dim, SHIFT.token / Math.sqrt(dim))
    ids.forEach((word, t) => {
      for (let e = 0; e < dim; e++)
        data[t * dim + e] =
          words[word * dim + e]! + SHIFT.theme * theme.direction[e]! + SHIFT.passage * own[e]! + noise[t * dim + e]!
    })
    normalizeRows(data, dim)
    passages.push({ data, rows, dim })
  }
  const queries = Array.from({ length: queryCount }, () => blurred(random, passages[below(random, passageCount)]!))
  return { dim, passages, queries }
}

/** 32 tokens of the passage, some of them twice, as [MASK] tokens repeat what the query's words say. */
function blurred(random: Random, { data, rows, dim }: TokenMatrix): TokenMatrix {
  const query = gaussians(random, QUERY_TOKENS * dim, SHIFT.query / Math.sqrt(dim))
  const chosen = Array.from({ length: 12 }, () => below(random, rows))
  for (let q = 0; q < QUERY_TOKENS; q++) {
    const row = q < chosen.length ? chosen[q]! : chosen[below(random, chosen.length)]!
    for (let e = 0; e < dim; e++) query[q * dim + e]! += data[row * dim + e]!
  }
  normalizeRows(query, dim)
  return { data: query, rows: QUERY_TOKENS, dim }
}

/** An index of random codes and residual bytes, passages of a theme sharing codes, and queries near some passages. */
export function drawnIndex(
  passageCount: number,
  meanTokens: number,
  dim: number,
  bits: PlaidBits,
  queryCount: number,
): { index: PlaidIndex; queries: TokenMatrix[] } {
  const random = seeded(passageCount + bits)
  const count = centroidCount(passageCount * meanTokens, dim)
  const directions = unitRows(random, count, dim)
  let largest = 0
  for (const value of directions) largest = Math.max(largest, Math.abs(value))
  const weights = Int8Array.from({ length: 2 ** bits }, (_, i) => Math.round(((i + 0.5) / 2 ** bits - 0.5) * 200))
  const centroids = Int8Array.from(directions, (value) => Math.round((127 / largest) * value))
  const codec: PlaidCodec = { dim, bits, centroids, weights, shift: 2 }

  const themeCount = Math.ceil(passageCount / THEME_SIZE)
  const themeCode = (theme: number, i: number) => Math.imul(theme * THEME_WORDS + i + 1, 0x9e3779b1) >>> 0
  const parts: PlaidPart[] = []
  for (let first = 0; first < passageCount; first += PART_PASSAGES) {
    const size = Math.min(PART_PASSAGES, passageCount - first)
    const offsets = offsetsOf(Array.from({ length: size }, () => Math.round(meanTokens * (0.5 + random()))))
    const tokens = offsets[size]!
    const codes = count <= NARROW_CENTROIDS ? new Uint16Array(tokens) : new Uint32Array(tokens)
    for (let p = 0; p < size; p++) {
      const theme = below(random, themeCount)
      for (let t = offsets[p]!; t < offsets[p + 1]!; t++)
        codes[t] =
          random() < COMMON_SHARE
            ? zipf(random, Math.min(COMMON_WORDS, count))
            : themeCode(theme, zipf(random, THEME_WORDS)) % count
    }
    const residuals = new Uint8Array((tokens * dim * bits) / 8)
    const view = new Uint32Array(residuals.buffer, 0, residuals.length >> 2)
    let state = first + 1
    for (let i = 0; i < view.length; i++) {
      state ^= state << 13
      state ^= state >>> 17
      state ^= state << 5
      view[i] = state
    }
    parts.push({ codes, residuals, offsets })
  }

  const queries = Array.from({ length: queryCount }, () => {
    const { codes, offsets } = parts[below(random, parts.length)]!
    const p = below(random, offsets.length - 1)
    const data = gaussians(random, QUERY_TOKENS * dim, SHIFT.query / Math.sqrt(dim))
    for (let q = 0; q < QUERY_TOKENS; q++) {
      const code = codes[offsets[p]! + below(random, offsets[p + 1]! - offsets[p]!)]!
      for (let e = 0; e < dim; e++) data[q * dim + e]! += directions[code * dim + e]!
    }
    normalizeRows(data, dim)
    return { data, rows: QUERY_TOKENS, dim }
  })
  return { index: { codec, parts }, queries }
}

const PART_PASSAGES = 10_000

function below(random: Random, end: number): number {
  return Math.floor(random() * end)
}

/** 0 .. end - 1, low numbers more often: about as words of a text. */
function zipf(random: Random, end: number): number {
  return Math.min(end - 1, Math.floor(Math.exp(random() * Math.log(end + 1)) - 1))
}

function unitRows(random: Random, rows: number, dim: number): Float32Array {
  const data = gaussians(random, rows * dim, 1)
  normalizeRows(data, dim)
  return data
}

function normalizeRows(data: Float32Array, dim: number): void {
  for (let row = 0; row < data.length; row += dim) {
    let sum = 0
    for (let e = 0; e < dim; e++) sum += data[row + e]! ** 2
    const norm = Math.sqrt(sum)
    for (let e = 0; e < dim; e++) data[row + e]! /= norm
  }
}

/** Sums of twelve uniforms are near enough to a bell curve. */
function gaussians(random: Random, count: number, deviation: number): Float32Array {
  return Float32Array.from({ length: count }, () => {
    let sum = -6
    for (let i = 0; i < 12; i++) sum += random()
    return sum * deviation
  })
}
