import { expect, test } from 'vitest'
import { filtersOfFacets, readRequests } from '../../src/adapters/algolia.ts'

const READ = {
  index: 'docs',
  query: 'cat',
  page: 1,
  hitsPerPage: 5,
  filters: { version: ['2', '3'] },
  facets: ['version'],
  before: '<b>',
  after: '</b>',
  ellipsis: '...',
  snippetWords: 15,
}
const PARAMS = {
  page: 1,
  hitsPerPage: 5,
  facetFilters: [['version:2', 'version:3']],
  facets: ['version'],
  highlightPreTag: '<b>',
  highlightPostTag: '</b>',
  snippetEllipsisText: '...',
  attributesToSnippet: ['hierarchy.lvl1:5', 'content:15'],
  clickAnalytics: true,
}

test('requests of all versions are read alike', () => {
  expect(readRequests([{ indexName: 'docs', query: 'cat', params: PARAMS }], {})).toEqual([READ])
  expect(readRequests({ requests: [{ indexName: 'docs', query: 'cat', ...PARAMS }] }, {})).toEqual([READ])
  expect(readRequests([{ indexName: 'docs', params: { ...PARAMS, query: 'cat' } }], {})).toEqual([READ])
})

test('what is not said is as in Algolia', () => {
  const [read] = readRequests([{ indexName: 'docs' }], {})
  expect(read).toMatchObject({ query: '', page: 0, hitsPerPage: 20, before: '<mark>', ellipsis: '…', snippetWords: 10 })
  expect(readRequests([{ hitsPerPage: 1000 }], {})[0]!.hitsPerPage).toBe(100)
})

test.each<[unknown, Record<string, string[]>]>([
  [undefined, {}],
  ['version:2', { version: ['2'] }],
  [['lang:en', ['version:2', 'version:3']], { lang: ['en'], version: ['2', '3'] }],
  [['lang:en', 'lang:en'], { lang: ['en'] }],
  [['time:12:30'], { time: ['12:30'] }],
  [['range:\\-1'], { range: ['-1'] }],
  [['language:en', ['docusaurus_tag:default', 'docusaurus_tag:docs']], { lang: ['en'] }],
  [[['docusaurus_tag:default', 'version:2']], {}],
])('facetFilters %j', (given, wanted) => {
  expect(filtersOfFacets(given, { docusaurus_tag: false, language: 'lang' })).toEqual(wanted)
})

test.each<[unknown, string]>([
  [[['lang:en', 'version:2']], 'alternatives of different facets'],
  [['version:2', 'version:3'], '"version" is to hold twice'],
  [['version:-2'], 'asks for what a page lacks'],
  [['-version:2'], 'asks for what a page lacks'],
  [['version'], 'wanted is "name:value"'],
  [[2], 'wanted is "name:value"'],
])('facetFilters %j are refused', (given, message) => {
  expect(() => filtersOfFacets(given, {})).toThrow(message)
})

test('what would change the hits and cannot be done is refused; empty it is nothing', () => {
  expect(() => readRequests([{ filters: 'version:2' }], {})).toThrow('filters cannot be done')
  expect(() => readRequests([{ params: { numericFilters: ['price<3'] } }], {})).toThrow('numericFilters')
  expect(() => readRequests([{ page: -1 }], {})).toThrow('page is -1')
  expect(() => readRequests(JSON.parse('{ "requests": 3 }'), {})).toThrow('a list of requests')
  expect(readRequests([{ filters: '', optionalFilters: [] }], {})).toHaveLength(1)
})
