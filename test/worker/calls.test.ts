import { afterEach, expect, test } from 'vitest'
import { expose, proxy, type Remote, transfer, wrap } from '../../src/worker/calls.ts'

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

function ends(): [MessagePort, MessagePort] {
  const { port1, port2 } = new MessageChannel()
  ports.push(port1, port2)
  return [port1, port2]
}

function remoteOf<Api extends object>(api: Api): Remote<Api> {
  const [here, there] = ends()
  expose(api, there)
  return wrap<Api>(here)
}

test('answers come to the call that asked, in whatever order', async () => {
  const wait = (ms: number) => new Promise((done) => setTimeout(done, ms))
  const remote = remoteOf({
    async late(value: string) {
      await wait(20)
      return value
    },
    soon: (value: string) => value,
    nothing: () => {},
  })
  const asked = [remote.late('a'), remote.soon('b'), remote.late('c'), remote.soon('d'), remote.nothing()]
  expect(await Promise.race(asked)).toBe('b')
  expect(await Promise.all(asked)).toEqual(['a', 'b', 'c', 'd', undefined])
})

test('two that ask through the same end have their own answers', async () => {
  const [here, there] = ends()
  const api = { twice: async (n: number) => 2 * n }
  expose(api, there)
  const [one, other] = [wrap<typeof api>(here), wrap<typeof api>(here)]
  expect(await Promise.all([one.twice(1), other.twice(2), one.twice(3)])).toEqual([2, 4, 6])
})

test('a method is called on its object', async () => {
  class Counter {
    #count = 0
    add(n: number): number {
      this.#count += n
      return this.#count
    }
  }
  const remote = remoteOf(new Counter())
  await remote.add(2)
  expect(await remote.add(3)).toBe(5)
})

test('what a method throws rejects the call; the next one is answered', async () => {
  const remote = remoteOf({
    fail: () => {
      throw new RangeError('too far')
    },
    failOddly: () => Promise.reject('no error at all'),
    uncopied: () => () => {},
    works: () => 1,
  })
  await expect(remote.fail()).rejects.toMatchObject({ name: 'RangeError', message: 'too far' })
  await expect(remote.failOddly()).rejects.toBe('no error at all')
  await expect(remote.uncopied()).rejects.toThrow(/clone/)
  expect(await remote.works()).toBe(1)
})

test('a method that is not there, and a function that was not marked, are told', async () => {
  const remote = remoteOf({ known: (_: unknown) => 1 })
  await expect(Reflect.get(remote, 'unknown')()).rejects.toThrow('There is no unknown to call.')
  await expect(remote.known(() => {})).rejects.toThrow(/clone/)
})

test('a remote may be the result of a promise', async () => {
  const remote = await Promise.resolve(remoteOf({ one: () => 1 }))
  expect(await remote.one()).toBe(1)
})

test('marked functions are called where they are, with answers and errors, also after the call', async () => {
  const told: number[] = []
  let later: (n: number) => unknown = () => {}
  const remote = remoteOf({
    async sum(first: (n: number) => number | Promise<number>, unused: undefined, second: (n: number) => unknown) {
      later = second
      return [await first(1), unused, await first(2)]
    },
  })
  const first = proxy((n: number) => {
    if (n === 9) throw new Error('not 9')
    return 10 * n
  })
  const second = proxy((n: number) => {
    told.push(n)
  })
  expect(await remote.sum(first, undefined, second)).toEqual([10, undefined, 20])
  await later(7)
  expect(told).toEqual([7])
  const failing = remoteOf({ call: async (given: (n: number) => unknown) => given(9) })
  await expect(failing.call(first)).rejects.toThrow('not 9')
})

test('arguments and answers are moved where that is said, else copied', async () => {
  const remote = remoteOf({
    copied: (bytes: Uint8Array) => bytes.length,
    moved(bytes: Uint8Array<ArrayBuffer>) {
      const answer = { bytes, length: bytes.length }
      return transfer(answer, [bytes.buffer])
    },
  })
  const bytes = new Uint8Array([1, 2, 3])
  expect(await remote.copied(bytes)).toBe(3)
  expect(bytes.length).toBe(3)
  const back = await remote.moved(transfer(bytes, [bytes.buffer]))
  expect(bytes.length).toBe(0)
  expect(back).toEqual({ bytes: new Uint8Array([1, 2, 3]), length: 3 })
})

test('a port that is sent can be called through', async () => {
  const [inner, innerThere] = ends()
  expose({ hello: (name: string) => `hello ${name}` }, innerThere)
  const remote = remoteOf({ through: (port: MessagePort) => wrap<{ hello(name: string): string }>(port).hello('you') })
  expect(await remote.through(transfer(inner, [inner]))).toBe('hello you')
})
