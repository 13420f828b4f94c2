/**
 * How large is a compressed index, how fast is it searched, and how much does it lose? `npm run bench` runs every case;
 * `--cases 1k,10k` some of them, `--peer <binary>` next-plaid on the same vectors (test/bench/peers), `--json <file>` writes
 * what the tables show. WASM on one thread; no figures from a GPU are taken.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { PlaidBits } from '../../src/ops/ops.ts'
import { type Case, type CaseResult, runCase } from './plaidCase.ts'

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
    case: { type: 'string' },
  },
})
if (values.case === undefined) runAll()
else process.stdout.write(`${JSON.stringify(await runCase(JSON.parse(values.case)))}\n`)

function runAll(): void {
  const results: CaseResult[] = []
  for (const name of values.cases.split(','))
    for (const bits of BITS.filter((b) => values.bits.split(',').includes(String(b)))) {
      const size = SIZES[name]
      if (size === undefined) throw new Error(`There is no case "${name}"; there are ${Object.keys(SIZES).join(', ')}.`)
      const given: Case = { ...size, tokens: 100, dim: 64, bits, peer: size.drawn ? undefined : values.peer }
      process.stderr.write(`${name} passages, ${bits} bits …\n`)
      const args = ['--max-old-space-size=16000', fileURLToPath(import.meta.url), '--case', JSON.stringify(given)]
      const { status, stdout } = spawnSync(process.execPath, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`The case ${name} at ${bits} bits failed.`)
      results.push(JSON.parse(stdout))
    }
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version }
  process.stdout.write(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; one thread, no GPU.\n`)
  console.table(results.map(overview))
  console.table(results.map(kernels))
  console.table(results.flatMap(peers))
  if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, results }, null, 1)}\n`)
}

function overview(result: CaseResult) {
  const { passages, bits, buildSeconds, bytesPerToken, ms, candidates, recallAt10, exactOverlap, peakMemoryMB } = result
  return {
    passages,
    bits,
    'build s': rounded(buildSeconds),
    'bytes/token': rounded(bytesPerToken, 2),
    'p50 ms': rounded(ms.p50),
    'p95 ms': rounded(ms.p95),
    [`recall@10, n=${candidates}`]: rounded(recallAt10[candidates], 3),
    'n=64': rounded(recallAt10[64], 3),
    'n=128': rounded(recallAt10[128], 3),
    'n=512': rounded(recallAt10[512], 3),
    'overlap, float': rounded(exactOverlap, 3),
    'peak MB': peakMemoryMB,
  }
}

function kernels({
  passages,
  bits,
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
