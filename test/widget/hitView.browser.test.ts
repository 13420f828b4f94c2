/** What is shown of a page and its sections. */
import { expect, test } from 'vitest'
import type { Hit } from '../../src/types.ts'
import { groupView } from '../../src/widget/hitView.ts'
import { stringsFor } from '../../src/widget/strings/index.ts'
import { panelSheet } from '../../src/widget/styles.ts'
import { hitOf } from './hits.ts'

const QUERY = 'cancel a stale request'
const { strings } = stringsFor('en')

function viewOf(hits: readonly Hit[], query = QUERY) {
  const group = { url: '/page', title: 'Page', meta: {}, hits }
  return groupView(group, { strings, query, idOf: (url) => `id-${url.replace(/\W/g, '')}` })
}

const word = (text: string, isWeak: boolean) => {
  const start = QUERY.indexOf(text)
  return { start, end: start + text.length, strength: isWeak ? 0.1 : 0.9, isWeak }
}

test('a group is labelled by its page, its sections are links and options', () => {
  const { root, options } = viewOf([
    hitOf('One.'),
    hitOf('Two.', { url: '/page#two', headings: ['Page', 'A', 'B', 'Two'] }),
  ])
  document.body.append(root)
  expect(root.getAttribute('role')).toBe('group')
  expect(document.getElementById(root.getAttribute('aria-labelledby')!)?.textContent).toBe('Page')
  expect(options.map(({ role, tabIndex, hash }) => [role, tabIndex, hash])).toEqual([
    ['option', -1, '#section:~:text=One'],
    ['option', -1, '#two:~:text=Two'],
  ])
  expect(options[1]!.querySelector('.path')?.textContent).toBe('A › B')
  expect(options[0]!.querySelector('.path')).toBeNull()
  root.remove()
})

test('words are marked as strongly as they matched', () => {
  const { options } = viewOf([
    hitOf('We cancel the stale request.', {
      matches: [
        ['cancel', 1],
        ['stale', 0.25],
      ],
    }),
  ])
  const marks = [...options[0]!.querySelectorAll('mark')]
  expect(marks.map((mark) => [mark.textContent, mark.style.getPropertyValue('--strength')])).toEqual([
    ['cancel', '1.00'],
    ['stale', '0.25'],
  ])
  expect(options[0]!.querySelector('.excerpt')?.textContent).toBe('We cancel the stale request.')
})

test('query words that nothing came near to are named and crossed out, but not if all are', () => {
  const some = viewOf([
    hitOf('Text.', { queryWords: [word('cancel', true), word('stale', false), word('request', true)] }),
  ])
  const weak = some.options[0]!.querySelector('.weak')
  expect(weak?.textContent).toBe('Missing: cancel request')
  expect([...(weak?.querySelectorAll('s') ?? [])].map((s) => s.textContent)).toEqual(['cancel', 'request'])
  expect(viewOf([hitOf('Text.', { queryWords: [word('cancel', true)] })]).root.querySelector('.weak')).toBeNull()
  expect(viewOf([hitOf('Text.', { queryWords: [word('cancel', false)] })]).root.querySelector('.weak')).toBeNull()
})

test('texts are texts: markup in them is shown, addresses that run scripts lead nowhere', () => {
  const { root, options } = viewOf([
    hitOf('<img src=x onerror=alert(1)>', { headings: ['<b>Page</b>', '<i>x</i>'], url: 'javascript:alert(1)' }),
  ])
  expect(root.querySelector('img, b, i')).toBeNull()
  expect(options[0]!.hasAttribute('href')).toBe(false)
})

test('code keeps its lines', () => {
  const text = 'let a = 1\nlet b = 2\nlet c = 3'
  const { options } = viewOf([hitOf(text, { blocks: [{ start: 0, end: text.length, kind: 'code' }], matches: ['b'] })])
  const excerpt = options[0]!.querySelector('.excerpt.code')
  expect(excerpt?.textContent).toBe('let b = 2\nlet c = 3')
})

test('an option is as high whatever is known of it', () => {
  const host = document.createElement('div')
  host.style.inlineSize = '500px'
  const root = host.attachShadow({ mode: 'open' })
  root.adoptedStyleSheets = [panelSheet]
  document.body.append(host)
  const long = 'Ideally, we want to be able to cancel the stale request when the id changes to a new value. '.repeat(4)
  const { root: group, options } = viewOf([
    hitOf('Short.'),
    hitOf(long, { matches: ['cancel', 'stale'], queryWords: [word('cancel', false), word('stale', true)] }),
    hitOf(long, { url: '/page#c', blocks: [{ start: 0, end: long.length, kind: 'code' }], matches: ['cancel'] }),
    hitOf('a\nb', {
      url: '/page#d',
      blocks: [{ start: 0, end: 3, kind: 'code' }],
      headings: ['P', 'X'.repeat(200), 'Y'],
    }),
  ])
  root.append(group)
  const heights = options.map((option) => option.getBoundingClientRect().height)
  expect(heights[0]).toBeGreaterThan(60)
  for (const height of heights) expect(height).toBeCloseTo(heights[0]!, 1)
  host.remove()
})
