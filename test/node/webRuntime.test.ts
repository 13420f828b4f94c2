/** A page's runtime in Node: the model by onnxruntime-web's wasm, through the public door. */
import { expect, test } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { openFolder } from '../../src/node/index.ts'
import { DEFAULT_MODEL, openNodeEncoder } from '../../src/node/model.ts'
import { commandLine } from '../support/command.ts'

const { at, write } = commandLine('selvage-web-runtime-')

test('vectors are near to those of onnxruntime-node, and not the same: another graph ran', async () => {
  const text = 'how do I keep inputs when switching tabs'
  const [f32, wasm] = [await openNodeEncoder({}), await openNodeEncoder({ backend: 'wasm' })]
  try {
    expect([f32.backend, wasm.backend]).toEqual(['node', 'wasm'])
    expect(wasm.model.hash).toBe(f32.model.hash)
    const [one, other] = [(await f32.encodeQuery(text)).matrix, (await wasm.encodeQuery(text)).matrix]
    const cosines = Array.from({ length: one.rows }, (_, row) => {
      const of = ({ data, dim }: typeof one) => data.subarray(row * dim, (row + 1) * dim)
      return of(one).reduce((sum, value, e) => sum + value * (of(other)[e] ?? 0), 0)
    })
    expect(cosines.reduce((sum, cosine) => sum + cosine, 0) / cosines.length).toBeGreaterThan(0.98)
    expect([...other.data]).not.toEqual([...one.data])
    expect([...(await wasm.encodeQuery(text)).matrix.data], 'the same each time').toEqual([...other.data])
  } finally {
    await f32.close()
    await wasm.close()
  }
})

test('an index is searched with it where it is asked for', async () => {
  await write(
    'docs.jsonl',
    '{"id":"cats","text":"A cat sleeps most of the day."}\n{"id":"moon","text":"Tides follow it."}\n',
  )
  expect(await run(['build', at('docs.jsonl'), '-o', at('index')])).toBe(0)
  const index = await openFolder(at('index'), { model: DEFAULT_MODEL, encoder: 'wasm' })
  const answer = await index.search('a pet that naps', { mode: 'semantic' })
  expect(answer.encoder).toBe('wasm')
  expect(answer.hits[0]?.url).toBe('/cats')
  await index.close()
  // @ts-expect-error JavaScript can say anything
  await expect(openFolder(at('index'), { encoder: 'abacus' })).rejects.toMatchObject({
    code: 'invalid-argument',
    message: 'openFolder: encoder is "abacus", wanted node or wasm.',
  })
})
