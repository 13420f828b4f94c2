/** What the command line says of a long task: how fast it goes of late, and how long it will take. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { describe, paceMeter } from '../../src/node/progress.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('rate and time left', () => {
  const event = { stage: 'encode', loaded: 512, total: 1480, unit: 'items' } as const
  expect(describe(event, undefined)).toBe('Encoding passages 512 of 1,480')
  expect(describe(event, 61)).toBe('Encoding passages 512 of 1,480, 61/s, 16 s left')
  expect(describe({ ...event, loaded: 1480 }, 6.14)).toBe('Encoding passages 1,480 of 1,480, 6.1/s')
  expect(describe({ ...event, stage: 'read' }, 61)).toBe('Reading documents 512 of 1,480')
})

test('the pace is that of late: passages that a cache gave at once do not count for long', () => {
  const pace = paceMeter()
  expect(pace(5000)).toBeUndefined() // from the cache, before anything was encoded
  vi.advanceTimersByTime(1000)
  expect(pace(5050)).toBeUndefined()
  for (let second = 2; second < 20; second++) {
    vi.advanceTimersByTime(1000)
    expect(pace(5000 + second * 50)).toBe(50)
  }
  expect(pace(9000)).toBeGreaterThan(300)
  for (let second = 1; second <= 12; second++) {
    vi.advanceTimersByTime(1000)
    pace(9000 + second * 20)
  }
  expect(pace(9240)).toBe(20)
})
