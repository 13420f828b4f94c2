/** The tiny checkpoint of PyLate's that training's tests share: its weights, over the golden model's other files. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { readSafetensors, writeSafetensors } from '../../src/training/safetensors.ts'
import type { Checkpoint } from '../../src/training/types.ts'
import { withFiles } from '../encoder/support.ts'

const path = (relative: string) => fileURLToPath(new URL(`../fixtures/${relative}`, import.meta.url))

export const GOLDEN = 'bert-expansion'

export const fixture = (name: string): Uint8Array => readFileSync(path(`training/checkpoint/${name}`))

/** As PyLate saved it: configuration, tokenizer, weights in f32. No graph. */
export function tinyFiles(changes: Record<string, Uint8Array | string | undefined> = {}): ModelFiles {
  return withFiles(folderFiles(path(`golden/${GOLDEN}`)), {
    'model.safetensors': fixture('model.safetensors'),
    '1_Dense/model.safetensors': fixture('1_Dense/model.safetensors'),
    'model.onnx': undefined,
    ...changes,
  })
}

export const tinyCheckpoint = (): Promise<Checkpoint> => readCheckpoint(tinyFiles())

/** The same, as `pack.py` packed it: no weights but those of the graphs. */
export function packedFiles(changes: Record<string, Uint8Array | string | undefined> = {}): ModelFiles {
  const graphs = ['weights.bin', 'f32.onnx', 'wasm.onnx', 'webgpu.onnx'].map((name) => [
    `onnx/${name}`,
    fixture(`onnx/${name}`),
  ])
  return tinyFiles({
    'model.safetensors': undefined,
    '1_Dense/model.safetensors': undefined,
    ...Object.fromEntries(graphs),
    ...changes,
  })
}

/** The golden model as it was before PyLate: no markers, no rows for them, no projection, padding with [PAD]. */
export function tinyBiEncoder(changes: Record<string, Uint8Array | string | undefined> = {}): ModelFiles {
  const { added_tokens: added, ...tokenizer } = goldenJson('tokenizer.json')
  const weights = readSafetensors(fixture('model.safetensors'))
  const table = weights.get(WORD_TABLE)!
  weights.set(WORD_TABLE, { shape: [2000, 48], data: table.data.slice(0, 2000 * 48) })
  return tinyFiles({
    'model.safetensors': writeSafetensors(weights),
    '1_Dense/model.safetensors': undefined,
    'modules.json':
      '[{"type":"sentence_transformers.models.Transformer","path":""},{"type":"x.Pooling","path":"1_Pooling"}]',
    'config_sentence_transformers.json': '{"prompts":{"query":"query: "},"similarity_fn_name":"cosine"}',
    'tokenizer.json': JSON.stringify({
      ...tokenizer,
      added_tokens: added.filter(({ id }: { id: number }) => id < 2000),
      truncation: { max_length: 128, strategy: 'LongestFirst', stride: 0 },
      padding: {
        strategy: { Fixed: 128 },
        direction: 'Right',
        pad_to_multiple_of: null,
        pad_id: 0,
        pad_type_id: 0,
        pad_token: '[PAD]',
      },
    }),
    'tokenizer_config.json': changedJson('tokenizer_config.json', { pad_token: '[PAD]' }),
    'config.json': changedJson('config.json', { vocab_size: 2000 }),
    ...changes,
  })
}

const WORD_TABLE = 'embeddings.word_embeddings.weight'

/** A JSON file of the golden model. */
export const goldenJson = (name: string) => JSON.parse(readFileSync(path(`golden/${GOLDEN}/${name}`), 'utf8'))

/** A JSON file of the golden model with fields changed; undefined takes one away. */
export function changedJson(name: string, changes: Record<string, unknown>): string {
  return JSON.stringify({ ...goldenJson(name), ...changes })
}

export const golden = () => goldenJson('golden.json')

/** Whether all weights are the same, bit for bit. */
export function isSameWeights(a: Checkpoint['weights'], b: Checkpoint['weights']): boolean {
  if (a.size !== b.size) return false
  return [...a].every(([name, { shape, data }]) => {
    const other = b.get(name)
    return (
      other !== undefined &&
      String(shape) === String(other.shape) &&
      Buffer.compare(bytesOf(data), bytesOf(other.data)) === 0
    )
  })
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => Buffer.from(buffer, byteOffset, byteLength)
