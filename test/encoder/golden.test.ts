/** PyLate's own encodings: token ids and masks equal, vectors as near as the graph's numbers allow. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'
import { findMarkers, type Layout, layoutDocument, layoutQuery } from '../../src/encoder/colbert.ts'
import { readConfig } from '../../src/encoder/config.ts'
import type { Encoder } from '../../src/encoder/encoder.ts'
import { ModelFolder } from '../../src/encoder/folder.ts'
import { loadEncoder } from '../../src/encoder/load.ts'
import type { RuntimeBuild } from '../../src/encoder/runtime.ts'
import { Tokenizer } from '../../src/encoder/tokenizer.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { runtimePath } from '../../src/node/runtimePath.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { closeness, GOLDEN_MODELS, type Golden } from './support.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const MINI = path('public/models/selvage-mini')
const folderOf = (name: string) => (name === 'selvage-mini' ? MINI : path(`test/fixtures/golden/${name}`))
const golden = (name: string): Golden =>
  JSON.parse(readFileSync(path(`test/fixtures/golden/${name}/golden.json`), 'utf8'))

let encoder: Encoder | undefined
afterEach(async () => {
  await encoder?.close()
  encoder = undefined
})

describe.each([...GOLDEN_MODELS, 'selvage-mini'])('%s', (name) => {
  test('token ids and masks are those of PyLate', async () => {
    const folder = await ModelFolder.open(folderFiles(folderOf(name)))
    const config = await readConfig(folder)
    const [json, tokenizerConfig] = [
      await folder.fields('tokenizer.json'),
      await folder.fields('tokenizer_config.json'),
    ]
    const tokenizer = new Tokenizer(json, tokenizerConfig, { lowerCase: config.lowerCase })
    const markers = findMarkers(config, tokenizer)
    const { queries, documents } = golden(name)
    const check = (layout: Layout, wanted: Golden['queries'][number]): void => {
      expect([...layout.ids], wanted.text).toEqual(wanted.input_ids)
      expect([...layout.attention], wanted.text).toEqual(wanted.attention_mask)
      expect(layout.rows.length, wanted.text).toBe(wanted.embeddings.length)
    }
    expect(queries.length).toBeGreaterThan(7)
    for (const query of queries) check(layoutQuery(query.text, config, markers, tokenizer), query)
    for (const document of documents) check(layoutDocument(document.text, config, markers, tokenizer), document)
  })

  test('f32 vectors in Node', { timeout: 60_000 }, async () => {
    encoder = await loadEncoder({ files: folderFiles(folderOf(name)), inference: nodeRuntime() })
    const { rows, mean, worst, worstAt } = await closeness(encoder, golden(name))
    console.log(`${name}: ${rows} rows, mean cosine ${mean.toFixed(7)}, worst ${worst.toFixed(7)} (${worstAt})`)
    // The default model's weights are 8-bit and PyLate's f32; the others differ by rounding only.
    const isPacked = name === 'selvage-mini'
    expect(mean).toBeGreaterThanOrEqual(isPacked ? 0.99 : 0.99999)
    expect(worst).toBeGreaterThanOrEqual(isPacked ? 0.95 : 0.999)
  })
})

test('selvage-mini by its wasm graph in onnxruntime-web', { timeout: 120_000 }, async () => {
  const runtime = async (build: RuntimeBuild) => readFileSync(runtimePath(build))
  encoder = await loadEncoder({ files: folderFiles(MINI), backend: 'wasm', runtime })
  expect(encoder.backend).toBe('wasm')
  const { rows, mean, worst, worstAt } = await closeness(encoder, golden('selvage-mini'))
  console.log(
    `selvage-mini, wasm: ${rows} rows, mean cosine ${mean.toFixed(5)}, worst ${worst.toFixed(5)} (${worstAt})`,
  )
  expect(mean).toBeGreaterThanOrEqual(0.99)
  expect(worst).toBeGreaterThanOrEqual(0.95)
})
