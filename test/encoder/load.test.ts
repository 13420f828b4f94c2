/** Opening a model: faults of its folder, the choice of a backend and what is said about the ones passed over. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { type LoadEncoderOptions, loadEncoder } from '../../src/encoder/load.ts'
import { makeManifest } from '../../src/encoder/manifest.ts'
import type { Runtime, Session } from '../../src/encoder/runtime.ts'
import { SelvageError } from '../../src/errors.ts'
import { folderFiles, listModelFiles } from '../../src/node/modelFiles.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import type { EncoderBackend, Progress } from '../../src/types.ts'
import { type Golden, withFiles } from './support.ts'

const path = (relative: string) => fileURLToPath(new URL(`../../${relative}`, import.meta.url))
const TINY_FOLDER = path('test/fixtures/golden/bert-expansion')
const TINY = folderFiles(TINY_FOLDER)
const MINI = folderFiles(path('public/models/selvage-mini'))
const inference = nodeRuntime({ threads: 1 })
const load = (files: ModelFiles, options: Partial<LoadEncoderOptions> = {}) =>
  loadEncoder({ files, inference, ...options })
const bytesOf = async (files: ModelFiles, name: string): Promise<Uint8Array> => {
  const bytes = await files.read(name)
  if (bytes === undefined) throw new Error(`${files.location} has no ${name}`)
  return bytes
}

/** The tiny model with a manifest and, if given, a probe. */
async function withManifest(probe?: object): Promise<ModelFiles> {
  const files = withFiles(TINY, probe === undefined ? {} : { 'probe.json': JSON.stringify(probe) })
  const paths = [...(await listModelFiles(TINY_FOLDER)), ...(probe === undefined ? [] : ['probe.json'])]
  const manifest = await makeManifest(files, paths, 'tiny')
  return withFiles(files, {
    'selvage.json': JSON.stringify(manifest),
    ...(probe && { 'probe.json': JSON.stringify(probe) }),
  })
}

async function goldenProbe() {
  const golden: Golden = JSON.parse(await readFile(join(TINY_FOLDER, 'golden.json'), 'utf8'))
  const [query] = golden.queries
  const document = golden.documents[3]
  if (query === undefined || document === undefined) throw new Error('golden.json is too short')
  return { query, document }
}

describe('a folder with a manifest', () => {
  test('a missing file is named', async () => {
    for (const name of ['onnx/weights.bin', 'tokenizer.json', 'probe.json', 'onnx/f32.onnx']) {
      await expect(load(withFiles(MINI, { [name]: undefined }))).rejects.toMatchObject({
        code: 'model-missing',
        message: expect.stringMatching(`has no ${name}, which its selvage.json lists. Copy the whole model folder.`),
      })
    }
  })

  test('a truncated file is told by its size', async () => {
    const weights = await bytesOf(MINI, 'onnx/weights.bin')
    // A page's address of a folder ends with a slash.
    const cut = { ...withFiles(MINI, { 'onnx/weights.bin': weights.subarray(0, 1_000_000) }), location: 'models/mini/' }
    await expect(load(cut)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(
        /^models\/mini\/onnx\/weights\.bin has 1000000 bytes, its selvage\.json says 23885568 \(23\.9 MB\): it was truncated or replaced\. Fetch it again/,
      ),
    })
  })

  test('a changed file of the same size by its hash', async () => {
    const weights = Uint8Array.from(await bytesOf(MINI, 'onnx/weights.bin'))
    weights[12_345_678] = (weights[12_345_678] ?? 0) ^ 1
    await expect(load(withFiles(MINI, { 'onnx/weights.bin': weights }))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/onnx\/weights\.bin has the right size but other contents/),
    })
  })

  test('a manifest that is no JSON, of another format, or refers to what it does not list', async () => {
    const broken = (text: string) => load(withFiles(MINI, { 'selvage.json': text }))
    await expect(broken('<!doctype html><title>404</title>')).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/selvage\.json is not JSON.*begin with "<!doctype html>.*error page/),
    })
    await expect(broken('{"format": 2}')).rejects.toThrow(/has format 2; this version of Selvage reads format 1/)
    const unlisted = '{"format":1,"name":"x","hash":"h","graphs":{"f32":"a.onnx"},"files":{}}'
    await expect(broken(unlisted)).rejects.toThrow(/refers to a\.onnx, which is not in its "files"/)
    await expect(
      broken('{"format":1,"name":5,"hash":"h","graphs":{"f32":"a"},"files":{"a":{"bytes":1,"sha256":""}}}'),
    ).rejects.toThrow(/"name" is 5, wanted a string/)
  })

  test('progress has a total that does not move, and reaches it', async () => {
    const seen: Progress[] = []
    const encoder = await load(MINI, { onProgress: (progress) => seen.push(progress) })
    await encoder.close()
    const model = seen.filter(({ stage }) => stage === 'model')
    expect(new Set(model.map(({ total }) => total)).size).toBe(1)
    expect(model.at(-1)?.loaded).toBe(model.at(-1)?.total)
    expect(model.at(-1)?.total).toBeGreaterThan(24_000_000)
    expect(seen.filter(({ stage }) => stage === 'compile').map(({ loaded }) => loaded)).toEqual([0, 1, 2])
    expect(encoder.model.name).toBe('selvage-mini')
  })
})

describe('a folder without a manifest', () => {
  test('loads, and its hash is that of its files', async () => {
    const [one, again] = [await load(TINY), await load(TINY)]
    expect(one.model).toEqual(again.model)
    expect(one.model).toMatchObject({ name: 'bert-expansion', dim: 16, queryLength: 24, documentLength: 64 })
    expect(one.model.hash).toMatch(/^[0-9a-f]{64}$/)
    const other = await load(withFiles(TINY, { 'sentence_bert_config.json': '{"do_lower_case": true}' }))
    expect(other.model.hash).not.toBe(one.model.hash)
    await Promise.all([one, again, other].map((encoder) => encoder.close()))
  })

  test.each([
    ['model.onnx', /has no graph: looked for selvage\.json, onnx\/model\.onnx, model\.onnx/],
    ['tokenizer.json', /has no tokenizer\.json\. Copy the whole model folder/],
    ['tokenizer_config.json', /has no tokenizer_config\.json/],
    ['config_sentence_transformers.json', /has no config_sentence_transformers\.json \(nor onnx_config\.json\)/],
  ])('%s missing', async (name, message) => {
    await expect(load(withFiles(TINY, { [name]: undefined }))).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringMatching(message),
    })
  })

  test('a truncated graph and a truncated tokenizer', async () => {
    const graph = await bytesOf(TINY, 'model.onnx')
    await expect(load(withFiles(TINY, { 'model.onnx': graph.subarray(0, 300_000) }))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/model\.onnx cannot be read \(300000 bytes\): it or its weights are truncated/),
    })
    const json = await bytesOf(TINY, 'tokenizer.json')
    await expect(load(withFiles(TINY, { 'tokenizer.json': json.subarray(0, 9999) }))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/tokenizer\.json is not JSON: 9999 bytes/),
    })
  })

  test("next-plaid's layout: onnx_config.json, and no tokenizer_config.json", async () => {
    const pylate = JSON.parse(new TextDecoder().decode(await bytesOf(TINY, 'config_sentence_transformers.json')))
    const files = withFiles(TINY, {
      'config_sentence_transformers.json': undefined,
      'tokenizer_config.json': undefined,
      'onnx_config.json': JSON.stringify({ ...pylate, mask_token_id: 6, embedding_dim: 16 }),
    })
    const [theirs, ours] = [await load(files), await load(TINY)]
    const text = 'how do I rename a column?'
    expect(await theirs.encodeQuery(text)).toEqual(await ours.encodeQuery(text))
    await Promise.all([theirs.close(), ours.close()])
  })

  test('truncated external weights', async () => {
    const weights = await bytesOf(MINI, 'onnx/weights.bin')
    const files = withFiles(MINI, { 'selvage.json': undefined, 'onnx/weights.bin': weights.subarray(0, 9_000_000) })
    await expect(load(files)).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/f32\.onnx cannot be read .* its weights are truncated/),
    })
  })

  test('on disk: a folder that is not there', async () => {
    await expect(load(folderFiles('/no/such/model'))).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringMatching('/no/such/model'),
    })
  })

  test('a graph without its projection', async () => {
    const dense = '{"in_features": 48, "out_features": 128}'
    await expect(load(withFiles(TINY, { '1_Dense/config.json': dense }))).rejects.toThrow(
      /gives vectors of 16 numbers, its configuration says 128/,
    )
  })
})

test('selvage.json can be written for a folder on disk', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'selvage-model-'))
  try {
    for (const name of [
      'model.onnx',
      'config.json',
      'config_sentence_transformers.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]) {
      await writeFile(join(folder, name), await bytesOf(TINY, name))
    }
    await writeFile(join(folder, 'README.md'), 'not part of the model')
    const manifest = await makeManifest(folderFiles(folder), await listModelFiles(folder), 'mine')
    expect(manifest).toMatchObject({ name: 'mine', graphs: { f32: 'model.onnx' }, externalData: [] })
    expect(Object.keys(manifest.files)).toEqual([
      'config.json',
      'config_sentence_transformers.json',
      'model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    await writeFile(join(folder, 'selvage.json'), JSON.stringify(manifest))
    const encoder = await load(folderFiles(folder))
    expect(encoder.model).toMatchObject({ name: 'mine', hash: manifest.hash })
    await encoder.close()
  } finally {
    await rm(folder, { recursive: true })
  }
})

describe('options', () => {
  test('an unknown one is refused', async () => {
    const wrong = { files: TINY, inference, wasmPath: 'x' }
    await expect(loadEncoder(wrong)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/wasmPath/),
    })
  })
  test('a backend that the runtime does not have', async () => {
    await expect(load(TINY, { backend: 'webgpu' })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
  test('threads', () => {
    expect(() => nodeRuntime({ threads: 0 })).toThrow(SelvageError)
  })
})

test('a policy that forbids WebAssembly is told before anything is fetched', async () => {
  const refuse = () => {
    throw new WebAssembly.CompileError('Refused to compile or instantiate WebAssembly module')
  }
  vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: refuse })
  const read: string[] = []
  const files: ModelFiles = {
    location: 'nowhere',
    read: async (path) => {
      read.push(path)
      return undefined
    },
  }
  await expect(loadEncoder({ files })).rejects.toMatchObject({ code: 'wasm-blocked' })
  expect(read).toEqual([])
  vi.unstubAllGlobals()
})

/** onnxruntime-node under the names of the browser's backends, each with a fault of its own. */
function browserLike(
  faults: Partial<Record<EncoderBackend, 'absent' | 'software' | 'fails' | 'wrong' | 'lost'>>,
): Runtime & { made: EncoderBackend[] } {
  const made: EncoderBackend[] = []
  return {
    made,
    backends: ['webgpu', 'wasm'],
    async unavailable(backend, { allowSoftware }) {
      if (faults[backend] === 'absent') return `no ${backend} here`
      return faults[backend] === 'software' && !allowSoftware ? 'only a software adapter' : undefined
    },
    async create(backend, source): Promise<Session> {
      made.push(backend)
      if (faults[backend] === 'fails') throw new Error('out of memory')
      const session = await inference.create('node', source)
      return {
        ...session,
        device: `fake ${backend}`,
        async run(...args) {
          if (faults[backend] === 'lost') throw new SelvageError('device-lost', 'The GPU device was lost.')
          const vectors = await session.run(...args)
          return faults[backend] === 'wrong' ? vectors.reverse() : vectors
        },
      }
    },
  }
}

describe('the choice of a backend', () => {
  const choose = async (files: ModelFiles, runtime: Runtime, backend?: EncoderBackend) => {
    const encoder = await load(files, { inference: runtime, ...(backend && { backend }) })
    await encoder.close()
    return { backend: encoder.backend, device: encoder.device, refused: encoder.refused }
  }

  test('WebGPU where it passes the probe', async () => {
    const chosen = await choose(await withManifest(await goldenProbe()), browserLike({}))
    expect(chosen).toEqual({ backend: 'webgpu', device: 'fake webgpu', refused: [] })
  })

  test.each([
    ['absent', 'no webgpu here'],
    ['software', 'only a software adapter'],
    ['fails', 'out of memory'],
    ['lost', 'The GPU device was lost.'],
    ['wrong', "its vectors differ from the model's own: cosine "],
  ] as const)('WebGPU %s: wasm, and the reason is on the encoder', async (fault, reason) => {
    const chosen = await choose(await withManifest(await goldenProbe()), browserLike({ webgpu: fault }))
    expect(chosen).toEqual({
      backend: 'wasm',
      device: 'fake wasm',
      refused: [{ backend: 'webgpu', reason: expect.stringContaining(reason) }],
    })
  })

  test('without a probe WebGPU is held against wasm, once', async () => {
    const good = browserLike({})
    expect((await choose(TINY, good)).backend).toBe('webgpu')
    expect(good.made).toEqual(['webgpu', 'wasm'])
    expect(await choose(TINY, browserLike({ webgpu: 'wrong' }))).toMatchObject({
      backend: 'wasm',
      refused: [{ reason: expect.stringContaining('its vectors differ from those of wasm') }],
    })
  })

  test('by name: software too, and nothing else instead', async () => {
    expect(await choose(TINY, browserLike({ webgpu: 'software' }), 'webgpu')).toMatchObject({
      backend: 'webgpu',
      refused: [],
    })
    await expect(choose(TINY, browserLike({ webgpu: 'absent' }), 'webgpu')).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/No backend can run the model of .*bert-expansion\. webgpu: no webgpu here\./),
    })
  })

  test('when nothing works, every reason is given', async () => {
    await expect(choose(TINY, browserLike({ webgpu: 'absent', wasm: 'fails' }))).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/webgpu: no webgpu here; wasm: .*out of memory/),
    })
  })

  test('a tokenizer that does not belong to the model is no fault of a backend', async () => {
    const probe = await goldenProbe()
    const wrong = { ...probe, query: { ...probe.query, input_ids: probe.query.input_ids.with(2, 7) } }
    await expect(load(await withManifest(wrong))).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(/other ids for the probe's query .*token 2: got \d+, wanted 7/),
    })
  })
})
