/** Three searches one after the other: what has an answer keeps it when a later one fails, and the newest question wins. */
import { type SearchResult, Selvage, SelvageError } from 'selvage'
import { expect, test, vi } from 'vitest'
import { type AskEvents, Asker } from '../../demo/playground/asker.ts'
import type { LabIndex } from '../../demo/playground/lab.ts'
import { readSettings } from '../../demo/playground/settings.ts'

vi.mock('selvage', () => import('../../src/index.ts')) // whether it is built or not

const INDEX: LabIndex = { name: '2-1', bits: 2, pool: 1, pages: 1, passages: 1, vectors: 1, bytes: 1, vectorBytes: 1 }
const elapsedMs = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }

function asking(search: Selvage['search']) {
  const told: string[] = []
  const events: AskEvents = {
    answered: (column, { query }) => told.push(`${column} ${query}`),
    failed: ({ code }, without) => told.push(`${code}: ${without.join(', ')}`),
    compared: () => told.push('compared'),
    compareFailed: () => told.push('not compared'),
  }
  const engine: Selvage = Object.assign(Object.create(Selvage.prototype), { search })
  const asker = new Asker({ get: async () => engine }, [INDEX], events)
  return { told, ask: (query: string) => asker.ask({ ...readSettings({ search: '', hash: '' }), query }) }
}

const answer = (query: string, mode: SearchResult['mode']): SearchResult => ({ query, mode, hits: [], elapsedMs })

test.each([
  ['keyword', ['worker-died: keyword, semantic, hybrid']],
  ['semantic', ['keyword q', 'worker-died: semantic, hybrid']],
  ['hybrid', ['keyword q', 'semantic q', 'worker-died: hybrid']],
] as const)('where %s fails, the ones before keep their answer', async (failing, wanted) => {
  const { told, ask } = asking(async (query, { mode = 'hybrid' } = {}) => {
    if (mode === failing) throw new SelvageError('worker-died', 'It stopped.')
    return answer(query, mode)
  })
  await ask('q')
  expect(told).toEqual(wanted)
})

test('of an older question nothing is told any more, neither answers nor errors', async () => {
  let fail: (() => void) | undefined
  const { told, ask } = asking((query, { mode = 'hybrid' } = {}) =>
    query === 'old'
      ? new Promise((_, reject) => {
          fail = () => reject(new SelvageError('worker-died', 'It stopped.'))
        })
      : Promise.resolve(answer(query, mode)),
  )
  const old = ask('old')
  await vi.waitUntil(() => fail)
  await ask('new')
  fail?.()
  await old
  expect(told).toEqual(['keyword new', 'semantic new', 'hybrid new'])
})
