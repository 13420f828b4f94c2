import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type ErrorCode, SelvageError } from '../../src/errors.ts'
import { createSession } from '../../src/widget/session.ts'
import type { SearchSession, SessionOptions, ViewState } from '../../src/widget/types.ts'
import { FakeEngine, FakeSurroundings, hit, LOADED, OPENED, SCORER } from '../support/fakeEngine.ts'

const PAUSE_MS = 120
const ROUGH = { scorer: { ...SCORER, precision: 'approximate' } } as const

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Whatever needs no time has happened. */
const settle = () => vi.advanceTimersByTimeAsync(0)
const pause = () => vi.advanceTimersByTimeAsync(PAUSE_MS)
const error = (code: ErrorCode) => new SelvageError(code, `what ${code} says`)

function make(options: Partial<SessionOptions> = {}, engine = new FakeEngine(), surroundings = new FakeSurroundings()) {
  const session = createSession(
    { index: '/index/', model: '/model/', ...options },
    { engine: engine.shared, surroundings },
  )
  return { session, engine, surroundings }
}

const pagesIn = ({ groups }: ViewState) => groups.map(({ url }) => url)

/** Model and vectors are here. */
async function loaded(options: Partial<SessionOptions> = {}) {
  const made = make(options)
  made.session.intend()
  await settle()
  made.engine.loads[0]!.resolve(LOADED)
  await settle()
  return made
}

/** `cats` is answered by words: /a, /b, /c; the better answer is asked for. */
async function withWords(made: { session: SearchSession; engine: FakeEngine }) {
  made.session.search('cats')
  await settle()
  made.engine.words.at(-1)!.answer(['/a', '/b', '/c'])
  await pause()
}

test('words are searched at once, meaning after a pause, and each is shown as it comes', async () => {
  const { session, engine } = await loaded()
  session.search(' cats ')
  expect(session.state).toMatchObject({ query: 'cats', stage: 'searching' })
  await settle()
  expect(engine.calls).toHaveLength(1)
  expect(engine.calls[0]).toMatchObject({ query: 'cats', options: { mode: 'keyword', groupBy: 'page', k: 8 } })
  engine.words[0]!.answer(['/a#1', '/a#2', '/b'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'words', elapsedMs: undefined })
  expect(session.state.groups).toMatchObject([
    { url: '/a', title: 'Title of /a', hits: [{ url: '/a#1' }, { url: '/a#2' }] },
    { url: '/b', hits: [{ url: '/b' }] },
  ])
  await vi.advanceTimersByTimeAsync(PAUSE_MS - 1)
  expect(engine.better).toHaveLength(0)
  await vi.advanceTimersByTimeAsync(1)
  expect(engine.better[0]).toMatchObject({ query: 'cats', options: { groupBy: 'page', k: 8 } })
  engine.better[0]!.answer(['/c', '/a'])
  await settle()
  // The time is the search's own: that the model was waited for is told of as loading.
  expect(session.state).toMatchObject({ stage: 'done', elapsedMs: 7, notice: undefined })
  expect(pagesIn(session.state)).toEqual(['/c', '/a'])
})

test('each keystroke searches words and cancels what came before; only the last is searched by meaning', async () => {
  const { session, engine } = await loaded({ pages: 3 })
  for (const query of ['c', 'ca', 'cat']) {
    session.search(query)
    await vi.advanceTimersByTimeAsync(PAUSE_MS - 20)
  }
  expect(engine.words.map(({ query }) => query)).toEqual(['c', 'ca', 'cat'])
  expect(engine.words.map(({ options }) => options.signal?.aborted)).toEqual([true, true, false])
  expect(engine.words[0]!.options.k).toBe(3)
  await pause()
  expect(engine.better.map(({ query }) => query)).toEqual(['cat'])
  session.search('cats')
  expect(engine.better[0]!.options.signal?.aborted).toBe(true)
})

test('what is shown stays while the next question is searched, and the same question is not asked again', async () => {
  const made = await loaded()
  const { session, engine } = made
  await withWords(made)
  session.search('cats  ')
  await settle()
  expect(engine.words).toHaveLength(1)
  session.search('dogs')
  await settle()
  expect(session.state).toMatchObject({ query: 'dogs', stage: 'searching' })
  expect(pagesIn(session.state)).toEqual(['/a', '/b', '/c'])
})

test('words that come after the better answer change nothing', async () => {
  const { session, engine } = await loaded()
  session.search('cats')
  await pause()
  engine.better[0]!.answer(['/z'])
  await settle()
  engine.words[0]!.answer(['/a'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done' })
  expect(pagesIn(session.state)).toEqual(['/z'])
})

test('whatever order answers come in: never is one of an older question shown after a newer one’s', async () => {
  const step = fc.oneof(
    { weight: 2, arbitrary: fc.constant({ kind: 'type' as const, at: 0 }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'pause' as const, at: 0 }) },
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer' as const), at: fc.nat(30) }) },
  )
  const numberOf = (state: ViewState) => Number(state.groups[0]?.url.slice(2) ?? 0)
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const { session, engine } = await loaded()
      engine.isDeaf = true // what was aborted is answered all the same
      const unanswered = new Set<number>()
      let typed = 0
      let last = { question: 0, isBetter: false }
      const answer = (at: number) => {
        const call = engine.calls[at]!
        unanswered.delete(at)
        call.answer([`/${call.isWords ? 'w' : 'm'}${call.query}`])
      }
      const check = () => {
        const now = { question: numberOf(session.state), isBetter: pagesIn(session.state)[0]?.[1] === 'm' }
        expect(now.question).toBeGreaterThanOrEqual(last.question)
        if (now.question === last.question) expect(Number(now.isBetter)).toBeGreaterThanOrEqual(Number(last.isBetter))
        last = now
      }
      session.watch(check)
      for (const { kind, at } of steps) {
        const before = engine.calls.length
        if (kind === 'type') session.search(String(++typed))
        if (kind === 'pause') await pause()
        if (kind === 'answer' && unanswered.size > 0) answer([...unanswered][at % unanswered.size]!)
        await settle()
        for (let added = before; added < engine.calls.length; added++) unanswered.add(added)
      }
      await pause()
      for (let call = 0; call < engine.calls.length; call++) answer(call)
      await settle()
      expect(session.state.stage).toBe(typed === 0 ? 'idle' : 'done')
      expect(pagesIn(session.state)).toEqual(typed === 0 ? [] : [`/m${typed}`])
    }),
    { seed: 3, numRuns: 60 },
  )
})

test('better ranks leave what is held where it is; another question does not', async () => {
  const made = await loaded()
  const { session, engine } = made
  await withWords(made)
  session.hold({ group: '/c', hit: '/c' })
  engine.better[0]!.answer(['/d', '/c', '/e', '/f'])
  await settle()
  expect(pagesIn(session.state)).toEqual(['/d', '/e', '/c', '/f'])
  session.search('dogs')
  await settle()
  engine.words.at(-1)!.answer(['/c', '/x'])
  await settle()
  expect(pagesIn(session.state)).toEqual(['/c', '/x'])
})

test('an empty question clears, and stops what runs', async () => {
  const made = await loaded()
  const { session, engine } = made
  await withWords(made)
  session.search('  ')
  expect(session.state).toMatchObject({ query: '', stage: 'idle', groups: [], counts: {} })
  expect(engine.better[0]!.options.signal?.aborted).toBe(true)
  session.search('cats')
  await settle()
  expect(engine.words).toHaveLength(2)
})

test('never: words alone, no model', async () => {
  const { session, engine } = make({ preload: 'never' })
  session.intend()
  session.search('cats')
  await settle()
  engine.words[0]!.answer(['/a'])
  await pause()
  expect(engine.loads).toHaveLength(0)
  expect(engine.calls).toHaveLength(1)
  expect(session.state).toMatchObject({ stage: 'done', elapsedMs: 7, model: { state: 'none' }, notice: undefined })
})

test('intent: nothing is opened before someone turns to the search; a question counts as that', async () => {
  for (const turn of ['intend', 'search'] as const) {
    const { session, engine } = make()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(engine.openings).toHaveLength(0)
    if (turn === 'intend') session.intend()
    else session.search('cats')
    await settle()
    expect([engine.openings.length, engine.loads.length]).toEqual([1, 1])
    expect(engine.openings[0]!.options).toMatchObject({ index: '/index/', model: '/model/', lazy: true })
    session.intend()
    await settle()
    expect([engine.openings.length, engine.loads.length]).toEqual([1, 1])
  }
})

test('eager and idle: unasked, unless data is saved', async () => {
  const eager = make({ preload: 'eager' })
  await settle()
  expect(eager.engine.loads).toHaveLength(1)

  const idle = make({ preload: 'idle' })
  await settle()
  expect(idle.engine.openings).toHaveLength(0)
  for (const call of idle.surroundings.idle) call()
  await settle()
  expect(idle.engine.loads).toHaveLength(1)

  const sparing = Object.assign(new FakeSurroundings(), { savesData: true })
  for (const preload of ['eager', 'idle'] as const) {
    const { engine } = make({ preload }, new FakeEngine(), sparing)
    await settle()
    expect([engine.openings.length, sparing.idle.size]).toEqual([0, 0])
  }
})

test('the model is told of from the first byte to where it runs', async () => {
  const { session, engine } = make()
  session.intend()
  await settle()
  const { onProgress = () => {} } = engine.openings[0]!.options
  const told: unknown[] = []
  session.watch(({ model }) => model !== told.at(-1) && told.push(model))
  const bytes = async (stage: 'model' | 'runtime' | 'index', loadedBytes: number, total: number) => {
    onProgress({ stage, loaded: loadedBytes, total, unit: 'bytes' })
    await settle()
  }
  await bytes('model', 0, 1000)
  await bytes('runtime', 0, 500)
  await bytes('model', 400, 1000)
  await bytes('model', 401, 1000) // not worth telling
  await bytes('model', 10, 10) // one small file's, or an old one
  onProgress({ stage: 'compile', loaded: 0, total: 2, unit: 'items' }) // while files are coming
  await bytes('model', 1000, 1000)
  await bytes('runtime', 500, 500)
  await bytes('index', 100, 500)
  await bytes('index', 500, 500)
  engine.loads[0]!.resolve({ ...LOADED, encoder: { ...LOADED.encoder, backend: 'webgpu' } })
  await settle()
  await bytes('model', 0, 1000) // a worker that was started anew
  expect(told).toEqual([
    { state: 'downloading', loadedBytes: 0, totalBytes: 1000 },
    { state: 'downloading', loadedBytes: 0, totalBytes: 1500 },
    { state: 'downloading', loadedBytes: 400, totalBytes: 1500 },
    { state: 'downloading', loadedBytes: 1000, totalBytes: 1500 },
    { state: 'compiling' },
    { state: 'downloading', loadedBytes: 1600, totalBytes: 2000 },
    { state: 'compiling' },
    { state: 'ready', backend: 'webgpu' },
  ])
})

test('an answer tells where the model runs now, before all is loaded and after it has moved', async () => {
  const made = make()
  const { session, engine } = made
  await withWords(made)
  engine.better[0]!.answer(['/a'], { encoder: { ...LOADED.encoder, backend: 'webgpu' } })
  await settle()
  expect(session.state.model).toEqual({ state: 'ready', backend: 'webgpu' })
  await withWords({ session: { ...session, search: () => session.search('dogs') } as SearchSession, engine })
  engine.better[1]!.answer(['/a'])
  await settle()
  expect(session.state.model).toEqual({ state: 'ready', backend: 'wasm' })
})

test('no index: said once, not asked for with each letter, and with retry again', async () => {
  const engine = new FakeEngine({ isOpen: false })
  const { session } = make({}, engine)
  session.search('cats')
  await settle()
  engine.openings[0]!.reject(error('index-missing'))
  await pause()
  const notice = { kind: 'index-missing', detail: 'what index-missing says', canRetry: false }
  expect(session.state).toMatchObject({ stage: 'done', groups: [], notice, model: { state: 'none' } })
  session.search('dogs')
  await pause()
  expect(engine.openings).toHaveLength(1)
  expect(session.state).toMatchObject({ stage: 'done', notice })

  session.retry()
  expect(session.state.notice).toBeUndefined()
  await settle()
  engine.openings[1]!.resolve()
  await settle()
  engine.words[0]!.answer(['/a'])
  await settle()
  expect(session.state).toMatchObject({ query: 'dogs', stage: 'words', notice: undefined })
})

test('an index that could not be fetched is asked for with the next question', async () => {
  const engine = new FakeEngine({ isOpen: false })
  const { session } = make({}, engine)
  session.intend()
  await settle()
  engine.openings[0]!.reject(error('download-failed'))
  await settle()
  expect(session.state).toMatchObject({ stage: 'idle', notice: { kind: 'failed', canRetry: true } })
  session.search('cats')
  await settle()
  engine.openings[1]!.resolve()
  await settle()
  expect(session.state).toMatchObject({ stage: 'searching', notice: undefined })
  expect(engine.words).toHaveLength(1)
})

test('no model: words go on, nothing loads it with each letter; retry does', async () => {
  const made = make()
  const { session, engine } = made
  await withWords(made)
  expect(session.state.stage).toBe('words')
  engine.loads[0]!.reject(error('backend-unavailable'))
  engine.better[0]!.reject(error('backend-unavailable'))
  await settle()
  const notice = { kind: 'words-only-model', detail: 'what backend-unavailable says', canRetry: true }
  expect(session.state).toMatchObject({ stage: 'done', notice, model: { state: 'failed' } })
  expect(pagesIn(session.state)).toEqual(['/a', '/b', '/c'])
  // What is still on its way of other parts is no sign of life.
  engine.openings[0]!.options.onProgress?.({ stage: 'index', loaded: 1, total: 2, unit: 'bytes' })
  session.search('dogs')
  await settle()
  engine.words[1]!.answer(['/d'])
  await pause()
  expect(session.state).toMatchObject({ stage: 'done', notice, model: { state: 'failed' } })
  expect([engine.loads.length, engine.better.length]).toEqual([1, 1])

  session.retry()
  await settle()
  expect(session.state).toMatchObject({ stage: 'searching', notice: undefined, model: { state: 'none' } })
  engine.loads[1]!.resolve(LOADED)
  await pause()
  engine.better[1]!.answer(['/e'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: undefined, model: { state: 'ready' } })
  expect(pagesIn(session.state)).toEqual(['/e'])
})

test('a model that fails during the pause is not loaded again by the search', async () => {
  const { session, engine } = make()
  session.search('cats')
  await settle()
  engine.loads[0]!.reject(error('model-missing'))
  await pause()
  expect(engine.better).toHaveLength(0)
  expect(session.state).toMatchObject({ stage: 'searching', notice: { kind: 'words-only-model' } })
  engine.words[0]!.answer(['/a'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'words-only-model' } })
})

test('a model that could not be fetched is tried again with the next question', async () => {
  const made = make()
  const { session, engine } = made
  session.intend()
  await settle()
  engine.openings[0]!.options.onProgress?.({ stage: 'runtime', loaded: 5, total: 10, unit: 'bytes' })
  engine.loads[0]!.reject(error('download-failed'))
  await settle()
  expect(session.state).toMatchObject({ model: { state: 'failed' }, notice: { kind: 'words-only-model' } })
  await withWords(made)
  expect(session.state).toMatchObject({ stage: 'words', notice: { kind: 'words-only-model' } })
  const again = { stage: 'model', loaded: 1, total: 2, unit: 'bytes' } as const // of another backend, maybe
  engine.openings[0]!.options.onProgress?.(again)
  await settle()
  const model = { state: 'downloading', loadedBytes: 1, totalBytes: 2 }
  expect(session.state).toMatchObject({ model, notice: undefined })
  engine.loads[1]!.resolve(LOADED)
  engine.better[0]!.answer(['/a'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', model: { state: 'ready' }, notice: undefined })
})

test('residuals that cannot be had do not make a model that answers a failed one', async () => {
  const made = make()
  const { session, engine } = made
  await withWords(made)
  engine.better[0]!.answer(['/b'], ROUGH)
  await settle()
  engine.loads[0]!.reject(error('download-failed'))
  await settle()
  expect(session.state).toMatchObject({ model: { state: 'ready' }, notice: { kind: 'approximate' } })
  session.intend()
  await settle()
  expect(engine.loads).toHaveLength(1)
})

test('index and model that do not belong together: words, and no retry', async () => {
  const made = make()
  await withWords(made)
  made.engine.loads[0]!.reject(error('model-mismatch'))
  made.engine.better[0]!.reject(error('model-mismatch'))
  await settle()
  expect(made.session.state).toMatchObject({ stage: 'done', notice: { kind: 'words-only-mismatch', canRetry: false } })
})

test('one question that fails: its words stay, and the next one is asked of the model again', async () => {
  const made = await loaded()
  const { session, engine } = made
  await withWords(made)
  engine.better[0]!.reject(error('runtime-failed'))
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'words-only-model' } })
  expect(pagesIn(session.state)).toEqual(['/a', '/b', '/c'])
  session.search('dogs')
  await pause()
  engine.better[1]!.answer(['/d'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: undefined })
})

test('a question that fails before its words are here: they are shown when they come', async () => {
  const { session, engine } = await loaded()
  session.search('cats')
  await pause()
  engine.better[0]!.reject(error('runtime-failed'))
  await settle()
  expect(session.state.stage).toBe('searching')
  engine.words[0]!.answer(['/a'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'words-only-model' } })
  expect(pagesIn(session.state)).toEqual(['/a'])
})

test('words that cannot be read: nothing of an older question is shown as if it answered this one', async () => {
  const made = await loaded()
  const { session, engine, surroundings } = made
  await withWords(made)
  surroundings.setOnline(false)
  session.search('dogs')
  await settle()
  engine.words[1]!.reject(error('download-failed'))
  await pause()
  expect(session.state).toMatchObject({ stage: 'done', groups: [], notice: { kind: 'offline', canRetry: true } })
  expect(engine.better).toHaveLength(1)
  surroundings.setOnline(true)
  session.retry()
  await settle()
  engine.words[2]!.answer(['/d'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'words', notice: undefined })
})

test('words that fail while meaning is on its way end both; without meaning the next answer ends the notice', async () => {
  const { session, engine } = await loaded()
  session.search('cats')
  await pause()
  engine.words[0]!.reject(error('index-invalid'))
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'index-invalid' } })
  expect(engine.better[0]!.options.signal?.aborted).toBe(true)

  const words = make({ preload: 'never' })
  words.session.search('cats')
  await settle()
  words.engine.words[0]!.reject(error('index-invalid'))
  await settle()
  expect(words.session.state.notice?.kind).toBe('index-invalid')
  words.session.search('dogs')
  await settle()
  words.engine.words[1]!.answer(['/a'])
  await settle()
  expect(words.session.state).toMatchObject({ stage: 'done', notice: undefined })
})

test('a script that the model does not know is told with the answer, until another one', async () => {
  const made = await loaded()
  const { session, engine } = made
  await withWords(made)
  engine.better[0]!.answer(['/a'], { isUnderstood: false })
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'words-only-script' } })
  session.search('dogs')
  await pause()
  expect(session.state.notice?.kind).toBe('words-only-script') // no flicker with each letter
  engine.better[1]!.answer(['/a'])
  await settle()
  expect(session.state.notice).toBeUndefined()
})

test('a rough answer is asked for again when all is loaded, around what is held', async () => {
  const made = make()
  const { session, engine } = made
  await withWords(made)
  engine.better[0]!.answer(['/a', '/b', '/c'], ROUGH)
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'approximate' } })
  session.hold({ group: '/b' })
  engine.loads[0]!.resolve(LOADED)
  await settle()
  expect(engine.better).toHaveLength(2)
  engine.better[1]!.answer(['/b', '/c', '/a'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: undefined })
  expect(pagesIn(session.state)).toEqual(['/c', '/b', '/a'])
})

test('a rough answer while the rest arrives is asked for again at once, and not for ever', async () => {
  const made = make()
  const { session, engine } = made
  await withWords(made)
  engine.loads[0]!.resolve(LOADED)
  await settle()
  engine.better[0]!.answer(['/a'], ROUGH)
  await settle()
  expect(engine.better).toHaveLength(2)
  engine.better[1]!.answer(['/a'], ROUGH)
  await settle()
  expect(engine.better).toHaveLength(2)
  for (let change = 0; change < 2; change++) {
    engine.openings[0]!.options.onChange?.(OPENED) // residuals came after a second try
    await settle()
  }
  expect(engine.better).toHaveLength(3)
  engine.better[2]!.reject(error('runtime-failed')) // what is shown is better than nothing
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', notice: { kind: 'approximate' } })
})

test('filters that are set are searched with, those of the page always; what is no choice is not counted', async () => {
  const made = make({ filters: { version: ['2'] } })
  const { session, engine } = made
  engine.state = { ...OPENED, filters: ['area', 'version'] }
  session.setFilters({ area: ['guide'], kind: [] })
  await settle()
  expect(session.state).toMatchObject({ stage: 'idle', filters: { area: ['guide'] } })
  expect(engine.calls).toHaveLength(0)
  session.search('cats')
  await pause()
  const wanted = { filters: { area: ['guide'], version: ['2'] }, counts: true }
  expect(engine.calls.map(({ options }) => options)).toMatchObject([wanted, wanted])
  engine.words[0]!.answer(['/a'], { counts: { area: { guide: 1 }, version: { 2: 1 } } })
  await settle()
  expect(session.state.counts).toEqual({ area: { guide: 1 } })
  engine.better[0]!.answer(['/a', '/b'], { counts: { area: { guide: 2 } } })
  await settle()
  expect(session.state.counts).toEqual({ area: { guide: 2 } })

  session.hold({ group: '/a' })
  session.setFilters({ area: [], version: ['1'] })
  expect(session.state).toMatchObject({ query: 'cats', stage: 'searching', filters: { version: ['1'] } })
  await settle()
  expect(engine.words[1]!.options.filters).toEqual({ version: ['2'] })
  engine.words[1]!.answer(['/c', '/a'])
  await settle()
  expect(pagesIn(session.state)).toEqual(['/c', '/a'])
})

test('an index without filters is not asked for counts, nor one whose only filter is set', async () => {
  for (const filters of [[], ['version']]) {
    const { session, engine } = make({ filters: { version: ['2'] } })
    engine.state = { ...OPENED, filters }
    session.search('cats')
    await settle()
    expect(engine.words[0]!.options.counts).toBe(false)
  }
})

test('an index without words waits for meaning', async () => {
  const { session, engine } = make()
  engine.state = { ...OPENED, hasKeywords: false }
  session.search('cats')
  await pause()
  expect(engine.words).toHaveLength(0)
  expect(session.state.stage).toBe('searching')
  engine.better[0]!.answer(['/a'])
  await settle()
  expect(session.state.stage).toBe('done')
  session.search('dogs')
  await pause()
  engine.better[1]!.reject(error('runtime-failed'))
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', groups: [], notice: { kind: 'failed' } })
})

test('more like this, and like a selection: without words, pause or model', async () => {
  const made = make({ preload: 'intent' })
  const { session, engine } = made
  await withWords(made)
  const of = hit('/a#1')
  session.moreLike(of, { start: 1, end: 4 })
  await settle()
  expect(session.state).toMatchObject({ query: 'cats', similarTo: '/a#1', stage: 'searching' })
  const call = engine.calls.at(-1)!
  expect(call).toMatchObject({ to: { hit: of, range: { start: 1, end: 4 } }, options: { groupBy: 'page', k: 8 } })
  expect(engine.better[0]!.options.signal?.aborted).toBe(true)
  call.answer(['/x', '/y'])
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', similarTo: '/a#1' })
  expect(pagesIn(session.state)).toEqual(['/x', '/y'])

  session.searchSelection('/page', 'some text')
  expect(session.state.similarTo).toBe('some text')
  await settle()
  expect(engine.calls.at(-1)!.to).toEqual({ url: '/page', text: 'some text' })
  engine.calls.at(-1)!.reject(error('invalid-argument'))
  await settle()
  expect(session.state).toMatchObject({ stage: 'done', groups: [], notice: { kind: 'failed', canRetry: false } })

  session.searchSelection('/page', `A ${'long 🐈 '.repeat(99)}text`)
  expect([...(session.state.similarTo ?? '')]).toHaveLength(81) // it is to be read in one line or two
  await settle()
  expect(engine.calls.at(-1)!.to).toEqual({ url: '/page', text: `A ${'long 🐈 '.repeat(99)}text` })

  session.search('cats') // back to the question, which is not the one that was asked last
  expect(session.state.similarTo).toBeUndefined()
  await settle()
  expect(engine.words).toHaveLength(2)
})

test('a selection of a page that the index does not have is searched for: by words, or as the model is there', async () => {
  for (const { session, engine } of [make(), await loaded()]) {
    const isLoaded = session.state.model.state === 'ready'
    session.searchSelection('/other-site', 'some text')
    await settle()
    engine.calls[0]!.reject(error('section-missing'))
    await settle()
    expect(engine.calls[1]).toMatchObject({
      query: 'some text',
      isWords: !isLoaded,
      options: { groupBy: 'page', k: 8 },
    })
    engine.calls[1]!.answer(['/a'])
    await settle()
    expect(session.state).toMatchObject({ stage: 'done', similarTo: 'some text', notice: undefined })
    expect(engine.loads).toHaveLength(isLoaded ? 1 : 0)

    session.moreLike(hit('/gone'))
    await settle()
    engine.calls[2]!.reject(error('section-missing'))
    await settle()
    expect(session.state).toMatchObject({ stage: 'done', groups: [], notice: { kind: 'failed', canRetry: false } })
  }
})

test('more like this loads no model', async () => {
  const { session, engine } = make()
  session.moreLike(hit('/a'))
  await pause()
  expect([engine.calls.length, engine.loads.length]).toEqual([1, 0])
})

test('a heat map is of the text whose hits are shown, and loads the model', async () => {
  const { session, engine } = make({ preload: 'never' })
  await expect(session.heatMap(hit('/a'))).rejects.toMatchObject({ code: 'invalid-argument' })
  session.search('cats')
  await settle()
  engine.words[0]!.answer(['/a'])
  await settle()
  session.search('dogs') // not answered yet
  await settle()
  await session.heatMap(hit('/a'))
  await settle()
  expect(engine.heatMaps).toMatchObject([{ query: 'cats', hit: { url: '/a' } }])
  expect(engine.loads).toHaveLength(1)
})

test('limits of the page are told once the index is open, and change with the network', async () => {
  const { session, engine, surroundings } = make()
  engine.state = { ...OPENED, stored: { ...OPENED.stored, kind: 'memory', reason: 'a private window' } }
  await settle()
  expect(session.state.notice).toBeUndefined()
  session.intend()
  await settle()
  expect(session.state.notice).toEqual({ kind: 'not-kept', detail: 'a private window', canRetry: false })
  surroundings.setOnline(false)
  expect(session.state.notice?.kind).toBe('offline')
  surroundings.setOnline(true)
  expect(session.state.notice?.kind).toBe('not-kept')
  engine.openings[0]!.options.onChange?.(OPENED)
  expect(session.state.notice).toBeUndefined()
})

test('a page that is not secure', async () => {
  const { session } = make({}, new FakeEngine(), Object.assign(new FakeSurroundings(), { isSecure: false }))
  session.intend()
  await settle()
  expect(session.state.notice).toEqual({ kind: 'insecure', canRetry: false })
})

test('watchers are called after a change, never during it, with the latest state', async () => {
  const { session } = make()
  const states: ViewState[] = []
  const stop = session.watch((state) => states.push(state))
  session.search('c')
  session.search('ca')
  expect(states).toEqual([])
  await settle()
  expect(states[0]).toMatchObject({ query: 'ca', stage: 'searching' })
  expect(states.at(-1)).toBe(session.state)
  expect(new Set(states).size).toBe(states.length)
  const { length } = states
  session.search('cat')
  stop()
  await settle()
  expect(states).toHaveLength(length)
})

test('a watcher that is stopped by another one is not called any more', async () => {
  const { session } = make()
  const second = vi.fn()
  session.watch(() => stopSecond())
  const stopSecond = session.watch(second)
  session.search('c')
  await settle()
  expect(second).not.toHaveBeenCalled()
})

test('sessions of one engine share what is loaded and what is told of it', async () => {
  const engine = new FakeEngine()
  const [first, second] = [make({}, engine), make({}, engine)]
  first.session.intend()
  second.session.intend()
  await settle()
  expect([engine.openings.length, engine.loads.length]).toEqual([1, 1])
  engine.loads[0]!.resolve(LOADED)
  await settle()
  const third = make({}, engine)
  for (const { session } of [first, second, third]) expect(session.state.model.state).toBe('ready')
})

test('closed: what runs is stopped, and nothing is told or asked any more', async () => {
  const made = await loaded()
  const { session, engine, surroundings } = made
  await withWords(made)
  const watcher = vi.fn()
  session.watch(watcher)
  session.search('dogs')
  session.close()
  expect(vi.getTimerCount()).toBe(0)
  await pause()
  session.search('birds')
  session.intend()
  surroundings.setOnline(false)
  engine.openings[0]!.options.onChange?.(OPENED)
  await pause()
  expect(watcher).not.toHaveBeenCalled()
  expect(engine.calls.every(({ options }) => options.signal?.aborted)).toBe(true)
  expect(engine.calls.map(({ query }) => query)).not.toContain('birds')

  const opening = make({}, new FakeEngine({ isOpen: false }))
  opening.session.search('cats')
  await settle()
  opening.session.close()
  opening.engine.openings[0]!.resolve()
  await pause()
  expect([opening.engine.loads.length, opening.engine.calls.length]).toEqual([0, 0])

  const idle = make({ preload: 'idle' })
  idle.session.close()
  expect(idle.surroundings.idle.size).toBe(0)
})

test.each([{ preload: 'soon' }, { pages: 0 }, { pages: 1.5 }, { pages: 101 }, { page: 3 }])('refused: %o', (wrong) => {
  const options = { index: '/index/', model: '/model/', ...wrong } as SessionOptions // as a page without types gives it
  expect(() => createSession(options)).toThrow(SelvageError)
})
