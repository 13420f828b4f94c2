/** What nobody should write, and somebody will: each gives a sane page, none hangs or kills the build. */
import { expect, test } from 'vitest'
import { parsePage } from '../../src/text/parse/index.ts'
import { splitSection } from '../../src/text/passages.ts'
import { read } from './show.ts'

const countTokens = (text: string) => text.match(/[\p{L}\p{N}]{1,8}|[^\s\p{L}\p{N}]/gu)?.length ?? 0

test.each([
  ['an empty file', 'a.md', '', 'a'],
  ['white space', 'a.md', ' \n\n\t', 'a'],
  ['front matter without a title', 'a.md', '---\nlayout: home\n---\n', 'a'],
  ['only a comment', 'a.md', '<!-- later -->', 'a'],
  ['an empty text', 'a.txt', '', 'a'],
  ['an empty HTML file', 'a.html', '', 'a'],
  ['a page of only navigation', 'a.html', '<nav><a href="/">Home</a></nav>', 'a'],
  ['headings without words', 'a.md', '#\n\n##\n\n## {#x}', 'a'],
])('%s is a page without sections', async (_, path, content, title) => {
  expect(await parsePage({ path, content })).toMatchObject({ title, sections: [] })
})

test('what has only a title or headings can still be found by them, and gives no passages', async () => {
  expect(await read('a.md', '---\ntitle: T\n---')).toBe('# T [/a.html]')
  expect(await read('a.html', '<title>T</title><nav>x</nav>')).toBe('# T [/a.html]')
  const page = await parsePage({ path: 'a.md', content: '# T\n\n## Empty\n\n## Also' })
  expect(page?.sections.map(({ headings, text, blocks }) => ({ headings, text, blocks }))).toEqual([
    { headings: ['T'], text: '', blocks: [] },
    { headings: ['T', 'Empty'], text: '', blocks: [] },
    { headings: ['T', 'Also'], text: '', blocks: [] },
  ])
  for (const section of page!.sections) expect(splitSection(section, { maxTokens: 10, countTokens })).toEqual([])
})

/** Measured alone: most take under 0.2 s, none over 2 s. The limit is for a busy machine. */
const LIMIT_MS = 20_000
const nest = (open: string, depth: number, close = '') => `${open.repeat(depth)}word${close.repeat(depth)}`

test.each<[string, string, string]>([
  ['10,000 quotes', 'a.md', nest('>', 10_000)],
  ['10,000 quotes with spaces', 'a.md', nest('> ', 10_000)],
  ['10,000 bullets on a line', 'a.md', nest('- ', 10_000)],
  ['10,000 numbers on a line', 'a.md', nest('1. ', 10_000)],
  ['1,000 nested list levels', 'a.md', Array.from({ length: 1000 }, (_, i) => `${'  '.repeat(i)}- word`).join('\n')],
  ['10,000 brackets', 'a.md', nest('[', 10_000, ']')],
  ['5,000 nested images', 'a.md', nest('![', 5000, '](b)')],
  ['10,000 stars', 'a.md', nest('*', 10_000, '*')],
  ['100,000 emphasis marks', 'a.md', '*word '.repeat(100_000)],
  ['100,000 less-than signs', 'a.md', `word ${'<'.repeat(100_000)}`],
  ['10,000 HTML elements in Markdown', 'a.md', nest('<div>', 10_000)],
  ['3,000 nested components', 'a.mdx', nest('<A>', 3000, '</A>')],
  ['10,000 braces', 'a.mdx', nest('{', 10_000, '}')],
  ['100,000 nested elements', 'a.html', `<p>before</p>${nest('<div>', 100_000)}`],
  ['20,000 nested lists', 'a.html', nest('<ul><li>', 20_000)],
  ['5,000 nested tables', 'a.html', nest('<table><tr><td>', 5000)],
  ['5,000 nested definitions', 'a.html', nest('<dl><dt>a<dd>', 5000)],
  ['100,000 nested marks', 'a.html', nest('<div data-pagefind-meta="a" data-selvage-weight="2">', 100_000)],
  ['10,000 formatting elements', 'a.html', nest('<b><i><a href=#>', 3000)],
  [
    'YAML that multiplies',
    'a.md',
    `---\na: &a [x,x]\n${'bcdefghijklm'.replace(/./g, (c) => `${c}: &${c} [*${String.fromCharCode(c.charCodeAt(0) - 1)},*${String.fromCharCode(c.charCodeAt(0) - 1)}]\n`)}---\nword`,
  ],
  ['20,000 brackets in YAML', 'a.md', `---\n${'['.repeat(20_000)}\n---\nword`],
])(
  '%s',
  async (_, path, content) => {
    const start = performance.now()
    const page = await parsePage({ path, content })
    const texts = page?.sections.map((section) => section.text).join(' ')
    expect(texts).toContain('word')
    for (const section of page!.sections) splitSection(section, { maxTokens: 100, countTokens })
    expect(performance.now() - start).toBeLessThan(LIMIT_MS)
  },
  60_000,
)

test.each([
  ['unclosed tags', '<div><p>word<b><ul><li><table><tr><td>cell', 'word\n- cell'],
  ['tags closed twice and crosswise', '</p></div><b><i>word</b></i></main></body>after', 'wordafter'],
  ['a tag that never ends', '<p>word <a href="x', 'word'],
  ['a comment that never ends', '<p>word<!-- <p>rest', 'word'],
  ['a script that never ends', '<p>word<script>if (a </p>', 'word'],
  ['attributes of nonsense', '<p "= <<< class= data-pagefind-weight="" data-selvage-filter="[" id=#>word', 'word'],
  ['text in a table', '<table>word<tr>and<td>cell</table>', 'wordand\n\ncell'],
  ['nul characters', '<p>w\0ord', 'word'],
  ['no page at all', 'word &amp &notanentity; &#xD800;', 'word & ¬anentity; \ufffd'],
  ['nested documents', '<html><body><html lang="de"><head><title>x</title></head><body><p>word', 'word'],
])('broken HTML: %s', async (_, content, text) => {
  expect((await parsePage({ path: 'a.html', content }))?.sections.map((section) => section.text)).toEqual([text])
})

const sentence = 'The quick brown fox, as ever, jumps over the lazy dog. '
const mark = '\u0301'
test.each<[string, string, string]>([
  ['2 MB of sentences', 'a.md', sentence.repeat(36_000)],
  ['2 MB without a space', 'a.txt', 'x'.repeat(2_000_000)],
  ['a line per sentence', 'a.md', `${sentence.trim()}\n`.repeat(5000)],
  ['no full stop', 'a.txt', sentence.replace('.', '').repeat(5000)],
  ['Japanese', 'a.txt', '日本語の文章には空白がない。'.repeat(20_000)],
  ['families of emoji', 'a.txt', '👩‍👩‍👧‍👦'.repeat(20_000)],
  ['one letter with 200,000 accents', 'a.txt', `a${mark.repeat(200_000)}`],
  ['HTML', 'a.html', `<p>${sentence.repeat(5000)}`],
  ['code', 'a.md', `\`\`\`\n${'const x = foo(bar, baz) // comment\n'.repeat(10_000)}\`\`\``],
])(
  'one long paragraph: %s',
  async (_, path, content) => {
    const start = performance.now()
    const page = await parsePage({ path, content })
    expect(page?.sections).toHaveLength(1)
    const section = page!.sections[0]!
    const passages = splitSection(section, { maxTokens: 100, countTokens })
    for (const { start, end } of passages) expect(countTokens(section.text.slice(start, end))).toBeLessThanOrEqual(100)
    expect(performance.now() - start).toBeLessThan(LIMIT_MS)
  },
  60_000,
)
