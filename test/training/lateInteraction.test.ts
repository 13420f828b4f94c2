/** A bi-encoder made into a late-interaction model: tokenizer and configuration are those that PyLate made of the same one. */
import { expect, test } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { loadEncoder } from '../../src/encoder/load.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { exportModel } from '../../src/training/exportModel.ts'
import { toLateInteraction } from '../../src/training/lateInteraction.ts'
import { memoryFiles } from '../../src/training/memoryFiles.ts'
import { readSafetensors, writeSafetensors } from '../../src/training/safetensors.ts'
import { PROJECTION, type Tensor } from '../../src/training/types.ts'
import { changedJson, fixture, golden, goldenJson, tinyBiEncoder, tinyFiles } from './support.ts'

const WORDS = 'embeddings.word_embeddings.weight'

async function made(options: Parameters<typeof toLateInteraction>[2], files = tinyBiEncoder()) {
  return toLateInteraction(await readCheckpoint(files), files, options)
}

const jsonOf = async (files: ModelFiles, path: string) => JSON.parse(new TextDecoder().decode(await files.read(path)))

test("tokenizer and configuration are PyLate's, and so are the ids of its texts", async () => {
  const { files, checkpoint } = await made({ dim: 16, queryLength: 24, documentLength: 64 })
  expect(await jsonOf(files, 'tokenizer.json')).toEqual(goldenJson('tokenizer.json'))
  expect(await jsonOf(files, 'tokenizer_config.json')).toEqual(goldenJson('tokenizer_config.json'))
  expect(await jsonOf(files, 'config.json')).toEqual(goldenJson('config.json'))
  const { __version__: _, ...theirs } = goldenJson('config_sentence_transformers.json')
  expect(await jsonOf(files, 'config_sentence_transformers.json')).toEqual(theirs)
  expect(checkpoint.shape.vocabulary).toBe(2002)
  const layouts = await loadLayouts(files)
  for (const { text, input_ids: ids } of golden().queries) expect([...layouts.query(text).ids]).toEqual(ids)
  for (const { text, input_ids: ids } of golden().documents) expect([...layouts.document(text).ids]).toEqual(ids)
})

test('markers begin as the mean of all rows; the rest of the table is untouched', async () => {
  const before = (await readCheckpoint(tinyBiEncoder())).weights.get(WORDS)!
  const { checkpoint } = await made({})
  const { shape, data } = checkpoint.weights.get(WORDS)!
  expect(shape).toEqual([2002, 48])
  expect(checkpoint.weights.get(PROJECTION)?.shape).toEqual([48, 48]) // 96 where the encoder is wide enough
  expect(data.slice(0, 2000 * 48)).toEqual(before.data)
  for (const id of [2000, 2001])
    for (let h = 0; h < 48; h++) {
      let sum = 0
      for (let row = 0; row < 2000; row++) sum += before.data[row * 48 + h]!
      expect(data[id * 48 + h]).toBeCloseTo(sum / 2000, 6)
    }
})

test("a projection of one's own, PyLate's lengths, and the whole way to an encoder", {
  timeout: 30_000,
}, async () => {
  const projection: Tensor = { shape: [8, 48], data: Float32Array.from({ length: 8 * 48 }, (_, i) => Math.sin(i)) }
  const { checkpoint, files } = await made({ projection })
  const open = (folder: ModelFiles) => loadEncoder({ files: folder, inference: nodeRuntime({ threads: 1 }) })
  const exported = await exportModel(checkpoint, files, { name: 'made', open })
  const encoder = await open(memoryFiles(exported, 'made'))
  expect(encoder.model).toMatchObject({ dim: 8, queryLength: 32, documentLength: 180 })
  const { matrix } = await encoder.encodeQuery('how do I rename a column?')
  await encoder.close()
  expect([matrix.rows, matrix.dim]).toEqual([32, 8])
})

test('special_tokens_map.json and the tokens that older transformers list follow', async () => {
  const files = tinyBiEncoder({
    'special_tokens_map.json': '{"pad_token":"[PAD]","mask_token":"[MASK]"}',
    'tokenizer_config.json': changedJson('tokenizer_config.json', {
      pad_token: '[PAD]',
      added_tokens_decoder: { '0': { content: '[PAD]' } },
    }),
  })
  const late = await made({}, files)
  expect(await jsonOf(late.files, 'special_tokens_map.json')).toEqual({ pad_token: '[MASK]', mask_token: '[MASK]' })
  const { added_tokens_decoder: listed } = await jsonOf(late.files, 'tokenizer_config.json')
  expect(Object.keys(listed)).toEqual(['0', '2000', '2001'])
  expect(listed['2000']).toMatchObject({ content: '[Q] ', special: false })
})

test('a table with rows to spare takes the markers in them', async () => {
  const weights = readSafetensors(fixture('model.safetensors'))
  const data = new Float32Array(2048 * 48)
  data.set(weights.get(WORDS)!.data.subarray(0, 2000 * 48))
  weights.set(WORDS, { shape: [2048, 48], data })
  const late = await made(
    {},
    tinyBiEncoder({
      'model.safetensors': writeSafetensors(weights),
      'config.json': changedJson('config.json', { vocab_size: 2048 }),
    }),
  )
  const table = late.checkpoint.weights.get(WORDS)!
  expect(table.shape).toEqual([2048, 48])
  expect(table.data.subarray(2000 * 48, 2001 * 48).some((value) => value !== 0)).toBe(true)
  expect(table.data.subarray(2002 * 48).every((value) => value === 0)).toBe(true)
})

test.each<[string, Parameters<typeof toLateInteraction>[2], RegExp]>([
  ['a wide projection', { dim: 64 }, /dim is 64, wanted a whole number from 1 to the model's hidden size, 48/],
  ['no length', { queryLength: 0 }, /queryLength is 0, wanted 8 to 512/],
  ['a length past the positions', { documentLength: 600 }, /documentLength is 600, wanted 8 to 512/],
  [
    'a projection of another encoder',
    { projection: { shape: [8, 32], data: new Float32Array(256) } },
    /The projection is \[8,32\], wanted \[dim, 48\]/,
  ],
])('%s is refused', async (_, options, message) => {
  await expect(made(options)).rejects.toThrow(message)
})

test('a late-interaction model is one already', async () => {
  const files = tinyFiles()
  await expect(toLateInteraction(await readCheckpoint(files), files)).rejects.toThrow(
    /is a late-interaction model already/,
  )
})

test('the same seed gives the same projection, another one another', async () => {
  const of = async (seed: number) => (await made({ dim: 4, seed })).checkpoint.weights.get(PROJECTION)
  expect(await of(1)).toEqual(await of(1))
  expect(await of(2)).not.toEqual(await of(1))
})
