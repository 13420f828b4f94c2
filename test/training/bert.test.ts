/** The encoder that is trained: its vectors against PyLate's own, for each way to treat a query's padding. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { Bert } from '../../src/training/bert.ts'
import { pack, vectorsAt } from '../../src/training/chunks.ts'
import type { Golden } from '../encoder/support.ts'
import { GOLDEN_BERTS, goldenCheckpoint, goldenFiles } from './goldenWeights.ts'

const golden = (name: string): Golden =>
  JSON.parse(readFileSync(new URL(`../fixtures/golden/${name}/golden.json`, import.meta.url), 'utf8'))

test.each(GOLDEN_BERTS)('%s: vectors are those of PyLate', async (name) => {
  const checkpoint = await goldenCheckpoint(name)
  const layouts = await loadLayouts(goldenFiles(name))
  const { queries, documents } = golden(name)
  const laid = [
    ...queries.map(({ text }) => layouts.query(text)),
    ...documents.map(({ text }) => layouts.document(text)),
  ]
  const { chunks, places } = pack(laid, checkpoint.shape.positions)
  const encoded = await new Bert(checkpoint).encode(chunks, { keep: false })
  let worst = 0
  let rows = 0
  for (const [i, { embeddings }] of [...queries, ...documents].entries()) {
    const vectors = vectorsAt(encoded, places[i]!)
    expect(laid[i]!.rows.length).toBe(embeddings.length)
    for (const [r, vector] of embeddings.entries()) {
      const row = laid[i]!.rows[r]!
      for (const [e, value] of vector.entries())
        worst = Math.max(worst, Math.abs(value - vectors[row * vector.length + e]!))
      rows++
    }
  }
  expect(rows).toBeGreaterThan(300)
  console.log(`${name}: ${rows} rows, ${chunks.length} chunks, worst difference ${worst}`)
  expect(worst).toBeLessThan(1e-5)
})
