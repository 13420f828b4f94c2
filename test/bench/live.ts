/**
 * How fast is a kept index there again, and does a search feel that passages are being compressed? After `npm run build`:
 * `vite build --mode bench && node dist/bench/live.js <index folder>`; the index is of the default model.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { ColdOpen, Folding } from './livePage.ts'
import { median, quantile } from './page.ts'
import { openPublished } from './published.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '7' }, documents: { type: 'string', default: '700' } },
})
const [folder] = positionals
if (folder === undefined) throw new Error('Give the folder of an index: npm run bench:live -- <folder>')

const questions = new URL('../../test/bench/react-questions.jsonl', import.meta.url)
const browser = await openPublished('test/bench/livePage.ts', folder)
const { run } = browser
try {
  process.stdout.write(`${browser.description}\n`)
  await run<void>('keep')
  const opens: ColdOpen[] = []
  for (let round = 0; round < Number(values.rounds); round++) {
    await browser.restart()
    opens.push(await run<ColdOpen>('openCold', 'how do I cancel a request'))
  }
  const step = (i: number) => ms(median(opens.map(({ steps }) => steps[i] ?? Number.NaN)))
  const times = opens.map(({ firstAnswerMs }) => firstAnswerMs)
  process.stdout.write(
    `Cold open of ${opens[0]?.passages} passages to the first answer, encoder warm: ${ms(median(times))} ms, ` +
      `at most ${ms(Math.max(...times))} ms of ${times.length} (words ${step(0)}, vectors ${step(1)}, search ${step(2)}); ` +
      `${opens[0]?.hits} hits\n`,
  )
  const queries = (await readFile(questions, 'utf8'))
    .trim()
    .split('\n')
    .map((line): string => JSON.parse(line).text)
  const folding = await run<Folding>('fold', queries, documents(Number(values.documents)))
  process.stdout.write(
    `Compressing took ${ms(folding.foldMs / 1000)} s; a whole search meanwhile, encoding included:\n`,
  )
  const row = (all: readonly number[]) => ({
    searches: all.length,
    'p50, ms': Number(ms(median(all))),
    'p95, ms': Number(ms(quantile(all, 0.95))),
    'of before': Number((median(all) / median(folding.before)).toFixed(2)),
  })
  console.table({
    'before, at rest': row(folding.before),
    'while compressing': row(folding.during),
    'while encoding': row(folding.adding),
    'after, at rest': row(folding.after),
  })
} finally {
  await browser.close()
}

/** Texts of some hundred tokens that no page has. */
function documents(count: number): { id: string; text: string }[] {
  const words = 'river stone lamp copper winter signal garden letter harbor engine cloud ladder pepper mirror'.split(
    ' ',
  )
  const word = (i: number) => words[(i * 7919 + (i >> 3)) % words.length] ?? ''
  return Array.from({ length: count }, (_, d) => ({
    id: `bench-${d}`,
    text: Array.from({ length: 90 }, (_, i) => `${word(d * 13 + i * 5)}${i % 11 === 0 ? d : ''}`).join(' '),
  }))
}

function ms(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0)
}
