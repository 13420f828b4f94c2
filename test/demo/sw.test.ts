/**
 * The demo's service worker against hosts and versions as they come: redirects, addresses without endings, a version that waits.
 * Its browser is made of maps here; that of offline.test.ts is a real one.
 */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { shellFiles } from '../../demo/site/plugins.ts'

const SCOPE = 'https://host.test/demo/'

/** What the site answers, by its address below the scope. A text, or where it redirects to. */
let site: Map<string, string | { readonly to: string }>
let isOnline = true

function fetched(asked: string | { readonly url: string }): Promise<Response> {
  if (!isOnline) return Promise.reject(new TypeError('Failed to fetch'))
  const path = (typeof asked === 'string' ? asked : asked.url).slice(SCOPE.length)
  const found = site.get(path)
  const isRedirected = typeof found === 'object'
  const text = isRedirected ? site.get(found.to) : found
  if (typeof text !== 'string') return Promise.resolve(new Response('Not found', { status: 404 }))
  const answer = new Response(text, { headers: { 'content-type': 'text/html' } })
  if (isRedirected) Object.defineProperty(answer, 'redirected', { value: true })
  return Promise.resolve(answer)
}

class Cache {
  readonly entries = new Map<string, Response>()

  async match(key: string | { readonly url: string }): Promise<Response | undefined> {
    const found = this.entries.get((typeof key === 'string' ? key : key.url).replace(/[?#].*/, ''))
    return found && keepingRedirect(found)
  }

  async put(key: string, answer: Response): Promise<void> {
    this.entries.set(key, answer)
  }

  async addAll(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.entries.set(key, await fetched(key))
  }

  async keys() {
    return [...this.entries.keys()].map((url) => ({ url }))
  }

  async delete({ url }: { readonly url: string }): Promise<boolean> {
    return this.entries.delete(url)
  }
}

/** A browser's cache remembers it, too. */
function keepingRedirect(answer: Response): Response {
  const copy = answer.clone()
  if (answer.redirected) Object.defineProperty(copy, 'redirected', { value: true })
  return copy
}

let all: Map<string, Cache>
const caches = {
  has: async (name: string) => all.has(name),
  keys: async () => [...all.keys()],
  delete: async (name: string) => all.delete(name),
  async open(name: string) {
    const cache = all.get(name) ?? new Cache()
    all.set(name, cache)
    return cache
  },
  async match(key: string | { readonly url: string }) {
    for (const cache of all.values()) {
      const found = await cache.match(key)
      if (found) return found
    }
    return undefined
  },
}

interface Started {
  install(): Promise<unknown>
  activate(): Promise<unknown>
  /** Undefined: the worker leaves it to the browser. */
  ask(path: string, mode?: 'navigate' | 'no-cors'): Promise<Response> | undefined
}

type Listener = (event: Record<string, unknown>) => void

/** A worker of one version, with a world of its own. */
async function start(version: string, script: string): Promise<Started> {
  const listeners = new Map<string, Listener>()
  vi.stubGlobal('SELVAGE_SHELL', {
    version,
    entries: { 'playground.html': script, '': script },
    files: [script, 'icons/a.png'],
    pages: [['docs/vue/index.html', 'hash', 3]],
  })
  vi.stubGlobal('registration', { scope: SCOPE })
  vi.stubGlobal('clients', { claim: async () => {} })
  vi.stubGlobal('addEventListener', (type: string, listener: Listener) => listeners.set(type, listener))
  vi.resetModules()
  await import('../../demo/sw.ts')
  const waited = async (type: string) => {
    let work: unknown
    listeners.get(type)?.({ waitUntil: (promise: unknown) => (work = promise) })
    await work
  }
  return {
    install: () => waited('install'),
    activate: () => waited('activate'),
    ask(path, mode = 'navigate') {
      let answer: Promise<Response> | undefined
      const request = { url: SCOPE + path, method: 'GET', mode }
      listeners.get('fetch')?.({ request, respondWith: (given: Promise<Response>) => (answer = given) })
      return answer
    },
  }
}

const cacheOf = (version: string) => all.get(`selvage demo ${SCOPE} ${version}`)
const text = async (answer: Promise<Response> | undefined) => (await answer)?.text()

beforeEach(() => {
  all = new Map()
  isOnline = true
  site = new Map([
    ['', 'search by assets/one.js'],
    ['playground.html', 'playground by assets/one.js'],
    ['assets/one.js', 'one()'],
    ['icons/a.png', 'icon'],
  ])
  vi.stubGlobal('caches', caches)
  vi.stubGlobal('fetch', fetched)
})
afterEach(() => vi.unstubAllGlobals())

test('keeps the search page last: a cache that has it is whole', async () => {
  await (await start('1', 'assets/one.js')).install()
  const kept = [...(cacheOf('1')?.entries.keys() ?? [])].map((url) => url.slice(SCOPE.length))
  expect(kept).toEqual(['assets/one.js', 'icons/a.png', 'playground.html', ''])
})

test('what one file lacks is not kept by half, nor a page of another version', async () => {
  site.set('playground.html', 'playground by assets/two.js')
  await expect((await start('1', 'assets/one.js')).install()).rejects.toThrow(/another version/)
  expect([...all.keys()]).toEqual([])
})

test('a page that came by a redirect is kept as if it had not, since no browser would show it', async () => {
  site.set('playground', 'playground by assets/one.js').set('playground.html', { to: 'playground' })
  const worker = await start('1', 'assets/one.js')
  await worker.install()
  isOnline = false
  const answer = await worker.ask('playground.html')
  expect(answer?.redirected).toBe(false)
  expect(await answer?.text()).toBe('playground by assets/one.js')
  expect(answer?.headers.get('content-type')).toBe('text/html')
})

test('without a network a page is found by each of its addresses; one that is not kept says so', async () => {
  const worker = await start('1', 'assets/one.js')
  await worker.install()
  const pages = await caches.open(`selvage demo ${SCOPE} pages`)
  await pages.put(`${SCOPE}docs/vue/index.html`, new Response('Vue'))
  isOnline = false
  for (const path of ['', 'index.html', '?q=list']) expect(await text(worker.ask(path))).toMatch(/^search/)
  for (const path of ['playground.html', 'playground']) expect(await text(worker.ask(path))).toMatch(/^playground/)
  for (const path of ['docs/vue/', 'docs/vue/index.html', 'docs/vue/index'])
    expect(await text(worker.ask(path))).toBe('Vue')
  const missing = await worker.ask('docs/vue/other.html')
  expect(missing?.status).toBe(503)
})

test('while a version waits, pages of it have its scripts, without a network too', async () => {
  const first = await start('1', 'assets/one.js')
  await first.install()
  await first.activate()
  site
    .set('', 'search by assets/two.js')
    .set('playground.html', 'playground by assets/two.js')
    .set('assets/two.js', 'two()')
  const second = await start('2', 'assets/two.js')
  await second.install()
  isOnline = false
  expect(await text(first.ask('assets/two.js', 'no-cors'))).toBe('two()')
  expect(await text(first.ask('assets/one.js', 'no-cors'))).toBe('one()')
  expect(await text(first.ask(''))).toMatch(/one\.js$/) // its own pages, until it goes
  await second.activate()
  expect(cacheOf('1')).toBeUndefined()
  expect(await text(second.ask(''))).toMatch(/two\.js$/)
})

test('index, model and runtime are none of its business', async () => {
  const worker = await start('1', 'assets/one.js')
  for (const path of ['index/docs/manifest.json', 'models/selvage-mini/model.onnx', 'assets/onnxruntime-Ab12.bin'])
    expect(worker.ask(path, 'no-cors')).toBeUndefined()
})

test('the build tells versions apart by all that is kept, names without a hash too', () => {
  const versionWith = (icon: string, page = 'Vue') => {
    const asset = (fileName: string, source: string) => [fileName, { type: 'asset', fileName, source }] as const
    const worker = { type: 'chunk', fileName: 'sw.js', code: 'SELVAGE_SHELL' }
    const { generateBundle } = shellFiles
    if (typeof generateBundle !== 'object') throw new Error('The plugin has no hook of the bundle.')
    const bundle = Object.fromEntries([
      asset('index.html', '<script src="./assets/one.js"></script>'),
      asset('docs/vue/index.html', page),
      asset('icons/a.png', icon),
      ['sw.js', worker],
    ])
    Reflect.apply(generateBundle.handler, { error: (told: string) => expect.fail(told) }, [{}, bundle, true])
    return /"version":"(\w+)"/.exec(worker.code)?.[1]
  }
  expect(versionWith('icon')).toMatch(/^\w{12}$/)
  expect(versionWith('icon')).toBe(versionWith('icon'))
  expect(versionWith('another icon')).not.toBe(versionWith('icon'))
  expect(versionWith('icon', 'React')).not.toBe(versionWith('icon'))
})
