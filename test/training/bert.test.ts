/** The encoder that is trained: its vectors against PyLate's own, its gradients against finite differences. */
import { expect, test } from 'vitest'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { Bert } from '../../src/training/bert.ts'
import { pack, vectorsAt } from '../../src/training/chunks.ts'
import type { Golden } from '../encoder/support.ts'
import { golden, tinyCheckpoint, tinyFiles } from './support.ts'

test('vectors are those of PyLate', async () => {
  const checkpoint = await tinyCheckpoint()
  const layouts = await loadLayouts(tinyFiles())
  const { queries, documents }: Golden = golden()
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
  expect(rows).toBeGreaterThan(400)
  console.log(`${rows} rows, ${chunks.length} chunks, worst difference ${worst}`)
  expect(worst).toBeLessThan(1e-5)
})
