import { afterEach, expect, test, vi } from 'vitest'
import { browserSurroundings, effectivePreload } from '../../src/widget/intent.ts'
import { FakeSurroundings } from '../support/fakeEngine.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test.each([
  [{}, ['eager', 'idle', 'intent', 'never']],
  [{ memoryGB: 4 }, ['eager', 'idle', 'intent', 'never']],
  [{ memoryGB: 2 }, ['intent', 'intent', 'intent', 'never']],
  [{ memoryGB: 0.5 }, ['intent', 'intent', 'intent', 'never']],
  [{ savesData: true }, ['intent', 'intent', 'intent', 'never']],
])('who saves data or has little memory loads nothing unasked: %o', (changes, wanted) => {
  const surroundings = Object.assign(new FakeSurroundings(), changes)
  const preloads = (['eager', 'idle', 'intent', 'never'] as const).map((name) => effectivePreload(name, surroundings))
  expect(preloads).toEqual(wanted)
})

test('what a browser says is heard', () => {
  const target = new EventTarget()
  vi.stubGlobal('navigator', { connection: { saveData: true }, deviceMemory: 2, onLine: false })
  vi.stubGlobal('isSecureContext', false)
  vi.stubGlobal('addEventListener', target.addEventListener.bind(target))
  const surroundings = browserSurroundings()
  expect(surroundings).toMatchObject({ savesData: true, memoryGB: 2, isSecure: false })
  expect(surroundings.isOnline()).toBe(false)
  const call = vi.fn()
  const stop = surroundings.onNetwork(call)
  target.dispatchEvent(new Event('online'))
  target.dispatchEvent(new Event('offline'))
  expect(call).toHaveBeenCalledTimes(2)
  stop()
  target.dispatchEvent(new Event('online'))
  expect(call).toHaveBeenCalledTimes(2)
})

test('what a browser does not say is nothing against loading', () => {
  vi.stubGlobal('navigator', {})
  const surroundings = browserSurroundings()
  expect(surroundings).toMatchObject({ savesData: false, memoryGB: undefined, isSecure: true })
  expect(surroundings.isOnline()).toBe(true)
})

test('idle: when the browser says so, and after a second where it never does', () => {
  vi.useFakeTimers()
  const call = vi.fn()
  browserSurroundings().whenIdle(call)
  const stop = browserSurroundings().whenIdle(call)
  stop()
  vi.advanceTimersByTime(999)
  expect(call).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(call).toHaveBeenCalledTimes(1)

  const request = vi.fn(() => 7)
  const cancel = vi.fn()
  vi.stubGlobal('requestIdleCallback', request)
  vi.stubGlobal('cancelIdleCallback', cancel)
  browserSurroundings().whenIdle(call)()
  expect(request).toHaveBeenCalledWith(call, { timeout: 5000 })
  expect(cancel).toHaveBeenCalledWith(7)
})
