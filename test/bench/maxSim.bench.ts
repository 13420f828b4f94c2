/**
 * How fast is MaxSim? In Node: `npx vitest bench --run --project node test/bench/maxSim.bench.ts`; in a browser, which
 * adds WebGPU: `--project browser` (on a software adapter the figure says nothing about GPUs).
 *
 * Seeded data; the answer is held against the reference before any time is taken. Vitest's table gives milliseconds;
 * ours gives GFLOP/s (2 · ΣQ · ΣT · E per run): the best and the median run, and the spread as (p90 - min) / median.
 * Query and passage lengths are those of the default model: 32 tokens, and about 130.
 */
import { afterAll, bench, describe } from 'vitest'
import { toHalves } from '../../src/ops/half.ts'
import type { Ops, PassageBatch, QueryBatch } from '../../src/ops/ops.ts'
import { maxSim } from '../../src/ops/reference.ts'
import { createWasmOps } from '../../src/ops/wasm/ops.ts'
import { createWebGpuOps } from '../../src/ops/webgpu/ops.ts'
import { randomPassages, randomQueries, seeded, Tolerance } from '../ops/data.ts'
import { findAdapter } from '../ops/gpu.ts'

const PASSAGES = 500
const TOKENS = { least: 60, most: 200 }
const CASES = [
  { dim: 48, queries: 1 },
  { dim: 48, queries: 8 },
  { dim: 128, queries: 1 },
  { dim: 128, queries: 8 },
] as const

const backends: Record<string, () => Promise<Ops>> = { wasm: createWasmOps }
if ((await findAdapter()) !== undefined) backends['webgpu'] = () => createWebGpuOps({ acceptSoftware: true })

const rows: Record<string, string | number>[] = []
afterAll(() => console.table(rows))

for (const [backend, create] of Object.entries(backends)) {
  for (const { dim, queries: count } of CASES) {
    describe(`${backend}, E ${dim}, ${count} × 32 query tokens, ${PASSAGES} passages`, async () => {
      const random = seeded(1)
      const lengths = Array.from({ length: PASSAGES }, () => {
        return Math.floor(TOKENS.least + random() * (TOKENS.most - TOKENS.least))
      })
      const single = randomPassages(random, lengths, dim)
      if (!(single.vectors instanceof Float32Array)) throw new Error('f32 was asked for')
      const half = { ...single, vectors: toHalves(single.vectors) }
      const queries = randomQueries(random, Array(count).fill(32), dim)
      const ops = await create()
      for (const [storage, passages] of Object.entries({ f32: single, f16: half })) {
        await checkFirst(ops, queries, passages)
        const loaded = await ops.load(passages)
        const milliseconds: number[] = []
        const run = async (): Promise<void> => {
          const start = performance.now()
          await ops.maxSim(queries, loaded)
          milliseconds.push(performance.now() - start)
        }
        const flop = 2 * count * 32 * passages.offsets.at(-1)! * dim
        bench(storage, run, {
          warmupIterations: 3,
          warmupTime: 0,
          iterations: 10,
          time: 500,
          teardown: (_, mode) => {
            if (mode === 'run') rows.push({ backend, storage, dim, queries: count, ...summary(milliseconds, flop) })
            milliseconds.length = 0 // the warm-up's do not count
          },
        })
      }
    })
  }
}

/** Throws when the first passages' scores are not the reference's. */
async function checkFirst(ops: Ops, queries: QueryBatch, passages: PassageBatch): Promise<void> {
  const offsets = passages.offsets.slice(0, 11)
  const few = { ...passages, offsets, vectors: passages.vectors.slice(0, offsets[10]! * passages.dim) }
  const loaded = await ops.load(few)
  const { scores } = await ops.maxSim(queries, loaded)
  loaded.release()
  const tolerance = new Tolerance(queries, few)
  maxSim(queries, few, false).scores.forEach((want, i) => {
    const limit = tolerance.ofScore(Math.floor(i / 10), i % 10)
    if (Math.abs(scores[i]! - want) > limit) throw new Error(`score ${i}: got ${scores[i]}, wanted ${want} ± ${limit}`)
  })
}

function summary(milliseconds: readonly number[], flop: number): Record<string, string | number> {
  const sorted = [...milliseconds].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!
  const gigaflops = (ms: number): number => Number((flop / ms / 1e6).toFixed(1))
  return {
    runs: sorted.length,
    'min ms': Number(at(0).toFixed(2)),
    'median ms': Number(at(0.5).toFixed(2)),
    'best GFLOP/s': gigaflops(at(0)),
    'median GFLOP/s': gigaflops(at(0.5)),
    spread: `${Math.round((100 * (at(0.9) - at(0))) / at(0.5))} %`,
  }
}
