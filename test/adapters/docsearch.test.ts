import type { DocSearchProps } from '@docsearch/js'
import { expect, test } from 'vitest'
import { type DocSearchClientOptions, docSearchClient } from '../../src/adapters/docsearch.ts'
import { SelvageError } from '../../src/errors.ts'
import type { Hit } from '../../src/types.ts'
import { FakeSelvage, newAddress, sectionHit } from './fakeSelvage.ts'

const NAPS = sectionHit({
  url: 'https://example.org/cats.html#naps',
  headings: ['Cats & <co>', 'Long naps'],
  text: 'A cat sleeps <long> most of the day, and much of the night as well.',
  marked: { cat: 0.5, sleeps: 1 },
})
const DEEP = sectionHit({
  url: 'https://example.org/cats.html#why',
  headings: ['Cats & <co>', 'Long naps', 'Why'],
  text: 'To save strength.',
  marked: { strength: 1 },
})

function client(fake: FakeSelvage, options: DocSearchClientOptions = {}, hits: readonly Hit[] = [NAPS, DEEP]) {
  fake.hits = hits
  const lite = { appId: 'x', addAlgoliaAgent: () => {}, search: () => Promise.reject(new Error('Algolia was asked.')) }
  return docSearchClient({ ...newAddress(), mode: 'keyword', ...options }, fake.open)(lite)
}

const REQUEST = { indexName: 'docs', query: 'nap' }

test('the client stays what it is, but for its search', () => {
  const transform: DocSearchProps['transformSearchClient'] = docSearchClient() // as DocSearch's own types want it
  expect(transform).toEqual(expect.any(Function))
  const own = client(new FakeSelvage())
  expect(own).toMatchObject({ appId: 'x', addAlgoliaAgent: expect.any(Function), search: expect.any(Function) })
})

test('an answer as Algolia gives it', async () => {
  const { results } = await client(new FakeSelvage()).search({ requests: [REQUEST] })
  expect(results).toEqual([
    {
      ...{ index: 'docs', query: 'nap', params: '', page: 0, hitsPerPage: 20, nbHits: 2, nbPages: 1 },
      ...{ exhaustiveNbHits: true, processingTimeMS: expect.any(Number), mode: 'keyword', model: 'none' },
      hits: [expect.any(Object), expect.any(Object)],
    },
  ])
  const [naps, deep] = results[0]!.hits
  const lvl1 = {
    value: 'Long <mark>naps</mark>',
    matchLevel: 'partial',
    fullyHighlighted: false,
    matchedWords: ['naps'],
  }
  const lvl0 = { value: 'Cats &amp; &lt;co&gt;', matchLevel: 'none', fullyHighlighted: false, matchedWords: [] }
  const content = {
    value: 'A <mark>cat</mark> <mark>sleeps</mark> &lt;long&gt; most of the day, and much …',
    ...{ matchLevel: 'partial', fullyHighlighted: false, matchedWords: ['cat', 'sleeps'] },
  }
  const none = { lvl2: null, lvl3: null, lvl4: null, lvl5: null, lvl6: null }
  expect(naps).toEqual({
    objectID: NAPS.url,
    url: NAPS.url,
    url_without_anchor: 'https://example.org/cats.html',
    anchor: 'naps',
    type: 'lvl1',
    hierarchy: { lvl0: lvl0.value, lvl1: 'Long naps', ...none },
    content: 'A cat sleeps &lt;long&gt; most of the day, and much',
    _highlightResult: { hierarchy: { lvl0, lvl1 }, content },
    _snippetResult: { hierarchy: { lvl0, lvl1 }, content },
  })
  expect(deep).toMatchObject({ type: 'content', hierarchy: { lvl0: lvl0.value, lvl1: 'Long naps', lvl2: 'Why' } })
})

test('a heading that is the query is shown as a heading; a page without headings by its title', async () => {
  const plain = sectionHit({ url: '/dogs.html', headings: ['Dogs'], text: 'Dogs bark.' })
  const { results } = await client(new FakeSelvage(), {}, [
    { ...DEEP, ranking: { bonus: TITLE } },
    plain,
    plain,
  ]).search([REQUEST])
  const [deep, dogs, again] = results[0]!.hits
  expect(deep).toMatchObject({ type: 'lvl2' })
  expect(dogs).toMatchObject({ type: 'lvl1', anchor: null, hierarchy: { lvl0: 'Dogs', lvl1: 'Dogs', lvl2: null } })
  expect([dogs!.objectID, again!.objectID]).toEqual(['/dogs.html', '/dogs.html~2'])
})
const TITLE = { kind: 'title', contribution: 1 } as const

test('version 5 shows the whole path with an excerpt, and so gets excerpts', async () => {
  const fake = new FakeSelvage()
  fake.hits = [NAPS, DEEP]
  const transform = docSearchClient({ ...newAddress(), mode: 'keyword' }, fake.open)
  const typesFor = async (value: string) => {
    const { results } = await transform({ transporter: { algoliaAgent: { value } } }).search([REQUEST])
    return results[0]!.hits.map(({ type }) => type)
  }
  expect(await typesFor('Algolia for JavaScript (5.30.0); Lite (5.30.0); docsearch (5.1.0)')).toEqual([
    'content',
    'content',
  ])
  expect(await typesFor('Algolia for JavaScript (5.30.0); docsearch.js (4.6.3)')).toEqual(['lvl1', 'content'])
})

test('groups of the site’s own, with the page below', async () => {
  const byText = client(new FakeSelvage(), { group: 'Guide' })
  const byHit = client(new FakeSelvage(), { group: ({ url }) => `${url.length}` })
  const first = async (own: typeof byText) => (await own.search([REQUEST])).results[0]!.hits[0]!
  expect((await first(byText)).hierarchy).toMatchObject({
    lvl0: 'Guide',
    lvl1: 'Cats &amp; &lt;co&gt;',
    lvl2: 'Long naps',
  })
  expect((await first(byHit)).hierarchy.lvl0).toBe('34')
})

test('pages, filters and counts by the names that the index has', async () => {
  const fake = new FakeSelvage()
  const facets = { docusaurus_tag: false, v: 'version' } as const
  const own = client(fake, { facets })
  const { results } = await own.search({
    requests: [
      {
        ...REQUEST,
        page: 1,
        hitsPerPage: 1,
        facetFilters: ['docusaurus_tag:x', ['v:2', 'v:3']],
        facets: ['v', 'docusaurus_tag'],
      },
    ],
  })
  expect(fake.asked[0]).toMatchObject({ k: 2, filters: { version: ['2', '3'] }, counts: true, mode: 'keyword' })
  expect(results[0]).toMatchObject({
    page: 1,
    nbHits: 2,
    nbPages: 2,
    exhaustiveNbHits: false,
    facets: { v: { 2: 3, 3: 1 } },
  })
  expect(results[0]!.hits.map(({ anchor }) => anchor)).toEqual(['why'])
})

test('an empty query has no hits; counts of version 5 come without a search', async () => {
  const fake = new FakeSelvage()
  const own = client(fake)
  const { results } = await own.search({ requests: [{ indexName: 'docs', query: '', hitsPerPage: 0, facets: ['*'] }] })
  expect(results[0]).toMatchObject({ hits: [], nbHits: 0, nbPages: 0, facets: { version: { 2: 3, 3: 1 } } })
  expect(fake.asked).toEqual([])
})

test('what was overtaken is aborted, and answered with what overtook it', async () => {
  const fake = new FakeSelvage()
  fake.instead = ({ query, signal }) =>
    new Promise((resolve, reject) => {
      if (query === 'nap') resolve()
      const stop = () => reject(new SelvageError('aborted', 'It was aborted.'))
      if (signal?.aborted) stop()
      signal?.addEventListener('abort', stop)
    })
  const own = client(fake)
  const first = own.search([{ indexName: 'docs', query: 'n' }])
  const second = own.search([{ indexName: 'docs', query: 'na' }])
  const other = own.search([{ indexName: 'docs', query: '' }])
  const third = own.search([REQUEST])
  const queries = (await Promise.all([first, second, third])).map(({ results }) => results[0]!.query)
  expect(queries).toEqual(['nap', 'nap', 'nap'])
  expect((await other).results[0]!.query).toBe('')
})

test('errors are told, and unknown options refused', async () => {
  const fake = new FakeSelvage()
  fake.instead = async () => {
    throw new SelvageError('invalid-argument', 'The index has no filter "lang".')
  }
  await expect(client(fake).search([REQUEST])).rejects.toMatchObject({ name: 'SelvageError', code: 'invalid-argument' })
  await expect(client(fake).search([{ ...REQUEST, filters: 'a:b' }])).rejects.toThrow('filters cannot be done')
  expect(() => docSearchClient(JSON.parse('{ "appId": "x" }'))).toThrow('unknown option "appId"')
})
