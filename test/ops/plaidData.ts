/** Seeded compressed indexes for kernel tests: any bits and dims, with everything that breaks kernels. */
import * as fc from 'fast-check'
import {
  type LoadedBits,
  PLAID_BITS,
  type PlaidBits,
  type PlaidIndex,
  type PlaidPart,
  type QueryBatch,
} from '../../src/ops/ops.ts'
import { bitsetOf } from '../../src/plaid/search.ts'
import { offsetsOf, randomQueries, seeded } from './data.ts'

export interface IndexShape<Bits extends LoadedBits = LoadedBits> {
  readonly dim: number
  readonly bits: Bits
  readonly centroids: number
  /** Tokens of each passage, part by part. */
  readonly parts: readonly (readonly number[])[]
  /** Default 2. Without residuals it is 0 whatever is said. */
  readonly shift?: number
  /** Every integer at its largest magnitude. */
  readonly extreme?: boolean
  /** Codes as u32 though they would fit u16. */
  readonly wideCodes?: boolean
  readonly seed?: number
}

export function randomIndex<Bits extends LoadedBits>(shape: IndexShape<Bits>): PlaidIndex<Bits> {
  const { dim, bits, centroids, parts, shift = 2, extreme = false, wideCodes = false, seed = 1 } = shape
  const random = seeded(seed)
  const byte = () => (extreme ? (random() < 0.5 ? -127 : 127) : Math.round((random() * 2 - 1) * 127))
  return {
    codec: {
      dim,
      bits,
      shift: bits === 0 ? 0 : shift,
      centroids: Int8Array.from({ length: centroids * dim }, byte),
      weights: bits === 0 ? new Int8Array(1) : Int8Array.from({ length: 2 ** bits }, byte).sort(),
    },
    parts: parts.map((lengths): PlaidPart => {
      const offsets = offsetsOf(lengths)
      const tokens = offsets.at(-1)!
      const codes = Array.from({ length: tokens }, () => Math.floor(random() * centroids))
      return {
        offsets,
        codes: wideCodes ? Uint32Array.from(codes) : Uint16Array.from(codes),
        residuals: Uint8Array.from({ length: (tokens * dim * bits) / 8 }, () => Math.floor(random() * 256)),
      }
    }),
  }
}

export interface Search<Bits extends LoadedBits = LoadedBits> {
  readonly index: PlaidIndex<Bits>
  readonly queries: QueryBatch
  readonly k: number
  readonly candidates: number
  readonly filter: Uint32Array | undefined
}

/** Dims from 32 to 128 that the bits divide into bytes, and a few odd ones. */
const dimOf = (bits: LoadedBits) =>
  fc.oneof(
    fc.integer({ min: 4, max: 16 }).map((n) => n * 8),
    fc.integer({ min: 1, max: 12 }).map((n) => (n * 8) / (bits || 8)),
  )

/** Any search that two-stage search may meet: ties by repeated codes, empty passages, filters, any budget. */
function searches<Bits extends LoadedBits>(...bits: readonly Bits[]): fc.Arbitrary<Search<Bits>> {
  return fc
    .record({
      bits: fc.constantFrom(...bits),
      centroids: fc.integer({ min: 1, max: 40 }),
      parts: fc.array(fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 21 })), { maxLength: 30 }), {
        minLength: 1,
        maxLength: 3,
      }),
      shift: fc.integer({ min: 0, max: 3 }),
      extreme: fc.boolean(),
      wideCodes: fc.boolean(),
      rows: fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 256 })), {
        minLength: 1,
        maxLength: 3,
      }),
      k: fc.integer({ min: 0, max: 40 }),
      candidates: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(Infinity)),
      filtered: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      zeroQuery: fc.boolean(),
      seed: fc.integer({ min: 1, max: 2 ** 30 }),
    })
    .chain((shape) => dimOf(shape.bits).map((dim) => ({ ...shape, dim })))
    .map(({ rows, k, candidates, filtered, zeroQuery, ...shape }) => {
      const random = seeded(shape.seed)
      const passages = shape.parts.flat().length
      const batch = randomQueries(random, rows, shape.dim)
      return {
        index: randomIndex(shape),
        queries: zeroQuery ? { ...batch, vectors: batch.vectors.fill(0) } : batch,
        k,
        candidates,
        filter:
          filtered === undefined
            ? undefined
            : bitsetOf(
                Array.from({ length: passages }, (_, p) => p).filter(() => random() < filtered),
                passages,
              ),
      }
    })
}

export const anySearch: fc.Arbitrary<Search<PlaidBits>> = searches(...PLAID_BITS)
/** Of indexes without residuals too. */
export const anyLoadedSearch: fc.Arbitrary<Search> = searches<LoadedBits>(0, ...PLAID_BITS)
