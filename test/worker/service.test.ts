/** When a worker is spawned and when it is started, and that what needs no start neither begins one nor waits for it. */
import { expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { type Outcome, outcome } from '../../src/worker/protocol.ts'
import { Service } from '../../src/worker/service.ts'
import { FakeWorker } from '../support/fakeWorker.ts'

interface Api {
  start(): Promise<Outcome<string>>
  count(): Promise<Outcome<number>>
}

/** One worker after the other; the last of these starts is that of all that follow. */
function serving(...starts: Api['start'][]) {
  const workers: FakeWorker[] = []
  const begun: number[] = []
  const counting = { count: async (): Promise<Outcome<number>> => ({ ok: true, value: 7 }) }
  const spawn = () => {
    const nth = workers.length
    const start = () => {
      begun.push(nth)
      return (starts[nth] ?? starts.at(-1)!)()
    }
    const worker = new FakeWorker({ start, count: () => counting.count() })
    workers.push(worker)
    return worker
  }
  const service = new Service<Api, string>('test', spawn, (link) => link.call((remote) => remote.start()))
  return { service, workers, begun, counting, count: () => service.aside((remote) => remote.count()) }
}

const works = () => outcome(() => 'started')
const fails = () =>
  outcome(() => {
    throw new SelvageError('model-invalid', 'cut short')
  })

test('what is asked aside starts nothing, and a start later on is of the same worker', async () => {
  const { service, workers, begun, count } = serving(works)
  expect(await count()).toBe(7)
  expect([begun, service.isReady]).toEqual([[], false])
  expect((await service.ready()).status).toBe('started')
  expect(await count()).toBe(7)
  expect([begun, workers.length]).toEqual([[0], 1])
})

test('what is asked aside does not wait for a start', async () => {
  const { service, begun, count } = serving(() => new Promise(() => {}))
  service.ready().catch(() => {}) // never
  expect(await count()).toBe(7)
  expect(begun).toEqual([0])
})

test('after a failed start, who tries again gets a start of their own, whatever was asked aside in between', async () => {
  const { service, begun, count } = serving(fails, works)
  await expect(service.ready()).rejects.toMatchObject({ code: 'model-invalid' })
  expect(await count()).toBe(7)
  expect(begun).toEqual([0]) // a second one, begun by nobody, would be joined by whoever tries again
  expect((await service.ready()).status).toBe('started')
  expect(begun).toEqual([0, 1])
})

test('a start that fails ends its worker, with its reason for what is asked aside', async () => {
  const { service, workers, counting, count } = serving(fails, works)
  counting.count = () => new Promise(() => {})
  const counted = count()
  await expect(service.ready()).rejects.toMatchObject({ code: 'model-invalid' })
  await expect(counted).rejects.toMatchObject({ code: 'model-invalid', message: 'cut short' })
  expect(workers.map(({ terminated }) => terminated)).toEqual([true])
})

test('nothing is asked aside after close', async () => {
  const { service, workers, count } = serving(works)
  service.close()
  await expect(count()).rejects.toMatchObject({ code: 'closed' })
  expect(workers).toEqual([])
})
