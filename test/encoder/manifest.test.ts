/** The default model's folder is what its manifest says, and fits any static host. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { makeManifest, parseManifest } from '../../src/encoder/manifest.ts'
import { folderFiles, listModelFiles } from '../../src/node/modelFiles.ts'

const MINI = fileURLToPath(new URL('../../public/models/selvage-mini', import.meta.url))
const files = folderFiles(MINI)
const stored = async () => JSON.parse(new TextDecoder().decode(await files.read('selvage.json')))

test('public/models/selvage-mini/selvage.json is up to date', async () => {
  const manifest = await makeManifest(files, await listModelFiles(MINI), 'selvage-mini')
  expect(await stored()).toEqual(manifest)
  expect(parseManifest(await stored(), 'selvage.json')).toEqual(manifest)
  expect(manifest.graphs).toEqual({ webgpu: 'onnx/webgpu.onnx', wasm: 'onnx/wasm.onnx', f32: 'onnx/f32.onnx' })
  expect(manifest.externalData).toEqual(['onnx/weights.bin'])
  expect(manifest.probe).toBe('probe.json')
})

test('no file is over the 25 MB that some hosts allow', async () => {
  for (const path of await listModelFiles(MINI)) {
    expect((await stat(join(MINI, path))).size, path).toBeLessThan(25_000_000)
  }
})

test('graphs and the probe do not change what an index remembers of the model; weights do', async () => {
  const paths = await listModelFiles(MINI)
  const changed = (name: string) => ({
    ...files,
    read: async (path: string) => (path === name ? new Uint8Array([1]) : files.read(path)),
  })
  const { hash } = await makeManifest(files, paths, 'selvage-mini')
  expect((await makeManifest(changed('probe.json'), paths, 'x')).hash).toBe(hash)
  expect((await makeManifest(changed('tokenizer.json'), paths, 'x')).hash).not.toBe(hash)
  expect(
    (
      await makeManifest(
        files,
        paths.filter((path) => path !== 'onnx/webgpu.onnx'),
        'x',
      )
    ).hash,
  ).toBe(hash)
})
