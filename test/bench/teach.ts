/**
 * How long does a tab take to learn a lesson? After `npm run build`:
 *   npm run bench:teach -- <pairs.jsonl.gz> <index folder> [--taught 500]
 * Pairs are lines of {"query", "positive", "doc"}, "doc" the end of a section's address in the index. In Chromium, on WASM, in the engine's
 * worker; the encoding of the queries apart. The lesson is not adopted.
 */
import { parseArgs } from 'node:util'
import { readDataFiles, withTitle } from '../../src/node/dataFiles.ts'
import { readExamples } from '../../src/training/data.ts'
import { openPublished } from './published.ts'
import type { Taught } from './teachPage.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { taught: { type: 'string', default: '500' } },
})
const [file, folder] = positionals
if (file === undefined || folder === undefined)
  throw new Error('Give a file of pairs and the folder of an index: npm run bench:teach -- <pairs> <index>')

/** What the engine keeps apart to judge by. */
const KEPT = 0.25
const wanted = Math.round(Number(values.taught) / (1 - KEPT))
const { examples, documents } = readExamples(await readDataFiles([file]), { withTitle })
const known = examples.flatMap(({ query }, i) => (documents[i] === undefined ? [] : [{ query, url: documents[i] }]))
const count = Math.min(wanted, known.length)
const pairs = Array.from({ length: count }, (_, i) => known[Math.floor((i * known.length) / count)]!)

const browser = await openPublished('test/bench/teachPage.ts', folder)
try {
  process.stdout.write(`${browser.description}\n`)
  const { lesson, skipped, stages } = await browser.run<Taught>('teach', pairs, KEPT)
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`
  process.stdout.write(
    `${lesson.taught} pairs learned in ${seconds(lesson.trainMs)}; ${lesson.keptApart} kept apart, ${skipped} skipped; ` +
      `whole, by stage: ${Object.entries(stages)
        .map(([name, ms]) => `${name} ${seconds(ms)}`)
        .join(', ')}\n`,
  )
  console.table({
    before: lesson.before,
    after: lesson.after,
    'meaning before': lesson.meaning.before,
    'meaning after': lesson.meaning.after,
  })
} finally {
  await browser.close()
}
