/** Model folders as checkpoints: under whatever names weights were saved, and with a clear word where a model cannot be trained. */
import { expect, test } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { readSafetensors, writeSafetensors } from '../../src/training/safetensors.ts'
import { PROJECTION, type Tensor } from '../../src/training/types.ts'
import { withFiles } from '../encoder/support.ts'
import { changedJson, fixture, isSameWeights, packedFiles, tinyCheckpoint, tinyFiles } from './support.ts'

const stored = () => readSafetensors(fixture('model.safetensors'))
const saved = (tensors: Iterable<readonly [string, Tensor]>) => writeSafetensors(new Map(tensors))

test('a PyLate folder: the encoder without its pooler, under the names of today, and the projection', async () => {
  const { shape, weights } = await tinyCheckpoint()
  expect(shape).toEqual({
    ...{ layers: 2, hidden: 48, heads: 4, intermediate: 96 },
    ...{ vocabulary: 2002, positions: 512, segments: 2, normEpsilon: 1e-12 },
  })
  expect(weights.size).toBe(5 + 2 * 16 + 1)
  expect(weights.get(PROJECTION)?.shape).toEqual([16, 48])
  const gamma = stored().get('encoder.layer.1.output.LayerNorm.gamma')
  expect(weights.get('encoder.layer.1.output.LayerNorm.weight')).toEqual(gamma)
  expect([...weights.keys()].filter((name) => /pooler|gamma|beta/.test(name))).toEqual([])
})

test('other names for the same weights: "bert." before them, and what other tasks need beside them', async () => {
  const plain = await tinyCheckpoint()
  const prefixed = [...stored()].map(([name, tensor]) => [`bert.${name}`, tensor] as const)
  const guesser = ['cls.predictions.bias', { shape: [1], data: new Float32Array(1) }] as const
  const read = await readCheckpoint(tinyFiles({ 'model.safetensors': saved([...prefixed, guesser]) }))
  expect(isSameWeights(read.weights, plain.weights)).toBe(true)
})

test('a bi-encoder has no projection, as a checkpoint and packed', async () => {
  const modules = '[{"idx":0,"name":"0","path":"","type":"sentence_transformers.models.Transformer"}]'
  const plain = await tinyCheckpoint()
  const read = await readCheckpoint(tinyFiles({ 'modules.json': modules, '1_Dense/model.safetensors': undefined }))
  expect(read.weights.has(PROJECTION)).toBe(false)
  const packed = { 'modules.json': modules, 'onnx/f32.onnx': renamedIn('projection', 'prajection') }
  expect((await readCheckpoint(packedFiles(packed))).weights.has(PROJECTION)).toBe(false)
  expect(isSameWeights(new Map(read.weights).set(PROJECTION, plain.weights.get(PROJECTION)!), plain.weights)).toBe(true)
})

test.each([
  ['model_type', 'modernbert', /config.json: "model_type" is "modernbert", wanted "bert". What can be trained is BERT/],
  ['model_type', undefined, /"model_type" is absent/],
  ['hidden_act', 'relu', /"hidden_act" is "relu", wanted "gelu"/],
  ['position_embedding_type', 'relative_key', /"position_embedding_type" is "relative_key", wanted "absolute"/],
  ['is_decoder', true, /"is_decoder" is true, wanted false/],
  ['num_attention_heads', 5, /"hidden_size" 48 is no multiple of "num_attention_heads" 5/],
  ['hidden_size', 'wide', /"hidden_size" is "wide", wanted a positive integer/],
  ['layer_norm_eps', 0, /"layer_norm_eps" is 0, wanted a number above 0/],
  ['vocab_size', 2000, /"embeddings.word_embeddings.weight" is \[2002,48\], wanted \[2000,48\] by its config.json/],
  ['num_hidden_layers', 3, /has no "encoder.layer.2.attention.self.query.weight", wanted \[48,48\]/],
  [
    'num_hidden_layers',
    1,
    /has "encoder.layer.1.attention.output.LayerNorm.(bias|weight)", which a BERT of 1 layers lacks/,
  ],
])('config.json with %s %s is told', async (key, value, message) => {
  await expectRefused(tinyFiles({ 'config.json': changedJson('config.json', { [key]: value }) }), message)
})

test.each([
  [
    'a bias',
    { bias: true },
    /1_Dense\/config.json: "bias" is true; what can be trained is a projection by a matrix alone/,
  ],
  [
    'an activation',
    { activation_function: 'torch.nn.modules.activation.Tanh' },
    /"activation_function" is "torch.nn.modules.activation.Tanh"/,
  ],
  ['a residual', { use_residual: true }, /"use_residual" is true/],
  ['another width', { out_features: 32 }, /says that vectors have 32 numbers, the projection gives 16/],
])('a projection with %s is told', async (_, changes, message) => {
  const config = {
    in_features: 48,
    out_features: 16,
    bias: false,
    activation_function: 'torch.nn.modules.linear.Identity',
  }
  await expectRefused(tinyFiles({ '1_Dense/config.json': JSON.stringify({ ...config, ...changes }) }), message)
})

test.each<[string, ModelFiles, RegExp]>([
  [
    'no weights',
    tinyFiles({ 'model.safetensors': undefined }),
    /has no weights: looked for model.safetensors and onnx\/f32.onnx/,
  ],
  [
    "PyTorch's own file",
    tinyFiles({ 'model.safetensors': undefined, 'pytorch_model.bin': 'PK' }),
    /another form than one model.safetensors/,
  ],
  [
    'two projections',
    tinyFiles({ 'modules.json': '[{"type":"a.Dense","path":"1"},{"type":"b.Dense","path":"2"}]' }),
    /names 2 Dense layers \(1, 2\)/,
  ],
  ['modules.json that is a page', tinyFiles({ 'modules.json': '<html>' }), /modules.json is not JSON/],
  [
    'no projection where one is named',
    tinyFiles({ '1_Dense/model.safetensors': undefined }),
    /has no 1_Dense\/model.safetensors/,
  ],
  [
    'a projection for a wider encoder',
    tinyFiles({
      '1_Dense/model.safetensors': saved([['linear.weight', { shape: [8, 96], data: new Float32Array(768) }]]),
    }),
    /"linear.weight" as \[8,96\], wanted \[dim, 48\]/,
  ],
  ['no config.json', tinyFiles({ 'config.json': undefined }), /has no config.json/],
  [
    'a weight that is no number',
    tinyFiles({ 'model.safetensors': saved(withNaN()) }),
    /"embeddings.token_type_embeddings.weight" holds NaN \(number 3\)/,
  ],
  [
    'packed weights that are cut off',
    packedFiles({ 'onnx/weights.bin': fixture('onnx/weights.bin').subarray(0, 200_000) }),
    /f32.onnx puts ".*" at byte \d+ of weights.bin, \d+ long, wanted \d+ within its 200000 bytes/,
  ],
  [
    'packed weights that are not there',
    packedFiles({ 'onnx/weights.bin': undefined }),
    /has no onnx\/weights.bin, where its graph keeps the weights/,
  ],
  [
    'a graph of another exporter',
    packedFiles({ 'onnx/f32.onnx': renamedIn('word', 'wxyz') }),
    /no graph that Selvage packed/,
  ],
  [
    'a page in place of the graph',
    packedFiles({ 'onnx/f32.onnx': '<!doctype html><html></html>' }),
    /is no ONNX graph/,
  ],
  [
    'a truncated graph',
    packedFiles({ 'onnx/f32.onnx': fixture('onnx/f32.onnx').subarray(0, 9000) }),
    /is no ONNX graph, or a truncated one/,
  ],
  [
    'a graph of a smaller model',
    packedFiles({ 'config.json': changedJson('config.json', { intermediate_size: 192 }) }),
    /has "0.intermediate.dense" as \[96,48\] of type 2, wanted \[192,48\] of type 2/,
  ],
])('%s: told', async (_, files, message) => {
  await expectRefused(files, message)
})

async function expectRefused(files: ModelFiles, message: RegExp): Promise<void> {
  const named = withFiles({ ...files, location: 'm' }, {})
  await expect(readCheckpoint(named)).rejects.toThrow(
    expect.objectContaining({
      code: expect.stringMatching(/^model-(invalid|missing)$/),
      message: expect.stringMatching(message),
    }),
  )
}

function withNaN(): Map<string, Tensor> {
  const name = 'embeddings.token_type_embeddings.weight'
  const { shape, data } = stored().get(name)!
  return stored().set(name, { shape, data: data.slice().fill(Number.NaN, 3, 4) })
}

/** Our graph with another name for a weight. */
function renamedIn(name: string, other: string): Uint8Array {
  return Buffer.from(Buffer.from(fixture('onnx/f32.onnx')).toString('latin1').replaceAll(name, other), 'latin1')
}
