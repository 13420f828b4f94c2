/**
 * Keyword search on an index that is there: how long an answer takes when the index is warm, and how many bytes the first
 * answer of a page costs, read in parts as a web server that knows ranges sends them.
 *   npm run bench:keywords -- <index> [queries.jsonl[.gz]]      without queries, headings of the index are asked for
 */
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { Engine } from '../../src/engine/engine.ts'
import { TextsReader } from '../../src/engine/texts.ts'
import { parseQueries } from '../../src/eval/dataset.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import type { BlobSource } from '../../src/store/store.ts'

const COLD_QUERIES = 50

const [folder, queriesFile] = process.argv.slice(2)
if (folder === undefined) throw new Error('Say which index: npm run bench:keywords -- <index> [queries.jsonl]')
const store = fileStore(folder)
const queries = queriesFile === undefined ? await headingsOf(store) : await readQueries(queriesFile)

const engine = await Engine.open(store)
const ask = (of: Engine, text: string) => of.search({ text, k: 10, mode: 'keyword' })
for (const query of queries) await ask(engine, query)
const times: number[] = []
for (const query of queries) {
  const start = performance.now()
  await ask(engine, query)
  times.push(performance.now() - start)
}

const costs: { bytes: number; reads: number }[] = []
for (const query of queries.slice(0, COLD_QUERIES)) {
  const cost = { bytes: 0, reads: 0 }
  await ask(await Engine.open(counted(store, cost)), query)
  costs.push(cost)
}

const { pages, passages } = engine.segments.all[0]!.parts.texts
const ms = (share: number) => quantile(times, share).toFixed(1)
const kB = (share: number) =>
  (
    quantile(
      costs.map(({ bytes }) => bytes),
      share,
    ) / 1000
  ).toFixed(0)
const reads = quantile(
  costs.map((cost) => cost.reads),
  0.5,
)
process.stdout.write(
  `${pages} pages, ${passages} passages, ${queries.length} queries\n` +
    `  warm: ${ms(0.5)} ms p50, ${ms(0.95)} ms p95, ${ms(1)} ms at most\n` +
    `  cold: ${kB(0.5)} kB p50, ${kB(0.95)} kB p95, ${kB(1)} kB at most, ${reads} reads p50 (${costs.length} queries)\n`,
)

function counted(source: BlobSource, cost: { bytes: number; reads: number }): BlobSource {
  const count = async (reading: Promise<Uint8Array | undefined> | undefined) => {
    const bytes = await reading
    cost.bytes += bytes?.length ?? 0
    cost.reads++
    return bytes
  }
  return {
    location: source.location,
    get: (key) => count(source.get(key)),
    slice: (key, start, end) => count(source.slice?.(key, start, end)),
  }
}

async function readQueries(file: string): Promise<string[]> {
  const bytes = await readFile(file)
  const content = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  return parseQueries(content, file).map(({ text }) => text)
}

/** Every so many sections one heading: what people who know the site type. */
async function headingsOf(source: BlobSource): Promise<string[]> {
  const { segments } = await Engine.open(source)
  const headings = new Set<string>()
  for await (const block of new TextsReader(source, segments.all[0]!.parts.texts).all())
    for (const { section } of block) headings.add(section.headings.at(-1) ?? '')
  const all = [...headings]
  const step = Math.max(1, Math.floor(all.length / 300))
  return all.filter((_, i) => i % step === 0)
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0
}
