/**
 * Is an index stored about as fast as IndexedDB can? `vite build --mode bench && node dist/bench/store.js`: Chromium with a
 * profile on disk; 20 MB in packs of several sizes; raw IndexedDB, with buffers and with Blobs, against our store in
 * alternating rounds. Medians are printed; where the store has less than 60 % of the faster raw one's speed, the process
 * ends with 1. `--rounds 15` for steadier figures.
 */
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median, openBench } from './page.ts'
import type { StoreBenchOptions, StoreTimes } from './storePage.ts'

const TOTAL_BYTES = 20_000_000
const PACK_BYTES = [512 << 10, 4 << 20]
const WANTED = 0.6

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })

const browser = await openBench(fileURLToPath(new URL('../../test/bench/storePage.ts', import.meta.url)))
try {
  const page = await browser.open()
  process.stdout.write(`${browser.description}, ${values.rounds} rounds\n`)
  let isFastEnough = true
  for (const packBytes of PACK_BYTES) {
    const options = { packBytes, packs: Math.round(TOTAL_BYTES / packBytes), rounds: Number(values.rounds) }
    // The address is an argument, so that no bundler looks for it.
    const times = await page.evaluate(
      async ({ script, given }): Promise<StoreTimes> => (await import(script)).runStoreBench(given),
      { script: '/page.js', given: options },
    )
    isFastEnough = report(options, times) && isFastEnough
  }
  process.exitCode = isFastEnough ? 0 : 1
} finally {
  await browser.close()
}

/** @returns whether the store is as fast as wanted. */
function report({ packs, packBytes }: StoreBenchOptions, times: StoreTimes): boolean {
  const bytes = packs * packBytes
  const written = Math.min(median(times.raw), median(times.rawBlobs))
  const read = Math.min(median(times.readRaw), median(times.readRawBlobs))
  const row = (all: readonly number[], rawMs: number) => {
    const ms = median(all)
    return {
      ms: Number(ms.toFixed(1)),
      'MB/s': Math.round(bytes / 1e3 / ms),
      'of raw': Number((rawMs / ms).toFixed(2)),
    }
  }
  process.stdout.write(`\n${(bytes / 1e6).toFixed(1)} MB in ${packs} packs of ${packBytes >> 10} KiB, medians:\n`)
  console.table({
    'write, raw, buffers': row(times.raw, written),
    'write, raw, Blobs': row(times.rawBlobs, written),
    'write, store': row(times.store, written),
    'write, download with hashes': row(times.download, written),
    'read all, raw, buffers': row(times.readRaw, read),
    'read all, raw, Blobs': row(times.readRawBlobs, read),
    'read all, store': row(times.readStore, read),
  })
  return written / median(times.store) >= WANTED
}
