import { expect, test, vi } from 'vitest'
import { type EngineOptions, SharedEngine } from '../../src/adapters/shared.ts'
import { SelvageError } from '../../src/errors.ts'
import { FakeSelvage, newAddress } from './fakeSelvage.ts'

function engine(fake: FakeSelvage, options: EngineOptions = {}): SharedEngine {
  return new SharedEngine({ ...newAddress(), ...options }, fake.open)
}

test('nothing is opened before it is asked for, and then lazily, with the model in the index folder', async () => {
  const fake = new FakeSelvage()
  const address = newAddress()
  const own = new SharedEngine({ index: address.index }, fake.open)
  expect(fake.opened).toEqual([])
  await own.search('cat', { k: 3 })
  await own.filters()
  expect(fake.opened).toEqual([{ ...address, lazy: true, onProgress: expect.any(Function) }])
})

test('words until the model is there, both from then on', async () => {
  const fake = new FakeSelvage()
  let ready = () => {}
  fake.model = new Promise<void>((resolve) => {
    ready = resolve
  })
  const own = engine(fake)
  expect(await own.search('cat', {})).toMatchObject({ result: { mode: 'keyword' }, model: 'loading' })
  ready()
  const better = { result: { mode: 'hybrid' }, model: 'ready' }
  await vi.waitFor(async () => expect(await own.search('cat', {})).toMatchObject(better))
  expect(fake.asked.at(-1)?.mode).toBeUndefined() // an index without words is searched by meaning
})

test('other modes wait for what they need', async () => {
  const fake = new FakeSelvage()
  expect((await engine(fake, { mode: 'semantic' }).search('cat', {})).result.mode).toBe('semantic')
  expect((await engine(fake, { mode: 'hybrid' }).search('cat', {})).result.mode).toBe('hybrid')
  const words = engine(fake, { mode: 'keyword' })
  fake.model = Promise.reject(new SelvageError('internal', 'The model is not to be asked for.'))
  fake.model.catch(() => {})
  await words.preload()
  expect(await words.search('cat', {})).toMatchObject({ result: { mode: 'keyword' }, model: 'none' })
})

test('without its model words are searched, and the answer says why', async () => {
  const fake = new FakeSelvage()
  const missing = new SelvageError('model-missing', 'There is no model.')
  fake.model = Promise.reject(missing)
  fake.model.catch(() => {})
  const own = engine(fake)
  await own.preload()
  await vi.waitFor(async () =>
    expect(await own.search('cat', {})).toMatchObject({
      result: { mode: 'keyword' },
      model: 'failed',
      modelError: missing,
    }),
  )
})

test('a model that fails in the middle is replaced by words; what is wrong with the query is told', async () => {
  const fake = new FakeSelvage()
  const own = engine(fake)
  await own.preload()
  await vi.waitFor(async () => expect((await own.search('cat', {})).model).toBe('ready'))
  fake.instead = async ({ mode }) => {
    if (mode !== 'keyword') throw new SelvageError('invalid-argument', 'There is no such filter.')
  }
  await expect(own.search('cat', {})).rejects.toThrow('no such filter')
  fake.instead = async ({ mode }) => {
    if (mode !== 'keyword') throw new SelvageError('worker-died', 'The encoder stopped.')
  }
  expect(await own.search('cat', {})).toMatchObject({
    result: { mode: 'keyword' },
    model: 'failed',
    modelError: { code: 'worker-died' },
  })
})

test('one for all who name the same index; the last one closes it', async () => {
  const fake = new FakeSelvage()
  const address = newAddress()
  const heard: string[] = []
  const [a, b] = ['a', 'b'].map(
    (name) => new SharedEngine({ ...address, onProgress: () => heard.push(name) }, fake.open),
  ) as [SharedEngine, SharedEngine]
  await Promise.all([a.search('cat', {}), b.search('cat', {})])
  expect(fake.opened).toHaveLength(1)
  fake.opened[0]?.onProgress?.({ stage: 'model', loaded: 1, total: 2, unit: 'bytes' })
  expect(heard).toEqual(['a', 'b'])
  a.close()
  expect(fake.closed).toBe(0)
  b.close()
  await vi.waitFor(() => expect(fake.closed).toBe(1))
  await a.search('cat', {})
  expect(fake.opened).toHaveLength(2)
})

test('what could not be opened is tried again by the next search', async () => {
  const fake = new FakeSelvage()
  let isUp = false
  const own = new SharedEngine(newAddress(), (options) => {
    if (!isUp) return Promise.reject(new SelvageError('index-missing', 'There is no index.'))
    return fake.open(options)
  })
  await expect(own.search('cat', {})).rejects.toThrow('There is no index')
  isUp = true
  expect((await own.search('cat', {})).result.query).toBe('cat')
})

test('preload reads what a query needs, and hides what only the query is about', async () => {
  const fake = new FakeSelvage()
  const own = engine(fake)
  await own.preload()
  expect(fake.asked).toEqual([])
  await own.preload('cat')
  expect(fake.asked).toEqual([{ query: 'cat', k: 1, mode: 'keyword' }])
  fake.instead = async () => {
    throw new SelvageError('download-failed', 'No network.')
  }
  await own.preload('dog')
})

test('a mode or an option that there is not is refused', () => {
  expect(() => new SharedEngine(JSON.parse('{ "mode": "fuzzy" }'))).toThrow('mode is "fuzzy"')
  expect(() => new SharedEngine(JSON.parse('{ "idx": "/search/" }'))).toThrow('unknown option "idx"')
})
