import { afterEach, expect, test, vi } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { type Open, sharedEngine } from '../../src/widget/engines.ts'
import { FakeEngine } from '../support/fakeEngine.ts'

afterEach(() => void vi.unstubAllGlobals())

test('one engine for one index and model, however their addresses are written', async () => {
  vi.stubGlobal('document', { baseURI: 'https://example.org/docs/' })
  const opened: Parameters<Open>[0][] = []
  const open: Open = async (options) => {
    opened.push(options)
    return new FakeEngine()
  }
  const engine = sharedEngine('search/', '/model/', open)
  expect(sharedEngine('./search/', 'https://example.org/model/', open)).toBe(engine)
  expect(sharedEngine('search/', '/other/', open)).not.toBe(engine)
  // The page has another address by the time it is opened.
  vi.stubGlobal('document', { baseURI: 'https://example.org/elsewhere/' })
  expect(sharedEngine('search/', '/model/', open)).not.toBe(engine)
  await Promise.all([engine.open(), engine.open()])
  expect(opened).toMatchObject([
    { index: 'https://example.org/docs/search/', model: 'https://example.org/model/', lazy: true },
  ])
})

test('what is no address is left for the engine to refuse', async () => {
  vi.stubGlobal('document', { baseURI: 'https://example.org/docs/' })
  const refused = new SelvageError('invalid-argument', 'no address')
  const open = vi.fn<Open>().mockRejectedValue(refused)
  await expect(sharedEngine('http://:', '/model/', open).open()).rejects.toBe(refused)
  expect(open.mock.calls[0]![0]).toMatchObject({ index: 'http://:' })
})

test('an opening that failed is forgotten', async () => {
  const open = vi
    .fn<Open>()
    .mockRejectedValueOnce(new SelvageError('worker-died', 'gone'))
    .mockResolvedValue(new FakeEngine())
  const engine = sharedEngine('https://example.org/index/', 'https://example.org/model/', open)
  await expect(engine.open()).rejects.toMatchObject({ code: 'worker-died' })
  expect(engine.failure).toBeUndefined() // no fault of the model
  await engine.open()
  expect(engine.opened).toBeDefined()
})
