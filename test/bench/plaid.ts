/**
 * How large is a compressed index, how fast is it searched, and how much does it lose? `npm run bench` runs every case;
 * `--cases 1k,10k` some of them, `--peer <binary>` next-plaid on the same vectors (test/bench/peers), `--json <file>` writes
 * what the tables show. WASM on one thread; WebGPU too where Node has a real GPU (gpu.ts), `--software` tries the GPU's half
 * on a software adapter: slow, and no figures.
 * What each case takes on a GPU is printed by the planner that search uses, with or without one.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { PlaidBits } from '../../src/ops/ops.ts'
import { planResidency, planSearch } from '../../src/ops/webgpu/plaidPlan.ts'
import { centroidCount } from '../../src/plaid/kmeans.ts'
import { defaultCandidates } from '../../src/plaid/search.ts'
import { findGpu } from './gpu.ts'
import { type Case, type CaseResult, runCase } from './plaidCase.ts'
import { QUERY_TOKENS } from './synthetic.ts'

const SIZES: Readonly<Record<string, { passages: number; queries: number; drawn: boolean }>> = {
  '1k': { passages: 1000, queries: 200, drawn: false },
  '10k': { passages: 10_000, queries: 200, drawn: false },
  '100k': { passages: 100_000, queries: 50, drawn: true },
  '1M': { passages: 1_000_000, queries: 20, drawn: true },
}
const BITS: readonly PlaidBits[] = [2, 4]

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: Object.keys(SIZES).join(',') },
    bits: { type: 'string', default: BITS.join(',') },
    peer: { type: 'string' },
    json: { type: 'string' },
    software: { type: 'boolean', default: false },
    case: { type: 'string' },
  },
})
if (values.case === undefined) await runAll()
// Dawn would keep the process alive.
else process.stdout.write(`${JSON.stringify(await runCase(JSON.parse(values.case)))}\n`, () => process.exit(0))

async function runAll(): Promise<void> {
  const noGpu = await findGpu(values.software)
  const results: CaseResult[] = []
  const plans: object[] = []
  for (const name of values.cases.split(','))
    for (const bits of BITS.filter((b) => values.bits.split(',').includes(String(b)))) {
      const size = SIZES[name]
      if (size === undefined) throw new Error(`There is no case "${name}"; there are ${Object.keys(SIZES).join(', ')}.`)
      const given = { ...size, tokens: 100, dim: 64, bits }
      plans.push(gpuPlan(given))
      results.push(runOne({ ...given, backend: 'wasm', peer: size.drawn ? undefined : values.peer }))
      if (noGpu === undefined) results.push(runOne({ ...given, backend: 'webgpu', software: values.software }))
    }
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version }
  process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; WASM on one thread.\n`)
  if (noGpu !== undefined) process.stdout.write(`No figures from a GPU were taken: ${noGpu}.\n`)
  console.table(results.map(overview))
  console.table(results.map(kernels))
  const compared = results.flatMap(peers)
  if (compared.length > 0) console.table(compared)
  process.stdout.write('On a GPU, as planned for the limits that every device has:\n')
  console.table(plans)
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, noGpu, results, plans }, null, 1)}\n`)
}

/** In a process of its own, so that peak memory is its own. */
function runOne(given: Case): CaseResult {
  process.stderr.write(`${given.passages} passages, ${given.bits} bits, ${given.backend} …\n`)
  const args = ['--max-old-space-size=16000', fileURLToPath(import.meta.url), '--case', JSON.stringify(given)]
  const { status, stdout } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`The case ${JSON.stringify(given)} failed.`)
  return JSON.parse(stdout)
}

/** Of one query of 32 tokens for ten hits with matches. */
function gpuPlan({ passages, tokens, dim, bits }: Omit<Case, 'backend'>) {
  const total = passages * tokens
  const shape = { dim, bits, passages, tokens: total, centroids: centroidCount(total, dim) }
  const defaults = { bytes: 2 ** 26, bindingBytes: 2 ** 27, work: 2 ** 34, groups: 65_535 }
  const residency = planResidency(shape, new Uint32Array(passages).fill(tokens), defaults.bindingBytes)
  const asked = { offsets: Uint32Array.of(0, QUERY_TOKENS), k: 10, candidates: defaultCandidates(10), matches: true }
  const [round] = planSearch(shape, residency, asked, defaults)
  const bindings = residency.parts.flatMap(({ bytes }) => Object.values(bytes))
  return {
    passages,
    bits,
    centroids: shape.centroids,
    'resident MB': rounded(residency.bytes / 1e6),
    parts: residency.parts.length,
    'largest binding MB': rounded(Math.max(residency.centroidBytes, ...bindings) / 1e6),
    'MB of a query': rounded(Object.values(round!.bytes).reduce((sum, bytes) => sum + bytes, 0) / 1e6),
    dispatches: round!.submits.flat().length,
    submits: round!.submits.length,
  }
}

function overview(result: CaseResult) {
  const {
    passages,
    bits,
    backend,
    buildSeconds,
    bytesPerToken,
    ms,
    candidates,
    recallAt10,
    exactOverlap,
    peakMemoryMB,
  } = result
  return {
    passages,
    bits,
    backend,
    'build s': rounded(buildSeconds),
    'bytes/token': rounded(bytesPerToken, 2),
    'p50 ms': rounded(ms.p50),
    'p95 ms': rounded(ms.p95),
    [`recall@10, n=${candidates}`]: rounded(recallAt10[candidates], 3),
    'n=64': rounded(recallAt10[64], 3),
    'n=512': rounded(recallAt10[512], 3),
    'overlap, float': rounded(exactOverlap, 3),
    'peak MB': peakMemoryMB,
  }
}

function kernels({
  passages,
  bits,
  device,
  centroids,
  stageMs,
  scanGBs,
  centroidGMacs,
  residualGMacs,
  residentBytes,
}: CaseResult) {
  return {
    passages,
    bits,
    device,
    centroids,
    'centroids ms': rounded(stageMs['centroids']),
    'GMAC/s': rounded(centroidGMacs),
    'scan ms': rounded(stageMs['scan']),
    'GB/s': rounded(scanGBs),
    'select ms': rounded(stageMs['select'], 2),
    'residuals ms': rounded(stageMs['residuals']),
    'residual GMAC/s': rounded(residualGMacs),
    'resident MB': Math.round(residentBytes / 1e6),
  }
}

function peers(result: CaseResult) {
  if (result.peers === undefined) return []
  const common = { passages: result.passages, bits: result.bits }
  return [
    {
      ...common,
      name: 'selvage, wasm',
      setting: `n=${result.candidates}`,
      'p50 ms': rounded(result.ms.p50),
      'p95 ms': rounded(result.ms.p95),
      'overlap, float': rounded(result.exactOverlap, 3),
      'build s': rounded(result.buildSeconds),
    },
    ...result.peers.map(({ name, candidates, probes, p50, p95, exactOverlap, buildSeconds }) => ({
      ...common,
      name,
      setting: `n=${candidates} probes=${probes}`,
      'p50 ms': rounded(p50),
      'p95 ms': rounded(p95),
      'overlap, float': rounded(exactOverlap, 3),
      'build s': rounded(buildSeconds),
    })),
  ]
}

function rounded(value: number | undefined, digits = 1): number | undefined {
  return value === undefined || Number.isNaN(value) ? undefined : Number(value.toFixed(digits))
}
