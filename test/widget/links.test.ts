/** Where links lead. */
import { beforeEach, expect, test, vi } from 'vitest'
import { hrefOf } from '../../src/widget/links.ts'
import { hitOf, rangeOf } from './hits.ts'

beforeEach(() => void vi.stubGlobal('document', { fragmentDirective: {} }))

const LONG = 'When you use a ref in a template, and change its value later, Vue automatically detects the change.'

test('a short sentence is quoted whole, without what stands around it', () => {
  const hit = hitOf('First of all. “Use well-known names, please.” The end.', { matches: ['names'] })
  expect(hrefOf(hit)).toBe('/page#section:~:text=Use%20well%2Dknown%20names%2C%20please')
})

test('of a long one first and last words are', () => {
  expect(hrefOf(hitOf(LONG, { matches: ['automatically'] }))).toBe(
    '/page#section:~:text=When%20you%20use%20a%20ref,automatically%20detects%20the%20change',
  )
})

test('a page without an anchor gets a fragment, an anchor of one’s own stays', () => {
  const of = (url: string) => hrefOf(hitOf('Some words.', { url, matches: ['words'] }))
  expect(of('/page')).toBe('/page#:~:text=Some%20words')
  expect(of('https://example.org/a?b#c')).toBe('https://example.org/a?b#c:~:text=Some%20words')
  expect(of('/page#x:~:text=mine')).toBe('/page#x:~:text=mine')
})

test('only what a link may lead to is linked', () => {
  for (const url of [
    'javascript:alert(1)',
    ' JavaScript:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    '',
  ])
    expect(hrefOf(hitOf('Some words.', { url })), url).toBe('')
  for (const url of ['a/b.html', '../c', '#d', '//example.org/', 'http://example.org'])
    expect(hrefOf(hitOf('Some words.', { url })), url).toContain(url)
})

test('code has no text fragment, and of a table the cell that matched has', () => {
  const code = hitOf('const a = 1', { blocks: [{ start: 0, end: 11, kind: 'code' }], matches: ['const'] })
  expect(hrefOf(code)).toBe('/page#section')
  const row = 'timeout | How long to wait for an answer | 30 s'
  const table = hitOf(row, { blocks: [{ start: 0, end: row.length, kind: 'table' }], matches: ['answer'] })
  expect(hrefOf(table)).toBe('/page#section:~:text=How%20long%20to%20wait%20for%20an%20answer')
})

test('a bullet is no text of the page', () => {
  const text = '- Use the first one\n- Use the second one'
  const blocks = ['- Use the first one', '- Use the second one'].map((item) => ({
    ...rangeOf(text, item),
    kind: 'list-item' as const,
  }))
  expect(hrefOf(hitOf(text, { blocks, matches: ['second'] }))).toContain('text=Use%20the%20second%20one')
})

test('words that stood before are told apart by what precedes them', () => {
  const text = 'See the notes below. More of it follows here. See the notes below.'
  const { passage, ...hit } = hitOf(text)
  const start = text.lastIndexOf('notes')
  const matches = [{ start, end: start + 5, strength: 1 }]
  expect(hrefOf({ ...hit, passage: { ...passage, matches } })).toContain(
    'text=of%20it%20follows%20here.-,See%20the%20notes%20below',
  )
})

test('scripts without spaces are cut between words', () => {
  const text = '検索インデックスが見つからないため、検索できません。'.repeat(3)
  const href = hrefOf(hitOf(text))
  expect(decodeURIComponent(href.split('text=')[1]!)).toMatch(/^検索インデックスが[^。]+$/)
})

test('half a surrogate pair does not throw', () => {
  expect(hrefOf(hitOf('a \ud800 b'))).toMatch(/^\/page#section/)
})

test('a browser that knows no text fragments gets the anchor alone, which it would not find otherwise', () => {
  vi.stubGlobal('document', {})
  expect(hrefOf(hitOf('Some words.', { matches: ['words'] }))).toBe('/page#section')
})
