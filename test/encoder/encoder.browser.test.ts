/** The encoder in a real Chromium: onnxruntime-web on wasm and, on whatever adapter there is, on WebGPU. */
import { afterEach, describe, expect, inject, test } from 'vitest'
import type { Encoder, ModelFiles } from '../../src/encoder/encoder.ts'
import { loadEncoder } from '../../src/encoder/load.ts'
import type { RuntimeBuild } from '../../src/encoder/runtime.ts'
import type { Progress } from '../../src/types.ts'
import { closeness, type Golden, withFiles } from './support.ts'

const BUILDS: Readonly<Record<RuntimeBuild, string>> = {
  webgpu: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.asyncify.wasm',
  wasm: '/node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm',
}
const MINI = folder('/models/selvage-mini')
const TINY = folder('/test/fixtures/golden/bert-expansion')

function folder(location: string): ModelFiles {
  return {
    location,
    async read(path) {
      const response = await fetch(`${location}/${path}`)
      const isPage = response.headers.get('content-type')?.startsWith('text/html') // Vite's answer for what is not there
      return response.ok && !isPage ? new Uint8Array(await response.arrayBuffer()) : undefined
    },
  }
}

const golden = async (name: string): Promise<Golden> =>
  (await fetch(`/test/fixtures/golden/${name}/golden.json`)).json()
/** The builds that were asked for, in this page. */
const asked: RuntimeBuild[] = []
async function runtime(build: RuntimeBuild): Promise<Uint8Array> {
  asked.push(build)
  return new Uint8Array(await (await fetch(BUILDS[build])).arrayBuffer())
}

let encoder: Encoder | undefined
afterEach(async () => {
  await encoder?.close()
  encoder = undefined
})

describe('wasm', () => {
  test('the default model gives the vectors of PyLate, 8-bit close', { timeout: 120_000 }, async () => {
    const seen: Progress[] = []
    encoder = await loadEncoder({
      files: MINI,
      backend: 'wasm',
      runtime,
      onProgress: (progress) => seen.push(progress),
    })
    expect(encoder.backend).toBe('wasm')
    expect(encoder.refused).toEqual([])
    expect(encoder.device).toBe('one thread')
    expect(asked).toEqual(['wasm'])
    const { mean, worst, rows, worstAt } = await closeness(encoder, await golden('selvage-mini'))
    console.log(
      `wasm graph in Chromium: ${rows} rows, mean cosine ${mean.toFixed(5)}, worst ${worst.toFixed(5)} (${worstAt})`,
    )
    expect(mean).toBeGreaterThanOrEqual(0.99)
    expect(worst).toBeGreaterThanOrEqual(0.95)

    const downloads = seen.filter(({ stage }) => stage === 'model')
    expect(new Set(downloads.slice(1).map(({ total }) => total)).size, 'a total that does not move').toBe(1)
    expect(downloads.at(-1)?.loaded).toBe(downloads.at(-1)?.total)

    const times: number[] = []
    for (let i = 0; i < 8; i++) {
      const start = performance.now()
      await encoder.encodeQuery(`how do I rename column ${i}?`)
      times.push(performance.now() - start)
    }
    console.log(`a query of 32 tokens on one wasm thread: ${Math.min(...times).toFixed(0)} ms at best`)
  })

  test('auto passes over a software adapter and says so', { timeout: 60_000 }, async () => {
    encoder = await loadEncoder({ files: TINY, runtime })
    if (encoder.backend === 'wasm') expect(encoder.refused).toEqual([{ backend: 'webgpu', reason: expect.any(String) }])
    const { worst } = await closeness(encoder, await golden('bert-expansion'))
    expect(worst).toBeGreaterThanOrEqual(0.999)
  })

  test('calls that overlap are run one after the other', { timeout: 60_000 }, async () => {
    encoder = await loadEncoder({ files: TINY, backend: 'wasm', runtime })
    const second = loadEncoder({ files: TINY, backend: 'wasm', runtime })
    const [one, , again] = await Promise.all([
      encoder.encodeQuery('one'),
      encoder.encodeQuery('two'),
      encoder.encodeQuery('one'),
    ])
    expect(again).toEqual(one)
    const other = await second
    expect(await other.encodeQuery('one')).toEqual(one)
    await other.close()
  })

  test('a backend that fails the probe is refused with its cosines', { timeout: 60_000 }, async () => {
    const { probe, name } = await wrongProbe()
    const files = withFiles(TINY, { 'probe.json': probe, 'selvage.json': await manifestFor(TINY, probe, name) })
    await expect(loadEncoder({ files, backend: 'wasm', runtime })).rejects.toMatchObject({
      code: 'backend-unavailable',
      message: expect.stringMatching(/wasm: its vectors differ from the model's own: cosine -?0\.\d+ on average/),
    })
  })
})

describe('WebGPU', () => {
  test('a small model gives the vectors of PyLate; a lost device rejects', { timeout: 180_000 }, async ({ skip }) => {
    const adapter = await navigator.gpu?.requestAdapter()
    if (!adapter && inject('requireWebGpu')) expect.fail('CI must have WebGPU, and this Chromium has no adapter')
    skip(!adapter, 'no WebGPU adapter')
    const devices = watchDevices()
    encoder = await loadEncoder({ files: TINY, backend: 'webgpu', runtime })
    expect(encoder.backend).toBe('webgpu')
    const { queries, documents } = await golden('bert-expansion')
    const some: Golden = { queries: queries.slice(0, 2), documents: documents.slice(3, 5) }
    const { mean, worst, rows } = await closeness(encoder, some)
    console.log(`WebGPU on ${encoder.device}: ${rows} rows, mean cosine ${mean.toFixed(6)}, worst ${worst.toFixed(6)}`)
    expect(worst).toBeGreaterThanOrEqual(0.999)

    const pending = encoder.encodeQuery('how do I rename a column?')
    devices.at(-1)?.destroy()
    const outcome = await pending.then(
      () => 'done before the loss',
      (error: unknown) => error,
    )
    if (outcome !== 'done before the loss') expect(outcome).toMatchObject({ code: 'device-lost' })
    await expect(encoder.encodeQuery('again')).rejects.toMatchObject({ code: 'device-lost' })

    // What comes next on the CPU uses the build that runs already.
    const onCpu = await loadEncoder({
      files: TINY,
      backend: 'wasm',
      runtime: () => expect.fail('a build is asked for'),
    })
    expect((await closeness(onCpu, some)).worst).toBeGreaterThanOrEqual(0.999)
    await onCpu.close()
    expect(asked.filter((build) => build === 'webgpu')).toHaveLength(1)
  })
})

/** The devices that are made from now on. */
function watchDevices(): GPUDevice[] {
  const devices: GPUDevice[] = []
  const { requestDevice } = GPUAdapter.prototype
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor)
    devices.push(device)
    return device
  }
  return devices
}

/** A probe with the right ids and the document's vectors turned around, as a broken driver might give them. */
async function wrongProbe(): Promise<{ probe: string; name: string }> {
  const { queries, documents } = await golden('bert-expansion')
  const [query] = queries
  const document = documents[3]
  if (query === undefined || document === undefined) throw new Error('bert-expansion/golden.json is too short')
  const turned = { ...document, embeddings: document.embeddings.map((row) => row.toReversed()) }
  return { probe: JSON.stringify({ query, document: turned }), name: 'with a wrong probe' }
}

async function manifestFor(files: ModelFiles, probe: string, name: string): Promise<string> {
  const { makeManifest } = await import('../../src/encoder/manifest.ts')
  const paths = [
    'model.onnx',
    'config.json',
    'config_sentence_transformers.json',
    'tokenizer.json',
    'tokenizer_config.json',
  ]
  return JSON.stringify(await makeManifest(withFiles(files, { 'probe.json': probe }), [...paths, 'probe.json'], name))
}
