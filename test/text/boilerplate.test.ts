/** What most pages of a site repeat is left out, and what is left is still whole: ranges, separators, headings. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Boilerplate } from '../../src/text/boilerplate.ts'
import type { Block, Page, Section } from '../../src/text/document.ts'
import { parsePage } from '../../src/text/parse/index.ts'
import { show } from './show.ts'

function strip(pages: readonly Page[]): Page[] {
  const boilerplate = new Boilerplate()
  for (const page of pages) boilerplate.add(page)
  return pages.map((page) => boilerplate.strip(page))
}

/** Pages of Markdown as shown after stripping. */
async function stripped(contents: readonly string[]): Promise<string[]> {
  const pages = await Promise.all(contents.map((content, i) => parsePage({ path: `${i}.md`, content })))
  return strip(pages.map((page) => page!)).map(show)
}

test('a block of most pages goes, but for its first copy; what half of them have stays', async () => {
  const contents = Array.from({ length: 8 }, (_, i) =>
    [`# P${i}`, `Text ${i}.`, i % 2 ? 'Half of them.' : '', i > 2 ? 'Was this   page\nhelpful?' : ''].join('\n\n'),
  )
  const pages = await stripped(contents)
  expect(pages[2]).toBe('# P2 [/2.html]\nparagraph| Text 2.')
  expect(pages[3]).toBe(
    '# P3 [/3.html]\nparagraph| Text 3.\nparagraph| Half of them.\nparagraph| Was this page helpful?',
  )
  expect(pages[4]).toBe('# P4 [/4.html]\nparagraph| Text 4.')
  expect(pages[5]).toBe('# P5 [/5.html]\nparagraph| Text 5.\nparagraph| Half of them.')
})

test('seven pages are too few to tell', async () => {
  const contents = Array.from({ length: 7 }, (_, i) => `Text ${i}.\n\nCookies!`)
  for (const page of await stripped(contents)) expect(page).toContain('Cookies!')
})

test('several times on one page counts once', async () => {
  const contents = Array.from({ length: 9 }, (_, i) => (i < 4 ? `Same.\n\nSame.\n\nText ${i}.` : `Text ${i}.`))
  for (const page of (await stripped(contents)).slice(0, 4)) expect(page.match(/Same\./g)).toHaveLength(2)
})

test('code counts like text, an item like its words; an emptied section stays as its heading', async () => {
  const contents = Array.from(
    { length: 8 },
    (_, i) =>
      `# T\n\n- same\n- own ${i}\n\n## Install\n\n\`\`\`\nnpm i x\n\`\`\`\n\n## More\n\n${i}. same\n1. end ${i}`,
  )
  expect((await stripped(contents))[7]).toBe(
    [
      '# T [/7.html]',
      'list-item| - own 7',
      '# T › Install [/7.html#install]',
      '# T › More [/7.html#more]',
      'list-item| 8. end 7',
    ].join('\n'),
  )
})

test('a page that would lose all its text keeps it', async () => {
  const contents = [...Array.from({ length: 7 }, () => 'All the same.'), 'Another.\n\nAll the same.']
  const pages = await stripped(contents)
  expect(pages[6]).toBe('# 6 [/6.html]\nparagraph| All the same.')
  expect(pages[7]).toBe('# 7 [/7.html]\nparagraph| Another.')
})

test('the widest gap stays between blocks that others stood between', () => {
  const text = 'A\n\nsame\n  - B'
  const blocks: Block[] = [
    { kind: 'paragraph', start: 0, end: 1 },
    { kind: 'list-item', start: 3, end: 7 },
    { kind: 'list-item', start: 10, end: 13 },
  ]
  const pages = Array.from({ length: 8 }, (_, i) => pageOf(`/${i}`, [{ text: i === 7 ? text : 'same', blocks }]))
  const only = [{ kind: 'paragraph' as const, start: 0, end: 4 }]
  const all = [...pages.slice(0, 7).map((page) => pageOf(page.url, [{ text: 'same', blocks: only }])), pages[7]!]
  expect(strip(all)[7]?.sections[0]).toMatchObject({
    text: 'A\n\n  - B',
    blocks: [
      { kind: 'paragraph', start: 0, end: 1 },
      { kind: 'list-item', start: 5, end: 8 },
    ],
  })
})

test('what is not touched is the same object', () => {
  const pages = Array.from({ length: 8 }, (_, i) =>
    pageOf(`/${i}`, [{ text: `t${i}`, blocks: [{ kind: 'paragraph', start: 0, end: 2 }] }]),
  )
  expect(strip(pages).every((page, i) => page === pages[i])).toBe(true)
})

function pageOf(url: string, sections: readonly Pick<Section, 'text' | 'blocks'>[]): Page {
  return { url, title: url, sections: sections.map((section) => ({ headings: [url], anchor: '', url, ...section })) }
}

const block = fc.record({
  kind: fc.constantFrom<Block['kind'][]>('paragraph', 'code', 'list-item', 'table', 'quote'),
  words: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('same', 'also the\n  same', '- item') },
    { weight: 2, arbitrary: fc.stringMatching(/^[a-z]{3,5}$/) },
  ),
  gap: fc.constantFrom('\n', '\n\n', '\n  ', '\n\n    '),
})

const section = fc.array(block, { maxLength: 6 }).map((parts): Pick<Section, 'text' | 'blocks'> => {
  let text = ''
  const blocks = parts.map(({ kind, words, gap }, i) => {
    text += i === 0 ? gap.replaceAll('\n', '') : gap
    const start = text.length
    text += words
    return { kind, start, end: text.length }
  })
  return { text, blocks }
})

const site = fc
  .array(fc.array(section, { maxLength: 3 }), { minLength: 8, maxLength: 12 })
  .map((pages) => pages.map((sections, i) => pageOf(`/${i}`, sections)))

const textsOf = ({ text, blocks }: Section) => blocks.map(({ kind, start, end }) => `${kind} ${text.slice(start, end)}`)
const key = (shown: string) => shown.replace(/^\S+ (?:- )?/, '').replace(/\s+/g, ' ')

test('whatever goes, the rest is whole', () => {
  fc.assert(
    fc.property(site, (pages) => {
      const after = strip(pages)
      const counts = new Map<string, number[]>()
      pages.forEach((page, i) => {
        for (const text of new Set(page.sections.flatMap(textsOf).map(key)))
          counts.set(text, [...(counts.get(text) ?? []), i])
      })
      pages.forEach((page, i) => {
        const isKept = (shown: string) => {
          const on = counts.get(key(shown))!
          return on.length <= pages.length / 2 || on[0] === i
        }
        const isCopy = !page.sections.some((one) => textsOf(one).some(isKept))
        expect(after[i]!.sections).toHaveLength(page.sections.length)
        after[i]!.sections.forEach((kept, s) => {
          const before = page.sections[s]!
          expect(textsOf(kept)).toEqual(textsOf(before).filter((shown) => isCopy || isKept(shown)))
          expect(kept.headings).toBe(before.headings)
          let end = 0
          for (const range of kept.blocks) {
            expect(kept.text.slice(end, range.start)).toMatch(end === 0 ? /^ *$/ : /^\n{1,2} *$/)
            end = range.end
          }
          expect(end).toBe(kept.text.length)
        })
      })
    }),
    { numRuns: 300 },
  )
})
