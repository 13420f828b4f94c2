/** What is asked of the engine, and in which order: words before a model that is on its way, and no model that was lost. */
import { type SearchResult, Selvage, SelvageError } from 'selvage'
import { expect, test, vi } from 'vitest'
import { type Meaning, Searcher } from '../../demo/searcher.ts'

vi.mock('selvage', () => import('../../src/index.ts')) // whether it is built or not

const elapsedMs = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }
const answer = (query: string, mode: SearchResult['mode']): SearchResult => ({ query, mode, hits: [], elapsedMs })
const lost = new SelvageError('model-invalid', 'It was cut short.')

function searching(meaning: Meaning, search: Selvage['search']) {
  const told: string[] = []
  const asked: string[] = []
  const state = { meaning }
  const engine: Selvage = Object.assign(Object.create(Selvage.prototype), {
    search: (query: string, options: Parameters<Selvage['search']>[1] = {}) => {
      asked.push(options.mode ?? 'hybrid')
      return search(query, options)
    },
  })
  const searcher = new Searcher(
    { engine: () => engine, meaning: () => state.meaning, source: () => 'all', isEmpty: () => false },
    {
      started: (query) => told.push(`started ${query}`),
      answered: ({ mode }, isFinal) => told.push(`${mode}${isFinal ? ', final' : ''}`),
      ranked: () => told.push('ranked'),
      foundEmpty: () => told.push('found empty'),
      failed: ({ code }) => told.push(`failed: ${code}`),
      meaningFailed: ({ code }) => told.push(`meaning failed: ${code}`),
      cleared: () => told.push('cleared'),
    },
  )
  return { searcher, told, asked, state }
}

test('while the model is on its way, words are asked alone, and meaning when they have answered', async () => {
  const gates = { keyword: () => {}, hybrid: () => {}, semantic: () => {} }
  const { searcher, told, asked } = searching('coming', async (query, { mode = 'hybrid' } = {}) => {
    await new Promise<void>((resolve) => {
      gates[mode] = resolve
    })
    return answer(query, mode)
  })
  const answered = searcher.now('q')
  expect(asked).toEqual(['keyword'])
  gates.keyword()
  await answered // by words: nobody waits for more
  expect(told).toEqual(['started q', 'keyword'])
  expect(asked).toEqual(['keyword', 'hybrid'])
  gates.hybrid()
  await expect.poll(() => told.at(-1)).toBe('hybrid, final')
})

test('meaning that was lost while words were asked is not asked for', async () => {
  const { searcher, told, asked, state } = searching('coming', async (query, { mode = 'hybrid' } = {}) => {
    state.meaning = 'failed'
    return answer(query, mode)
  })
  await searcher.now('q')
  await new Promise((resolve) => setTimeout(resolve))
  expect(told).toEqual(['started q', 'keyword, final'])
  expect(asked).toEqual(['keyword'])
})

test('words that fail as well are told of', async () => {
  const { searcher, told, state } = searching('coming', async () => {
    state.meaning = 'failed'
    throw new SelvageError('index-invalid', 'It is damaged.')
  })
  await searcher.now('q')
  await expect.poll(() => told).toEqual(['started q', 'failed: index-invalid'])
})

test('where the model fails after words have answered, that is told, and words stand as final', async () => {
  const { searcher, told, state } = searching('coming', async (query, { mode = 'hybrid' } = {}) => {
    if (mode === 'keyword') return answer(query, mode)
    state.meaning = 'failed'
    throw lost
  })
  await searcher.now('q')
  await expect.poll(() => told).toEqual(['started q', 'keyword', 'meaning failed: model-invalid', 'keyword, final'])
})

test('a newer question takes the place of one whose words are still asked', async () => {
  const { searcher, told, asked } = searching('coming', async (query, { mode = 'hybrid', signal } = {}) => {
    if (query === 'first')
      await new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new SelvageError('aborted', 'Another one.'))),
      )
    return answer(query, mode)
  })
  const first = searcher.now('first')
  await searcher.now('second')
  await first
  await expect.poll(() => told).toEqual(['started first', 'started second', 'keyword', 'hybrid, final'])
  expect(asked).toEqual(['keyword', 'keyword', 'hybrid'])
})
