import { expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { Link } from '../../src/worker/link.ts'
import { type Outcome, outcome } from '../../src/worker/protocol.ts'
import { FakeWorker } from '../support/fakeWorker.ts'

interface Api {
  double(value: number): Promise<Outcome<number>>
  fail(): Promise<Outcome<number>>
  never(): Promise<Outcome<number>>
}

const api: Api = {
  double: (value) => outcome(() => 2 * value),
  fail: () =>
    outcome(() => {
      throw new SelvageError('index-missing', 'not there')
    }),
  never: () => new Promise(() => {}),
}

test('a call returns its value; an error keeps its code', async () => {
  const link = new Link<Api>('test', new FakeWorker(api))
  expect(await link.call((remote) => remote.double(21))).toBe(42)
  const error = await link.call((remote) => remote.fail()).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(SelvageError)
  expect(error).toMatchObject({ code: 'index-missing', message: 'not there' })
  link.close()
})

test('when the worker dies every pending and every later call rejects, and the owner is told once', async () => {
  const worker = new FakeWorker(api)
  const link = new Link<Api>('test', worker)
  const deaths: SelvageError[] = []
  link.onDeath = (reason) => deaths.push(reason)
  const pending = [link.call((remote) => remote.never()), link.call((remote) => remote.never())]
  worker.die('out of memory')
  worker.die('again')
  for (const call of pending)
    await expect(call).rejects.toMatchObject({ code: 'worker-died', message: expect.stringContaining('out of memory') })
  await expect(link.call((remote) => remote.double(1))).rejects.toMatchObject({ code: 'worker-died' })
  expect(deaths).toHaveLength(1)
  expect(worker.terminated).toBe(true)
})

test('a script that cannot be loaded gives an error event without a message: it is said so', async () => {
  const worker = new FakeWorker(api)
  const link = new Link<Api>('encoder', worker)
  const call = link.call((remote) => remote.never())
  worker.dispatchEvent(new Event('error'))
  await expect(call).rejects.toThrow('The encoder worker stopped: its script could not be loaded')
})

test('a message that cannot be read ends the worker too', async () => {
  const worker = new FakeWorker(api)
  const link = new Link<Api>('test', worker)
  const call = link.call((remote) => remote.never())
  worker.dispatchEvent(new Event('messageerror'))
  await expect(call).rejects.toMatchObject({ code: 'worker-died' })
})

test('close rejects what is pending', async () => {
  const link = new Link<Api>('test', new FakeWorker(api))
  const call = link.call((remote) => remote.never())
  link.close()
  await expect(call).rejects.toMatchObject({ code: 'closed' })
})
