import type { PagefindAPI } from '@pagefind/component-ui'
import { afterEach, expect, test, vi } from 'vitest'
import * as pagefind from '../../src/adapters/pagefind.ts'
import { PagefindInstance, type PagefindOptions, type PagefindResults } from '../../src/adapters/pagefindInstance.ts'
import { FakeSelvage, newAddress, sectionHit } from './fakeSelvage.ts'

const TOP = sectionHit({ url: '/cats.html', headings: ['Cats'], text: 'All about cats & more.', marked: { cats: 1 } })
const HIT = sectionHit({
  url: '/cats.html#long%20naps',
  headings: ['Cats', 'Naps'],
  text: 'A cat sleeps <long> most\n of the day.',
  marked: { cat: 0.5, sleeps: 1, most: 0 },
  meta: { image: '/cat.png' },
  more: [TOP],
})

function instance(fake: FakeSelvage, options: PagefindOptions = {}): PagefindInstance {
  fake.hits = [HIT]
  return new PagefindInstance({ ...newAddress(), mode: 'keyword', ...options }, fake.open)
}

async function found(promise: Promise<PagefindResults | null>): Promise<PagefindResults> {
  const results = await promise
  if (results === null) throw new Error('There is no answer.')
  return results
}

afterEach(() => vi.useRealTimers())

test('the module has the calls of pagefind.js', () => {
  const calls = ['createInstance', 'debouncedSearch', 'destroy', 'filters', 'init', 'mergeIndex', 'options', 'preload']
  for (const name of [...calls, 'search']) expect(pagefind).toHaveProperty(name, expect.any(Function))
  const own = pagefind.createInstance() satisfies PagefindAPI // as Pagefind's own UI wants it
  expect(Object.keys(own).sort()).toEqual([...calls.slice(1), 'search'].sort())
})

test('a result, and what its data() gives', async () => {
  const { results, ...rest } = await found(instance(new FakeSelvage()).search('cat'))
  expect(rest).toEqual({
    unfilteredResultCount: 1,
    filters: { version: { 2: 3, 3: 1 } },
    totalFilters: { version: { 2: 3, 3: 1 } },
    timings: [{ preload: expect.any(Number), search: expect.any(Number), total: expect.any(Number) }],
    mode: 'keyword',
    model: 'none',
  })
  const [result] = results
  expect(result).toMatchObject({ id: '/cats.html', score: 2 })
  const data = await result!.data()
  expect(data).toEqual({
    url: '/cats.html',
    raw_url: '/cats.html',
    content: `${TOP.passage.text} ${HIT.passage.text}`,
    raw_content: 'All about cats & more. A cat sleeps &lt;long&gt; most\n of the day.',
    excerpt: 'A <mark>cat</mark> <mark>sleeps</mark> &lt;long&gt; <mark>most</mark>\n of the day.',
    plain_excerpt: 'A cat sleeps &lt;long&gt; most\n of the day.',
    word_count: 13,
    locations: [2, 6, 7, 9],
    weighted_locations: expect.any(Array),
    filters: {},
    meta: { title: 'Cats', image: '/cat.png' },
    anchors: [{ element: 'h2', id: 'long naps', text: 'Naps', location: 5 }],
    sub_results: [
      expect.objectContaining({ title: 'Cats', url: '/cats.html', locations: [2] }),
      expect.objectContaining({
        title: 'Naps',
        url: '/cats.html#long%20naps',
        locations: [6, 7, 9],
        excerpt: data.excerpt,
        anchor: data.anchors[0],
      }),
    ],
  })
  expect(result!.words).toEqual(data.locations)
  const words = data.content.split(/\s+/)
  expect(data.locations.map((location) => words[location])).toEqual(['cats', 'cat', 'sleeps', 'most'])
  expect(data.weighted_locations.map(({ balanced_score }) => balanced_score)).toEqual([1, 0.5, 1, Number.MIN_VALUE])
})

test('options of excerpts and addresses', async () => {
  const own = instance(new FakeSelvage(), {
    excerptLength: 3,
    excerptEllipsis: '…',
    baseUrl: '/docs/',
    highlightParam: 'highlight',
    indexWeight: 3,
  })
  const [result] = (await found(own.search('cat naps'))).results
  expect(result!.score).toBe(6)
  const { excerpt, plain_excerpt, url, raw_url, sub_results } = await result!.data()
  expect(excerpt).toBe('A <mark>cat</mark> <mark>sleeps</mark> …')
  expect(plain_excerpt).toBe('A cat sleeps …')
  expect([raw_url, url]).toEqual(['/cats.html', '/docs/cats.html?highlight=cat&highlight=naps'])
  expect(sub_results[1]!.url).toBe('/docs/cats.html?highlight=cat&highlight=naps#long%20naps')
})

test('what is asked: pages with counts, filters, an order; without filters once more for the totals', async () => {
  const fake = new FakeSelvage()
  const own = instance(fake, { limit: 7 })
  await own.search('cat', { filters: { version: ['2', '3'] }, sort: { date: 'desc' } })
  const common = { query: 'cat', k: 7, groupBy: 'page', counts: true, mode: 'keyword' }
  const sort = { by: 'date', descending: true }
  expect(fake.asked).toEqual([
    { ...common, sort, filters: { version: ['2', '3'] } },
    { ...common, sort, filters: {} },
  ])
})

test('null lists what passes the filters; an empty text finds nothing and asks nobody', async () => {
  const fake = new FakeSelvage()
  const own = instance(fake, { mode: 'auto' })
  expect((await found(own.search(null, { filters: { version: '2' } }))).results).toHaveLength(1)
  expect(fake.asked[0]).toMatchObject({ query: '', filters: { version: ['2'] }, mode: 'keyword' })
  const asked = fake.asked.length
  expect((await found(own.search('  '))).results).toEqual([])
  expect(fake.asked).toHaveLength(asked)
})

test('a debounced search that was overtaken is null, and has preloaded', async () => {
  vi.useFakeTimers()
  const fake = new FakeSelvage()
  const own = instance(fake)
  const first = own.debouncedSearch('ca', {}, 100)
  await vi.advanceTimersByTimeAsync(50)
  const second = own.debouncedSearch('cat', {}, 100)
  await vi.advanceTimersByTimeAsync(100)
  expect(await first).toBeNull()
  expect((await second)?.results).toHaveLength(1)
  expect(fake.asked.map(({ query, k }) => [query, k])).toEqual([
    ['ca', 1],
    ['cat', 1],
    ['cat', 30],
  ])
})

test('preload as an option gives null; filters are the index’s', async () => {
  const fake = new FakeSelvage()
  expect(await instance(fake).search('cat', { preload: true })).toBeNull()
  expect(await instance(fake).filters()).toEqual({ version: { 2: 3, 3: 1 } })
})

test('an index by Pagefind’s name; another one only before the first search or after destroy', async () => {
  const fake = new FakeSelvage()
  const { index } = newAddress()
  const own = new PagefindInstance({ mode: 'keyword' }, fake.open)
  await own.options({ basePath: index, excerptLength: 12, ranking: { termSimilarity: 2 }, noWorker: true })
  await own.init()
  expect(fake.opened[0]).toMatchObject({ index, model: `${index}model/` })
  await own.options({ excerptLength: 5 })
  await expect(own.options({ basePath: newAddress().index })).rejects.toThrow('basePath cannot change')
  await own.destroy()
  expect(fake.closed).toBe(1)
  await own.options({ basePath: newAddress().index })
})

test('what is unknown or cannot be done is refused with a sentence', async () => {
  const own = instance(new FakeSelvage())
  await expect(own.mergeIndex()).rejects.toThrow('build one index of all the sites')
  await expect(own.options(JSON.parse('{ "mergeFilter": {} }'))).rejects.toThrow('several indexes')
  await expect(own.options(JSON.parse('{ "exerptLength": 3 }'))).rejects.toThrow('unknown option "exerptLength"')
  await expect(own.options({ limit: 101 })).rejects.toThrow('limit is 101')
  await expect(own.search('cat', JSON.parse('{ "filter": {} }'))).rejects.toThrow('unknown option "filter"')
  await expect(own.search('cat', { filters: { tag: { none: ['a'] } } })).rejects.toMatchObject({
    code: 'invalid-argument',
  })
  await expect(own.search('cat', { sort: { a: 'asc', b: 'asc' } })).rejects.toThrow('a and b are given')
  await expect(own.search('cat', JSON.parse('{ "sort": { "a": "up" } }'))).rejects.toThrow('wanted asc or desc')
})

test('words to be highlighted stand before the fragment, of which nothing is lost', async () => {
  const fake = new FakeSelvage()
  const own = instance(fake, { highlightParam: 'q' })
  const page = sectionHit({ url: '/app/#/guide#naps', headings: ['Guide', 'Naps'], text: 'A cat naps.' })
  fake.hits = [page]
  const [result] = (await found(own.search('cat'))).results
  expect((await result!.data()).sub_results[0]!.url).toBe('/app/?q=cat#/guide#naps')
})
