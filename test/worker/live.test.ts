/** Documents from a page to the writer, and what is done around that: ports, news, a restart in the middle. Fakes only. */
import { afterEach, expect, test } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import type { WorkProgress } from '../../src/types.ts'
import { Selvage } from '../../src/worker/client.ts'
import type { OpenOptions } from '../../src/worker/options.ts'
import {
  type EncoderApi,
  type EngineApi,
  outcome,
  type StoredState,
  type WriterApi,
} from '../../src/worker/protocol.ts'
import { FakeWorker } from '../support/fakeWorker.ts'
import { STORED } from '../support/storedState.ts'

const MODEL = { name: 'toy', hash: 'a'.repeat(64), dim: 2 }

function fakes(stored: Partial<StoredState> = {}) {
  const calls: string[] = []
  const say = <T>(call: string, value: T) =>
    outcome(() => {
      calls.push(call)
      return value
    })
  const ports: MessagePort[] = []
  /** As the writer says it. */
  const lose = { encoder: () => {} }
  const work = { tell: (_: WorkProgress) => {} }
  const keep = (port: MessagePort | undefined, name: string) => {
    if (port) ports.push(port)
    return port ? name : 'none'
  }
  const loaded = { model: MODEL, backend: 'wasm', device: 'one thread', refused: [], loadMs: 1 } as const
  const known = {
    ...{
      model: MODEL,
      pages: 1,
      sections: 1,
      passages: 1,
      tokens: 1,
      bytes: 1,
      hasKeywords: true,
      filters: [],
      sorts: [],
    },
    stored: { ...STORED, ...stored },
  }
  const notAsked = () => outcome(() => Promise.reject(new SelvageError('internal', 'not asked here')))
  const bytes = { vectors: 1, texts: 1, keywords: 1, pages: 1, waiting: 0, total: 4 }
  const encoder: EncoderApi = {
    load: () => say('encoder load', { ...loaded, storage: { kind: 'browser' } }),
    encodeQuery: notAsked,
    encodePassages: notAsked,
    explain: () => say('explain', []),
    loadTexts: () => say('load texts', undefined),
    layOut: () => say('lay out', []),
    queryTokens: () => say('query tokens', []),
    connect: (port) => say(`encoder connect ${keep(port, 'port')}`, undefined),
    download: ({ modelUrl }) => say(`encoder download ${modelUrl}`, { bytes: 9, isComplete: true }),
    stopDownload: () => say('encoder stop', undefined),
    kept: () => say('encoder kept', { bytes: 9, isComplete: true }),
  }
  const engine: EngineApi = {
    open: ({ name, indexUrl, storage }) => say(`engine open ${name} ${indexUrl} ${storage}`, known),
    load: () =>
      say('engine load', {
        ...known,
        ...{ backend: 'wasm', device: 'SIMD', refused: [], loadMs: 1, precision: 'full', memoryBytes: 1 },
      }),
    openScorer: notAsked,
    maxSim: notAsked,
    search: notAsked,
    prepare: () => outcome(() => {}),
    searchKeywords: notAsked,
    locate: () => say('locate', []),
    similar: notAsked,
    similarRoughly: notAsked,
    cosines: notAsked,
    filters: () => say('filters', {}),
    refresh: () => say('engine refresh', known),
    download: () => say('engine download', known),
    stopDownload: () => say('engine stop', undefined),
    storage: () =>
      say('engine storage', { name: 'x', kind: 'browser', passages: 1, tokens: 1, isComplete: true, bytes }),
    shareStore: (port) => say(`share ${keep(port, 'port')}`, undefined),
    forget: () => say('engine forget', undefined),
    lessons: () => say('engine lessons', undefined),
  }
  const writer: WriterApi = {
    open: ({ name, kind }, encoderPort, storePort, onWork, onEncoderLost) =>
      outcome(() => {
        lose.encoder = onEncoderLost
        work.tell = onWork
        calls.push(`writer open ${name} ${kind} ${keep(encoderPort, 'encoder')} ${keep(storePort, 'store')}`)
        onWork({ state: 'idle', documents: { done: 0, total: 0 } })
      }),
    connect: (port) => say(`writer connect ${keep(port, 'port')}`, undefined),
    disconnected: () => say('writer disconnected', undefined),
    work: () => say('work', undefined),
    add: (documents, { replace }) =>
      say(`add ${documents.map(({ id }) => id)} ${replace}`, { ids: documents.map(({ id }) => id), problems: [] }),
    delete: (ids) => say(`delete ${ids}`, [...ids]),
    documents: () => say('documents', [{ id: 'a', url: '/a', title: 'A' }]),
    pause: () => say('pause', undefined),
    resume: () => say('resume', undefined),
    compact: () => say('compact', undefined),
    rebuild: () => say('rebuild', undefined),
    export: (id, onProgress) =>
      outcome(() => {
        calls.push(`export ${id}`)
        onProgress({ stage: 'write', loaded: 1, total: 1, unit: 'bytes' })
        return id === 1 ? [{ path: 'manifest.json', bytes: Uint8Array.of(123) }] : new Promise<never>(() => {})
      }),
    stopExport: (id) => say(`stop export ${id}`, undefined),
    close: () => say('writer close', undefined),
  }
  return { calls, ports, lose, work, encoder, engine, writer }
}

const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0)) close()
})

function make(stored: Partial<StoredState> = {}, options: Partial<OpenOptions> = {}) {
  const { calls, ports, lose, work, ...apis } = fakes(stored)
  const workers: Record<string, FakeWorker[]> = { encoder: [], engine: [], writer: [] }
  const spawn = (name: 'encoder' | 'engine' | 'writer') => () => {
    const worker = new FakeWorker(apis[name])
    workers[name]?.push(worker)
    return worker
  }
  const urls = { index: 'https://example.org/index/', model: 'https://example.org/model/' }
  const services = { encoder: spawn('encoder'), engine: spawn('engine'), writer: spawn('writer') }
  const selvage = new Selvage({ ...urls, ...options }, services)
  open.push(() => {
    selvage.close()
    for (const port of ports) port.close()
  })
  return { selvage, calls, workers, apis, lose, work }
}

const A = { id: 'a', text: 'apple' }

test('the writer is started by the first change, with a way to the encoder, and what it added is searched', async () => {
  const work: unknown[] = []
  const { selvage, calls, workers } = make({}, { onWork: (at) => work.push(at) })
  await selvage.status()
  expect(workers['writer']).toHaveLength(0)
  expect(await selvage.add([A])).toEqual({ ids: ['a'], problems: [] })
  expect(calls.slice(-4)).toEqual([
    'encoder connect port',
    'writer open https://example.org/index/ browser encoder none',
    'add a false',
    'engine refresh',
  ])
  await selvage.update([A])
  expect(await selvage.delete(['a'])).toEqual(['a'])
  expect(calls.slice(-4)).toEqual(['add a true', 'engine refresh', 'delete a', 'engine refresh'])
  expect(await selvage.documents()).toEqual([{ id: 'a', url: '/a', title: 'A' }])
  await selvage.pause()
  await selvage.resume()
  await selvage.compact()
  await selvage.rebuild()
  expect(calls.filter((call) => ['pause', 'resume', 'compact', 'rebuild'].includes(call))).toHaveLength(4)
  expect(workers['writer']).toHaveLength(1)
  expect(work).toEqual([{ state: 'idle', documents: { done: 0, total: 0 } }])
})

test('that the work rests is told when all of it is searched, and nothing is told out of order', async () => {
  const told: string[] = []
  const { selvage, calls, apis, work } = make({}, { onWork: ({ state }) => told.push(state) })
  await selvage.documents()
  await expect.poll(() => told).toEqual(['idle']) // there was no work: nothing to wait for
  expect(calls).not.toContain('engine refresh')
  let isSearched = () => {}
  const { refresh } = apis.engine
  apis.engine.refresh = async () => {
    await new Promise<void>((resolve) => {
      isSearched = resolve
    })
    return refresh()
  }
  const tell = (state: WorkProgress['state']) => work.tell({ state, documents: { done: 1, total: 1 } })
  for (const state of ['adding', 'idle', 'adding', 'paused'] as const) tell(state)
  await selvage.filters() // the engine is asked, and answers; but it is not there yet
  expect(told).toEqual(['idle', 'adding'])
  isSearched()
  await expect.poll(() => told).toEqual(['idle', 'adding', 'idle', 'adding'])
  expect(calls.filter((call) => call === 'engine refresh')).toHaveLength(1)
  apis.engine.refresh = () => outcome(() => Promise.reject(new SelvageError('storage-failed', 'It is gone.')))
  isSearched()
  await expect.poll(() => told.at(-1)).toBe('paused')
  tell('merging')
  tell('idle')
  await expect.poll(() => told.slice(-2)).toEqual(['merging', 'idle']) // a search tells what is wrong
})

test('without a database the writer works in the memory of the engine', async () => {
  const { selvage, calls } = make({ kind: 'memory', reason: 'private' }, { name: 'mine' })
  await selvage.add([A])
  expect(calls).toContain('share port')
  expect(calls).toContain('writer open mine memory encoder store')
})

test('without storage nothing can be added, and why is said', async () => {
  const { selvage } = make({ kind: 'none', reason: 'Another tab has an older version open.' })
  await expect(selvage.add([A])).rejects.toMatchObject({
    code: 'storage-failed',
    message: expect.stringContaining('Another tab has an older version open.'),
  })
})

test('an encoder that is started anew gets a new way to the writer', async () => {
  const { selvage, calls, workers } = make()
  await selvage.add([A])
  workers['encoder']![0]!.die('out of memory')
  await selvage.status()
  await expect.poll(() => calls.includes('writer connect port')).toBe(true)
  expect(workers['encoder']).toHaveLength(2)
})

test('the writer hears that the encoder died, and gets another one when it asks', async () => {
  const { selvage, calls, workers, lose } = make()
  await selvage.add([A])
  workers['encoder']![0]!.die('out of memory')
  await expect.poll(() => calls.includes('writer disconnected')).toBe(true)
  expect(workers['encoder']).toHaveLength(1)
  lose.encoder()
  await expect.poll(() => calls.includes('writer connect port')).toBe(true)
  expect(workers['encoder']).toHaveLength(2)
})

test('an encoder without its GPU is replaced when the writer says so, once', async () => {
  const { selvage, calls, workers, lose } = make()
  await selvage.add([A])
  expect(calls).not.toContain('writer connect port')
  lose.encoder()
  await expect.poll(() => calls.includes('writer connect port')).toBe(true)
  expect(workers['encoder']!.map(({ terminated }) => terminated)).toEqual([true, false])
})

test('where no encoder can be started the writer is asked to try again, so that it can give up', async () => {
  const { selvage, calls, apis, lose } = make()
  await selvage.add([A])
  apis.encoder.load = () => outcome(() => Promise.reject(new SelvageError('model-missing', 'It is gone.')))
  lose.encoder()
  await expect.poll(() => calls.includes('work')).toBe(true)
  expect(calls).not.toContain('writer connect port')
})

const OLD = { name: 'toy', hash: 'b'.repeat(64) }

/** An engine whose index is another model's until `isNew` says otherwise. */
function outdated(stored: Partial<StoredState>, options: Partial<OpenOptions>, isNew: (calls: string[]) => boolean) {
  const made = make(stored, options)
  const { load } = made.apis.engine
  made.apis.engine.load = async (asked) => {
    const loaded = await load(asked)
    return loaded.ok ? { ok: true, value: { ...loaded.value, model: isNew(made.calls) ? MODEL : OLD } } : loaded
  }
  return made
}

test('what was added here with the model before is encoded anew, once, however many wait for it', async () => {
  const { selvage, calls } = outdated({}, { index: undefined, name: 'mine' }, (done) => done.includes('rebuild'))
  const [status] = await Promise.all([selvage.status(), selvage.status()])
  expect(status.engine.model).toEqual(MODEL)
  expect(calls.filter((call) => call === 'rebuild')).toHaveLength(1)
})

test('an index that is kept, with a newer one known, is replaced before it is searched with the new model', async () => {
  const { selvage } = outdated({ isOutdated: true }, {}, (done) => done.includes('engine download'))
  expect((await selvage.status()).engine.model).toEqual(MODEL)
})

test('an index of another model is refused where nothing can be done', async () => {
  const { selvage, calls } = outdated({}, {}, () => false)
  await expect(selvage.status()).rejects.toMatchObject({ code: 'model-mismatch' })
  expect(calls).not.toContain('rebuild')
})

test('download keeps index and model, and loads neither; a signal stops both', async () => {
  const { selvage, calls } = make()
  await selvage.download()
  expect(calls).toContain('engine download')
  expect(calls).toContain('encoder download https://example.org/model/')
  expect(calls.filter((call) => call.endsWith(' load'))).toEqual([])
  const never = make()
  const stop = new AbortController()
  const downloading = never.selvage.download({ signal: stop.signal })
  stop.abort()
  await expect(downloading).rejects.toMatchObject({ code: 'aborted' })
  await expect
    .poll(() => never.calls.filter((call) => call.endsWith('stop')).sort())
    .toEqual(['encoder stop', 'engine stop'])
})

test('an export is brought over with its progress; a signal stops that one', async () => {
  const { selvage, calls } = make()
  const misspelt: object = { folder: 'x' }
  const stages: string[] = []
  const files = await selvage.export({ onProgress: ({ stage }) => stages.push(stage) })
  expect(files).toEqual([{ path: 'manifest.json', bytes: Uint8Array.of(123) }])
  await expect.poll(() => stages).toEqual(['write'])
  const stop = new AbortController()
  const exporting = selvage.export({ signal: stop.signal })
  await expect.poll(() => calls.includes('export 2')).toBe(true)
  stop.abort()
  await expect(exporting).rejects.toMatchObject({ code: 'aborted' })
  await expect.poll(() => calls.includes('stop export 2')).toBe(true)
  await expect(selvage.export({ signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
  await expect(selvage.export(misspelt)).rejects.toMatchObject({ code: 'invalid-argument' })
})

test('storage tells of index and model, and loads neither', async () => {
  const { selvage, calls } = make()
  expect(await selvage.storage()).toMatchObject({
    isPersisted: false,
    index: { bytes: { total: 4 } },
    model: { bytes: 9, isComplete: true },
  })
  expect(calls.filter((call) => call.endsWith(' load'))).toEqual([])
})

test('forget ends the writer before the database is deleted', async () => {
  const { selvage, calls } = make()
  await selvage.add([A])
  await selvage.forget()
  expect(calls.slice(-2)).toEqual(['writer close', 'engine forget'])
  await expect(selvage.documents()).rejects.toMatchObject({ code: 'closed' })
})

test.each([
  [{ index: undefined }, 'an index is wanted, or a name'],
  [{ name: '' }, 'name is empty'],
  [{ storage: 'disk' }, 'storage is "disk"'],
])('open refuses %o', (options: object, message) => {
  expect(() => make({}, options)).toThrow(message)
})
