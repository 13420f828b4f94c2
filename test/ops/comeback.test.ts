/** A backend that went is asked for again: when, what moves, what is in nobody's way, and that nothing is left behind. */
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import { type Backend, createFailover, type FailoverOps } from '../../src/ops/failover.ts'
import type { LoadedPassages, Ops } from '../../src/ops/ops.ts'
import { createReferenceOps } from '../../src/ops/reference.ts'
import { type Clock, realClock } from '../../src/ops/retry.ts'
import type { OpsBackend } from '../../src/types.ts'
import { batchOf } from './data.ts'

const queries = batchOf([[[1, 0]]], 2)
const passages = batchOf([[[3, 4]], [[5, 6]]], 2)
const scores = Float32Array.of(3, 5)
const lost = new SelvageError('device-lost', 'The GPU was lost: it fell off.')

/** Time that passes when it is told to. */
class TestClock implements Clock {
  time = 0
  readonly jobs = new Set<{ at: number; job: () => void }>()

  now(): number {
    return this.time
  }

  after(delayMs: number, job: () => void): () => void {
    const entry = { at: this.time + delayMs, job }
    this.jobs.add(entry)
    return () => this.jobs.delete(entry)
  }

  async pass(ms: number): Promise<void> {
    this.time += ms
    for (const entry of this.jobs)
      if (entry.at <= this.time) {
        this.jobs.delete(entry)
        entry.job()
      }
    await settled()
  }
}

/** Whatever has nothing to wait for has happened. */
const settled = () => new Promise((resume) => setTimeout(resume, 5))

/** Ops that break when told to, and keep a list of what they hold. */
class Device {
  readonly name: OpsBackend
  /** Of the next that is created, and of all work. */
  refusesWith: Error | undefined
  /** Work waits for it. */
  pause: Promise<void> | undefined
  created = 0
  readonly open: { readonly held: Set<LoadedPassages>; fail: Error | undefined }[] = []

  constructor(name: OpsBackend) {
    this.name = name
  }

  get backend(): Backend {
    return { name: this.name, create: async () => this.#create() }
  }

  /** What is open now goes; what is created later works. */
  lose(reason: Error = lost): void {
    for (const one of this.open) one.fail = reason
  }

  async #create(): Promise<Ops> {
    this.created++
    await this.pause
    if (this.refusesWith) throw this.refusesWith
    const inner = createReferenceOps()
    const { name } = this
    const state = { held: new Set<LoadedPassages>(), fail: undefined as Error | undefined }
    this.open.push(state)
    const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
      await this.pause
      const result = await work()
      if (state.fail !== undefined) throw state.fail
      return result
    }
    const handles = new WeakMap<LoadedPassages, LoadedPassages>()
    const hold = <Handle extends LoadedPassages>(loaded: Handle): Handle => {
      const release = () => {
        state.held.delete(held)
        loaded.release()
      }
      const held: Handle = { ...loaded, backend: name, release }
      handles.set(held, loaded)
      state.held.add(held)
      return held
    }
    return {
      backend: name,
      device: `${name} ${this.created}`,
      load: (batch) => guarded(async () => hold(await inner.load(batch))),
      maxSim: (asked, held, options) =>
        guarded(async () => ({ ...(await inner.maxSim(asked, handles.get(held)!, options)), backend: name })),
      assignCentroids: (...call) => guarded(() => inner.assignCentroids(...call)),
      loadPlaid: () => Promise.reject(new Error('not here')),
      searchPlaid: () => Promise.reject(new Error('not here')),
      close: () => {
        expect(this.open).toContain(state) // once
        this.open.splice(this.open.indexOf(state), 1)
        inner.close()
      },
    }
  }
}

/** A promise, and what settles it. */
function gate() {
  let open = () => {}
  const pause = new Promise<void>((resolve) => {
    open = resolve
  })
  return { pause, open }
}

async function start() {
  const clock = new TestClock()
  const [webgpu, wasm, reference] = [new Device('webgpu'), new Device('wasm'), new Device('reference')]
  const ops = await createFailover([webgpu.backend, wasm.backend, reference.backend], { retryAfterMs: 1000, clock })
  const source = vi.fn(() => passages)
  const ask = async (loaded: LoadedPassages) => {
    const result = await ops.maxSim(queries, loaded)
    expect(result.scores).toEqual(scores)
    return result.backend
  }
  return { clock, webgpu, wasm, reference, ops, source, ask }
}

const names = (ops: FailoverOps) => ops.refused.map(({ backend }) => backend)

describe('a backend that went', () => {
  test('answers again after a while, with all that was loaded', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    expect(await ask(loaded)).toBe('wasm')
    const other = await ops.load(source)
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: lost.message, isRetried: true }])
    await clock.pass(999)
    expect([webgpu.created, await ask(loaded)]).toEqual([1, 'wasm'])
    await clock.pass(1)
    expect([webgpu.created, source.mock.calls.length]).toEqual([2, 5])
    expect([ops.backend, ops.device, ops.refused]).toEqual(['webgpu', 'webgpu 2', []])
    expect([loaded.backend, other.backend]).toEqual(['webgpu', 'webgpu'])
    expect([await ask(loaded), await ask(other), source.mock.calls.length]).toEqual(['webgpu', 'webgpu', 5])
    expect([wasm.open.length, webgpu.open[0]!.held.size, clock.jobs.size]).toEqual([0, 2, 0])
    ops.close()
    await settled()
    expect(webgpu.open).toEqual([])
  })

  test('is in nobody’s way while it is created and loaded', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    const { pause, open } = gate()
    webgpu.pause = pause
    await clock.pass(1000)
    expect([webgpu.created, await ask(loaded), names(ops)]).toEqual([2, 'wasm', ['webgpu']])
    const during = gate()
    webgpu.pause = during.pause // created, not loaded
    open()
    await settled()
    expect([webgpu.open.length, await ask(loaded), names(ops)]).toEqual([1, 'wasm', ['webgpu']])
    const late = await ops.load(source)
    during.open()
    await settled()
    expect([await ask(loaded), await ask(late), names(ops)]).toEqual(['webgpu', 'webgpu', []])
    expect([wasm.open.length, webgpu.open[0]!.held.size]).toEqual([0, 2])
    ops.close()
  })

  test('leaves the other open until its last call is answered', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    const { pause, open } = gate()
    wasm.pause = pause
    const slow = ask(loaded)
    const loading = ops.load(source)
    await settled()
    await clock.pass(1000)
    expect([await ask(loaded), wasm.open.length]).toEqual(['webgpu', 1])
    open()
    expect(await slow).toBe('wasm')
    expect(await ask(await loading)).toBe('webgpu')
    expect([wasm.open.length, webgpu.open[0]!.held.size]).toEqual([0, 2])
    ops.close()
  })

  test('answers also what fails on the other after that', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    const bare = await ops.load(passages) // keeps the other open
    const { pause, open } = gate()
    wasm.pause = pause
    const slow = ask(loaded)
    await settled()
    await clock.pass(1000)
    wasm.lose(new Error('memory is full'))
    open()
    expect([await slow, names(ops), wasm.open.length, clock.jobs.size]).toEqual(['webgpu', [], 1, 0])
    bare.release()
    await settled()
    expect(wasm.open).toEqual([])
    ops.close()
  })

  test('leaves the other open for passages that are nowhere else', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    const bare = await ops.load(passages)
    await clock.pass(1000)
    expect([await ask(loaded), await ask(bare), ops.backend]).toEqual(['webgpu', 'wasm', 'webgpu'])
    expect(wasm.open.map(({ held }) => held.size)).toEqual([1]) // of `loaded` there is one copy
    wasm.lose()
    await expect(ask(bare)).rejects.toBe(lost)
    expect([names(ops), await ask(loaded)]).toEqual([[], 'webgpu'])
    bare.release()
    await settled()
    expect(wasm.open).toEqual([])
    ops.close()
  })

  test('that fails again is asked for ever more seldom, at most every five minutes, with its last reason', async () => {
    const { clock, webgpu, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    webgpu.refusesWith = new Error('no device yet')
    const delays: number[] = []
    for (let before = 0; delays.length < 12; before = clock.time) {
      const created = webgpu.created
      while (webgpu.created === created) {
        clock.time += 500
        if ([...clock.jobs].some(({ at }) => at <= clock.time)) await clock.pass(0)
      }
      delays.push(clock.time - before)
      expect(ops.refused).toEqual([{ backend: 'webgpu', reason: 'no device yet', isRetried: true }])
      expect(await ask(loaded)).toBe('wasm')
    }
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    expect(delays).toEqual(seconds.map((s) => s * 1000))
    webgpu.refusesWith = undefined
    await clock.pass(300_000)
    expect([await ask(loaded), ops.refused]).toEqual(['webgpu', []])
    ops.close()
  })

  test('and goes again soon is waited for longer; one that held is not', async () => {
    const { clock, webgpu, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    const lose = async () => {
      webgpu.lose()
      expect(await ask(loaded)).toBe('wasm')
      return [...clock.jobs].map(({ at }) => at - clock.time)
    }
    expect(await lose()).toEqual([1000])
    await clock.pass(1000)
    await clock.pass(1000)
    expect(await lose()).toEqual([2000])
    await clock.pass(2000)
    await clock.pass(2001)
    expect(await lose()).toEqual([1000])
    ops.close()
  })

  test('while it is loaded, is no loss', async () => {
    const { clock, webgpu, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    source.mockImplementationOnce(() => {
      webgpu.lose(new SelvageError('device-lost', 'The GPU was lost: again.'))
      return passages
    })
    await clock.pass(1000)
    expect([webgpu.open, await ask(loaded)]).toEqual([[], 'wasm'])
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: 'The GPU was lost: again.', isRetried: true }])
    await clock.pass(2000)
    expect([webgpu.created, await ask(loaded)]).toEqual([3, 'webgpu'])
    ops.close()
  })

  test('a source that fails is not its fault: it is tried again, and the reason stays', async () => {
    const { clock, webgpu, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    source.mockImplementationOnce(() => {
      throw new SelvageError('index-missing', 'the file is gone')
    })
    await clock.pass(1000)
    expect([webgpu.open, await ask(loaded), ops.refused[0]!.reason]).toEqual([[], 'wasm', lost.message])
    await clock.pass(2000)
    expect(await ask(loaded)).toBe('webgpu')
    ops.close()
  })

  test('what is released meanwhile is not loaded, or goes again', async () => {
    const { clock, webgpu, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    const [gone, going] = [await ops.load(source), await ops.load(source)]
    webgpu.lose()
    await ask(loaded)
    gone.release()
    const { pause, open } = gate()
    const created = webgpu.created
    source.mockClear()
    source.mockImplementationOnce(() => {
      webgpu.pause = pause
      return passages
    })
    await clock.pass(1000)
    expect([webgpu.created - created, source.mock.calls.length]).toEqual([1, 1])
    loaded.release() // while it is being loaded
    open()
    await settled()
    expect([await ask(going), source.mock.calls.length, webgpu.open[0]!.held.size]).toEqual(['webgpu', 2, 1])
    ops.close()
  })

  test('after close() is not asked for', async () => {
    const { clock, webgpu, wasm, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    ops.close()
    await settled()
    expect([clock.jobs.size, wasm.open]).toEqual([0, []])
  })

  test('and is being loaded at close(), is closed', async () => {
    for (const isCreated of [false, true]) {
      const { clock, webgpu, wasm, ops, source, ask } = await start()
      const loaded = await ops.load(source)
      webgpu.lose()
      await ask(loaded)
      const { pause, open } = gate()
      if (isCreated)
        source.mockImplementationOnce(() => {
          webgpu.pause = pause
          return passages
        })
      else webgpu.pause = pause
      await clock.pass(1000)
      expect(webgpu.open.length).toBe(isCreated ? 1 : 0)
      ops.close()
      open()
      await settled()
      expect([webgpu.created, webgpu.open, wasm.open, clock.jobs.size]).toEqual([2, [], [], 0])
    }
  })
})

describe('several that went', () => {
  test('the better one comes back, and the other may be taken again', async () => {
    const { clock, webgpu, wasm, reference, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    webgpu.lose()
    await ask(loaded)
    await clock.pass(500)
    wasm.lose(new Error('memory is full'))
    expect([await ask(loaded), names(ops)]).toEqual(['reference', ['webgpu', 'wasm']])
    await clock.pass(500)
    expect([await ask(loaded), names(ops), clock.jobs.size]).toEqual(['webgpu', [], 0])
    expect([wasm.created, reference.open]).toEqual([1, []])
    webgpu.lose()
    expect([await ask(loaded), wasm.created, names(ops)]).toEqual(['wasm', 2, ['webgpu']])
    ops.close()
  })

  test('one that comes back while the next is being created answers what waits', async () => {
    for (const fails of [false, true]) {
      const { clock, webgpu, wasm, reference, ops, source, ask } = await start()
      const loaded = await ops.load(source)
      webgpu.lose()
      await ask(loaded)
      const { pause, open } = gate()
      reference.pause = pause
      if (fails) reference.refusesWith = new Error('not here')
      wasm.lose()
      const waiting = ask(loaded)
      await settled()
      await clock.pass(1000)
      expect([reference.created, await ask(loaded)]).toEqual([1, 'webgpu'])
      open()
      expect([await waiting, reference.open, names(ops)]).toEqual(['webgpu', [], fails ? ['reference'] : []])
      ops.close()
    }
  })

  test('and none is left: calls fail until one is back', async () => {
    const { clock, webgpu, wasm, reference, ops, source, ask } = await start()
    const loaded = await ops.load(source)
    wasm.refusesWith = new Error('no memory')
    reference.refusesWith = new Error('no code')
    webgpu.lose()
    const message = `No backend works here. webgpu: ${lost.message} · wasm: no memory · reference: no code`
    await expect(ask(loaded)).rejects.toMatchObject({ code: 'backend-unavailable', message })
    await expect(ask(loaded)).rejects.toMatchObject({ code: 'backend-unavailable' })
    await clock.pass(1000)
    expect([await ask(loaded), names(ops)]).toEqual(['webgpu', ['wasm', 'reference']])
    ops.close()
  })

  test('the only one too, where it was lost', async () => {
    const clock = new TestClock()
    const webgpu = new Device('webgpu')
    const ops = await createFailover([webgpu.backend], { retryAfterMs: 1000, clock })
    const loaded = await ops.load(() => passages)
    webgpu.lose()
    for (let i = 0; i < 2; i++) await expect(ops.maxSim(queries, loaded)).rejects.toBe(lost)
    expect(ops.refused).toEqual([{ backend: 'webgpu', reason: lost.message, isRetried: true }])
    await clock.pass(1000)
    expect(await ops.maxSim(queries, loaded)).toMatchObject({ scores, backend: 'webgpu' })
    expect([ops.refused, webgpu.open.length]).toEqual([[], 1])
    ops.close()
  })
})

test('whatever happens in whatever order: every answer is right, and nothing is left behind', async () => {
  const event = fc.oneof(
    fc.constantFrom(
      'ask',
      'ask',
      'load',
      'load bare',
      'release',
      'lose webgpu',
      'lose wasm',
      'refuse',
      'accept',
      'wait',
    ),
    fc.constantFrom(500, 1000, 4000),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 25 }), async (events) => {
      const { clock, webgpu, wasm, reference, ops, source, ask } = await start()
      const loaded: LoadedPassages[] = [await ops.load(source)]
      const bare: LoadedPassages[] = []
      const pending: Promise<unknown>[] = []
      for (const what of events) {
        if (typeof what === 'number') void clock.pass(what)
        else if (what === 'ask') pending.push(...loaded.map(ask))
        else if (what === 'load') pending.push(ops.load(source).then((one) => loaded.push(one)))
        else if (what === 'load bare') pending.push(ops.load(passages).then((one) => bare.push(one)))
        else if (what === 'lose webgpu') webgpu.lose()
        else if (what === 'lose wasm') wasm.lose()
        else if (what === 'refuse') webgpu.refusesWith = new Error('not yet')
        else if (what === 'accept') webgpu.refusesWith = undefined
        else if (what === 'wait') await settled()
        else await Promise.all(pending).then(() => (loaded.length > 1 ? loaded : bare).pop()?.release())
      }
      await Promise.all(pending)
      for (const one of bare) {
        await ask(one).catch((thrown) => expect(thrown).toMatchObject({ code: 'device-lost' }))
        one.release()
      }
      webgpu.refusesWith = undefined
      for (const one of loaded) await ask(one) // a loss that nobody has noticed yet
      for (let i = 0; i < 2; i++) await clock.pass(300_000)
      for (const one of loaded) expect(await ask(one)).toBe('webgpu')
      await settled()
      const left = [webgpu, wasm, reference].map(({ open }) => open.map(({ held }) => held.size))
      expect([left, ops.refused, clock.jobs.size]).toEqual([[[loaded.length], [], []], [], 0])
      ops.close()
      await settled()
      expect([webgpu.open, clock.jobs.size]).toEqual([[], 0])
    }),
    { numRuns: 60 },
  )
})

test('the clock keeps no process alive, and runs a job once', async () => {
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
  const before = timers()
  const callOff = realClock.after(1e6, () => {})
  expect(timers()).toBe(before)
  callOff()
  const job = vi.fn()
  const off = vi.fn()
  realClock.after(1, off)()
  realClock.after(1, job)
  await vi.waitFor(() => expect(job).toHaveBeenCalledOnce())
  expect(off).not.toHaveBeenCalled()
})
