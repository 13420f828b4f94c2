/** Attributes by which an author steers what of an HTML page is indexed, and how: Pagefind's, MkDocs', DocSearch's. */
import { expect, test } from 'vitest'
import { parsePage } from '../../src/text/parse/index.ts'
import { lines, read } from './show.ts'

const page = async (content: string) => (await parsePage({ path: 'p.html', content }))!
const html = (text: string) => read('p.html', lines(text))
/** Text and weight of each section. */
const weights = async (content: string) => (await page(content)).sections.map(({ text, weight }) => [text, weight])

test('fields from text, attributes and inline values, anywhere in the document', async () => {
  const { title, meta, filters, sort } = await page(`
    <html><head><title data-pagefind-meta="title">Stated &amp; true</title>
    <meta property="og:image" content="/hero.png" data-pagefind-meta="image[content]">
    <meta name="docsearch:version" content="2.0, latest"><meta name="docsearch:language" content="en">
    </head><body data-selvage-filter="kind:guide">
    <nav data-pagefind-filter="area">Setup <button>x</button></nav>
    <main><h1 class="big">Heading</h1>
    <p><time data-pagefind-sort="date[datetime]" datetime="2024-05-17">May</time>
    <span data-selvage-filter="author">Ann</span>, <span data-pagefind-filter="author"> Ben
    </span><b data-pagefind-filter="author">Ann</b></p>
    <p data-pagefind-meta="link, title2[title], other:Free text, to the end: all" title="T2">Hello <i>you</i></p>
    <i data-pagefind-meta="other:last wins"></i>
    <i data-pagefind-meta="empty, nothing[no], :x, ,">  </i>
    </main></body></html>`)
  expect({ title, meta, filters, sort }).toEqual({
    title: 'Stated & true',
    meta: { image: '/hero.png', link: 'Hello you', title2: 'T2', other: 'last wins' },
    filters: { version: ['2.0', 'latest'], language: ['en'], kind: ['guide'], area: ['Setup'], author: ['Ann', 'Ben'] },
    sort: { date: '2024-05-17' },
  })
})

test('defaults give way to what is stated; a default title to every other', async () => {
  const defaults = '<i data-pagefind-default-meta="image:/d.png"></i><i data-selvage-default-meta="title:Default"></i>'
  expect(await page(`${defaults}<p>x`)).toMatchObject({ title: 'Default', meta: { image: '/d.png' } })
  const stated = `<title>T</title><i data-pagefind-meta="image:/own.png"></i>${defaults}<p>x`
  expect(await page(stated)).toMatchObject({ title: 'T', meta: { image: '/own.png' } })
})

test('our name goes before Pagefind’s on the same element', async () => {
  expect((await page('<p data-pagefind-filter="a:1" data-selvage-filter="a:2">x')).filters).toEqual({ a: ['2'] })
})

test('names of Object’s own are names like any other', async () => {
  const { filters, meta } = await page('<p data-pagefind-filter="constructor:a" data-pagefind-meta="__proto__:b">x')
  expect(filters).toEqual({ constructor: ['a'] })
  expect(Object.entries(meta!)).toEqual([['__proto__', 'b']])
})

test('a page without marks has no fields; one with a marked body says so', async () => {
  expect(Object.keys(await page('<main>x</main>'))).toEqual(['url', 'title', 'sections'])
  expect((await page('<p>y</p><main data-pagefind-body>x</main>')).isMarked).toBe(true)
  expect((await page('<body data-selvage-body><p>x')).isMarked).toBe(true)
})

test('ignore hides the text, ignore="all" the metadata too', async () => {
  const marked = (value: string) =>
    page(`<p>seen<div ${value}>gone<i data-pagefind-meta="a:1" data-pagefind-filter="b:2"></i></div>`)
  for (const value of ['data-pagefind-ignore', 'data-selvage-ignore="index"', 'data-pagefind-ignore="true"'])
    expect(await marked(value)).toMatchObject({ meta: { a: '1' }, sections: [{ text: 'seen' }] })
  for (const value of ['data-pagefind-ignore="all"', 'data-selvage-ignore="ALL"', 'data-pagefind-ignore="what"']) {
    const hidden = await marked(value)
    expect([hidden.meta, hidden.filters, hidden.sections[0]?.text]).toEqual([undefined, undefined, 'seen'])
  }
})

test.each<[string, string, [string, number | undefined][]]>([
  ['none', '<p>abc</p>', [['abc', undefined]]],
  ['the mean over characters', '<p data-pagefind-weight="4">abc</p><p>d</p>', [['abc\n\nd', 3.25]]],
  [
    'the nearest element’s',
    '<div data-selvage-weight="2"><p>ab</p><p data-pagefind-weight="6">cd</p></div>',
    [['ab\n\ncd', 4]],
  ],
  ['within a paragraph', '<p>abc<b data-pagefind-weight="5">d</b></p>', [['abcd', 2]]],
  [
    'in lists, tables and code',
    '<div data-pagefind-weight="3"><ul><li>a</ul><pre>b</pre><table><tr><td>c<td>d</table></div>',
    [['- a\n\nb\n\nc | d', 3]],
  ],
  ['at most 10', '<p data-pagefind-weight="99">a</p>', [['a', 10]]],
  [
    'nothing for what is no number',
    '<p data-pagefind-weight="high">a</p><p data-pagefind-weight>b</p>',
    [['a\n\nb', undefined]],
  ],
  ['a mean of 1', '<p data-pagefind-weight="1.5">a</p><p data-pagefind-weight="0.5">b</p>', [['a\n\nb', undefined]]],
  [
    '0 is not indexed',
    '<p>a</p><p data-pagefind-weight="0">b</p><p>c<i data-pagefind-weight="-1">d</i>e</p>',
    [['a\n\nce', undefined]],
  ],
  [
    'but what is weighted within',
    '<div data-pagefind-weight="0">a<p data-pagefind-weight="2">b</p><ul><li>c</ul></div>',
    [['b', 2]],
  ],
  [
    'per section',
    '<p>a</p><h2 id="x">X</h2><p data-pagefind-weight="2">b</p>',
    [
      ['a', undefined],
      ['b', 2],
    ],
  ],
  [
    'a heading stays one',
    '<h2 id="x" data-pagefind-weight="0">X</h2><p>b</p>',
    [
      ['', undefined],
      ['b', undefined],
    ],
  ],
])('weight: %s', async (_, body, expected) => {
  expect(await weights(`<title>T</title><main>${body}</main>`)).toEqual(expected)
})

test('attributes that are to be indexed stand where their element stands', async () => {
  expect(
    await html(`
      <main><p>See <a href="#" title="the manual" data-pagefind-index-attrs="title, href">here</a> and
      <img src="a.png" alt="a chart" title="Sales" data-selvage-index-attrs="alt,title">.</p>
      <iframe title="How to start" data-pagefind-index-attrs="title"></iframe>
      <table><tr><td>a</td><td><i title="b" data-pagefind-index-attrs="title"></i></td></tr></table>
      <p title="gone" data-pagefind-index-attrs="title" data-pagefind-ignore="all">x</p></main>
    `),
  ).toBe(
    lines(`
      # p [/p.html]
      paragraph| See the manual # here and Sales a chart.
      paragraph| How to start
      table| a | b
    `),
  )
})

test('MkDocs: an excluded heading takes its section with it, an excluded block goes alone', async () => {
  expect(
    await html(`
      <title>T</title><main><h1>T</h1><p>a</p>
      <h2 id="b" data-search-exclude>B</h2><p>b</p><h3 id="c">C</h3><p>c</p><p data-search-exclude>d</p>
      <h2 data-search-exclude>E</h2><p>e</p></main>
    `),
  ).toBe('# T [/p.html]\nparagraph| a\n# T › B › C [/p.html#c]\nparagraph| c')
  expect(await html('<title>T</title><h1 data-search-exclude>T</h1><p>a</p><h2 id="b">B</h2>b')).toBe(
    '# T › B [/p.html#b]\nparagraph| b',
  )
})

test.each([
  ['noindex', true],
  ['nofollow, NoIndex', true],
  ['none', true],
  ['index, follow', false],
  ['noimageindex', false],
])('robots %j: left out %s', async (content, isOut) => {
  const parsed = await parsePage({ path: 'p.html', content: `<meta name="Robots" content="${content}"><p>x` })
  expect(parsed === undefined).toBe(isOut)
})

test('MDX components can be ignored too', async () => {
  const text = '# T\n\n<Box data-pagefind-ignore>\n\nout\n\n</Box>\n\n<div data-selvage-ignore="all">out</div>\n\nin'
  expect(await read('a.mdx', text)).toBe('# T [/a.html]\nparagraph| in')
})
