/** What `<selvage-search>` shows of a hit. */
import { expect, test } from 'vitest'
import type { Hit } from '../../src/types.ts'
import { hitView } from '../../src/widget/view.ts'

function shownOf(text: string, match: string, excerptStart = 0): { text: string; marks: string[] } {
  const start = text.indexOf(match)
  const matches = [{ start, end: start + match.length, strength: 1 }]
  const passage = { text, blocks: [], excerpt: { start: excerptStart, end: text.length }, matches }
  const hit: Hit = {
    ref: '',
    queryWords: [],
    title: 'T',
    headings: ['T'],
    url: '/t',
    page: { url: '/t', title: 'T' },
    score: 1,
    ranking: {},
    passage,
    more: [],
  }
  const excerpt = hitView(hit).querySelector('.excerpt')!
  return {
    text: excerpt.textContent ?? '',
    marks: [...excerpt.querySelectorAll('mark')].map((m) => m.textContent ?? ''),
  }
}

test('a match far into the excerpt is shown, with some words before it', () => {
  const shown = shownOf(`${'word '.repeat(60)}needle ${'more '.repeat(60)}`, 'needle')
  expect(shown.marks).toEqual(['needle'])
  expect(shown.text).toMatch(/^… word .*more …$/)
})

test('also in a script without spaces', () => {
  const shown = shownOf(`${'文'.repeat(300)}検索${'字'.repeat(300)}`, '検索', 100)
  expect(shown.marks).toEqual(['検索'])
  expect(shown.text).toMatch(/^… 文+検索字+ …$/)
})
