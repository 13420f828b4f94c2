/** A session with real workers: an index that another model has built, so that words and stored vectors are all there is. */
import { afterAll, expect, test } from 'vitest'
import { createSession } from '../../src/widget/session.ts'
import type { ViewState } from '../../src/widget/types.ts'

/** A model is loaded on a busy machine. */
const SLOW = { timeout: 40_000 }

const session = createSession({ index: '/test/fixtures/index-v2/', model: '/models/selvage-mini/' })
const states: ViewState[] = []
session.watch((state) => states.push(state))
afterAll(() => session.close())

test('words are found; why meaning is not, is told; more like a hit is found without the model', async () => {
  session.search('cats')
  await expect.poll(() => session.state.groups.length, SLOW).toBeGreaterThan(0)
  expect(states.every(({ notice }) => notice === undefined)).toBe(true)
  await expect.poll(() => session.state.notice?.kind, SLOW).toBe('words-only-mismatch')
  expect(session.state).toMatchObject({ stage: 'done', model: { state: 'failed' } })
  const seen = new Set(states.map(({ model }) => model.state))
  expect([...seen]).toEqual(['none', 'downloading', 'compiling', 'failed'])

  const [page] = session.state.groups
  session.moreLike(page!.hits[0]!)
  await expect.poll(() => session.state.stage, SLOW).toBe('done')
  expect(session.state.similarTo).toBe(page!.hits[0]!.title)
  expect(session.state.groups.length).toBeGreaterThan(0)
})

test('once the index is open, each keystroke is answered by words before 50 ms have passed', async () => {
  const times: number[] = []
  for (const query of ['ri', 'riv', 'rive', 'river', 'rivers', 'rivers w']) {
    const start = performance.now()
    session.search(query)
    await expect.poll(() => session.state.stage, { interval: 2 }).toBe('done')
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  console.info(`words after ${times.map((ms) => ms.toFixed(1)).join(', ')} ms`)
  expect(times[times.length >> 1]).toBeLessThan(50)
})
