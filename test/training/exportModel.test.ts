/** What is exported: a folder that the encoder loads and trusts, and whose checkpoint is the one that was exported. */
import { expect, test } from 'vitest'
import { loadEncoder } from '../../src/encoder/load.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { exportModel } from '../../src/training/exportModel.ts'
import { memoryFiles } from '../../src/training/memoryFiles.ts'
import { readSafetensors } from '../../src/training/safetensors.ts'
import { type Checkpoint, PROJECTION } from '../../src/training/types.ts'
import { closeness, withFiles } from '../encoder/support.ts'
import { fixture, golden, isSameWeights, packedFiles, tinyCheckpoint, tinyFiles } from './support.ts'

const inference = nodeRuntime({ threads: 1 })
const open = (files: Parameters<typeof loadEncoder>[0]['files']) => loadEncoder({ files, inference })
const read = (files: ReadonlyMap<string, Uint8Array>, path: string) =>
  JSON.parse(new TextDecoder().decode(files.get(path)))

test('the folder: PyLate layout, graphs, probe and manifest, and the encoder trusts it', {
  timeout: 30_000,
}, async () => {
  const files = await exportModel(await tinyCheckpoint(), tinyFiles(), { name: 'tiny', open })
  expect([...files.keys()].sort()).toEqual([
    '1_Dense/config.json',
    '1_Dense/model.safetensors',
    'config.json',
    'config_sentence_transformers.json',
    'model.safetensors',
    'modules.json',
    'onnx/f32.onnx',
    'onnx/wasm.onnx',
    'onnx/webgpu.onnx',
    'onnx/weights.bin',
    'probe.json',
    'selvage.json',
    'sentence_bert_config.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
  for (const name of ['weights.bin', 'f32.onnx', 'wasm.onnx', 'webgpu.onnx'])
    expect(Buffer.compare(files.get(`onnx/${name}`)!, fixture(`onnx/${name}`)), name).toBe(0)

  const encoder = await open(memoryFiles(files, 'tiny'))
  const { rows, mean } = await closeness(encoder, golden())
  expect(encoder.model).toMatchObject({ name: 'tiny', dim: 16, queryLength: 24, documentLength: 64 })
  expect(encoder.model.hash).toBe(read(files, 'selvage.json').hash)
  await encoder.close()
  expect(rows).toBe(503)
  expect(mean).toBeGreaterThan(0.99999)

  // The manifest lists what is downloaded: none of PyTorch's files.
  const listed = Object.keys(read(files, 'selvage.json').files)
  expect(listed).toContain('onnx/weights.bin')
  expect(listed.filter((path) => path.endsWith('.safetensors'))).toEqual([])
})

test('the probe is of this very model: with the weights of another it is refused', { timeout: 30_000 }, async () => {
  const checkpoint = await tinyCheckpoint()
  const files = await exportModel(checkpoint, tinyFiles(), { name: 'tiny', open })
  const turned = checkpoint.weights.get(PROJECTION)!
  const other: Checkpoint = {
    shape: checkpoint.shape,
    weights: new Map(checkpoint.weights).set(PROJECTION, { shape: turned.shape, data: turned.data.slice().reverse() }),
  }
  const others = await exportModel(other, tinyFiles(), { name: 'tiny', open })
  expect(others.get('probe.json')).not.toEqual(files.get('probe.json'))
  expect(read(others, 'selvage.json').hash).not.toBe(read(files, 'selvage.json').hash)

  const mixed = new Map(others).set('probe.json', files.get('probe.json')!)
  const manifest = read(mixed, 'selvage.json')
  manifest.files['probe.json'] = read(files, 'selvage.json').files['probe.json']
  mixed.set('selvage.json', new TextEncoder().encode(JSON.stringify(manifest)))
  await expect(open(memoryFiles(mixed, 'tiny'))).rejects.toThrow(/vectors differ from the model's own/)
})

test('a graph whose 8 bits take too much is left out, and that is said', { timeout: 30_000 }, async () => {
  const checkpoint = await tinyCheckpoint()
  // Hidden number 5 is a hundred times the others, and nothing reads it: in steps of its 255th part, the others are lost.
  const changed = (name: string, i: number, value: number): number => {
    if (name.endsWith('LayerNorm.weight')) return i === 5 ? 100 * value : value
    const reads = name === PROJECTION || /(query|key|value|intermediate.dense).weight$/.test(name)
    if (reads && i % 48 === 5) return 0
    return /layer.*weight$/.test(name) ? 30 * value : value
  }
  const uneven: Checkpoint = {
    shape: checkpoint.shape,
    weights: new Map(
      [...checkpoint.weights].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value, i) => changed(name, i, value)) },
      ]),
    ),
  }
  const notes: string[] = []
  const onNote = (note: string): void => void notes.push(note)
  const files = await exportModel(uneven, tinyFiles(), { name: 'uneven', open, onNote })
  expect(notes).toEqual([
    expect.stringMatching(/^The graph for webgpu is left out: its vectors differ .* cosine 0\.9\d+ on average/),
    expect.stringMatching(/^The graph for wasm is left out: its vectors differ .* cosine 0\.9\d+ on average/),
  ])
  expect([...files.keys()].filter((path) => path.endsWith('.onnx'))).toEqual(['onnx/f32.onnx'])
  expect(read(files, 'selvage.json').graphs).toEqual({ f32: 'onnx/f32.onnx' })
  await (await open(memoryFiles(files, 'uneven'))).close()

  await exportModel(checkpoint, tinyFiles(), { name: 'tiny', open, onNote })
  expect(notes.length).toBe(2)
})

test('the checkpoint comes back bit for bit, the pooler with it', async () => {
  const checkpoint = await tinyCheckpoint()
  const files = await exportModel(checkpoint, tinyFiles(), { name: 'tiny' })
  expect(files.has('probe.json')).toBe(false)
  const again = await readCheckpoint(memoryFiles(files, 'tiny'))
  expect(again.shape).toEqual(checkpoint.shape)
  expect(isSameWeights(again.weights, checkpoint.weights)).toBe(true)
  const stored = readSafetensors(files.get('model.safetensors')!)
  const pooler = readSafetensors(fixture('model.safetensors')).get('pooler.dense.weight')
  expect(stored.get('pooler.dense.weight')).toEqual(pooler)
  expect(stored.has('projection')).toBe(false)
})

test('a folder that was packed is unpacked, exported, and has the same 8-bit weights', async () => {
  const files = await exportModel(await readCheckpoint(packedFiles()), packedFiles(), { name: 'tiny' })
  expect(Buffer.compare(files.get('onnx/weights.bin')!, fixture('onnx/weights.bin'))).toBe(0)
})

test('what the folder lacks and what is no option is told', async () => {
  const checkpoint = await tinyCheckpoint()
  const without = withFiles({ ...tinyFiles(), location: 'm' }, { 'config_sentence_transformers.json': undefined })
  await expect(exportModel(checkpoint, without, { name: 'tiny' })).rejects.toThrow(
    /m has no config_sentence_transformers.json, which the new/,
  )
  const wrong = { name: 'tiny', formats: ['onnx'] }
  await expect(exportModel(checkpoint, tinyFiles(), wrong)).rejects.toThrow(/unknown option "formats"/)
})
