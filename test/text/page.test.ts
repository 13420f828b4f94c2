/** A source as a page: format, options, address, title, what keeps it out of search. */
import { expect, test } from 'vitest'
import { isPagePath, type ParseOptions, parsePage } from '../../src/text/parse/index.ts'
import { read } from './show.ts'

const page = (path: string, content = 'x', options?: ParseOptions) => parsePage({ path, content }, options)

test.each<[string, NonNullable<ParseOptions['urls']>, string]>([
  ['guide/intro.md', 'html', '/guide/intro.html'],
  ['guide/intro.md', 'clean', '/guide/intro'],
  ['guide/intro.md', 'directory', '/guide/intro/'],
  ['guide/index.md', 'html', '/guide/'],
  ['guide/index.html', 'clean', '/guide/'],
  ['index.mdx', 'directory', '/'],
  ['guide/intro.HTM', 'html', '/guide/intro.HTM'],
  ['guide/intro.htm', 'clean', '/guide/intro'],
  ['notes/a.b.txt', 'clean', '/notes/a.b.txt'],
  ['./a//b.md', 'html', '/a/b.html'],
  ['my docs/50% of #1?.md', 'html', '/my%20docs/50%25%20of%20%231%3F.html'],
  ['日本/ünï.md', 'clean', '/%E6%97%A5%E6%9C%AC/%C3%BCn%C3%AF'],
  ['half\ud800.md', 'clean', '/half%EF%BF%BD'],
  ['v1.2.md', 'html', '/v1.2.html'],
])('%s as %s is at %s', async (path, urls, url) => {
  expect((await page(path, 'x', { urls }))?.url).toBe(url)
})

test.each([
  ['/', '/a.html'],
  ['/docs', '/docs/a.html'],
  ['/docs/', '/docs/a.html'],
  ['https://example.org/docs/', 'https://example.org/docs/a.html'],
  ['', 'a.html'],
])('base url %j gives %s', async (baseUrl, url) => {
  expect((await page('a.md', 'x', { baseUrl }))?.url).toBe(url)
})

test('wrong options are errors that say what is right', async () => {
  const wrong = (options: object) => page('a.md', 'x', options as ParseOptions)
  await expect(wrong({ anchor: 'github' })).rejects.toThrow(
    'parse: unknown option "anchor"; known are anchors, urls, baseUrl.',
  )
  await expect(wrong({ anchors: 'gitlab' })).rejects.toThrow(
    'anchors is "gitlab", but must be "github" or "vitepress".',
  )
  await expect(wrong({ urls: 'pretty' })).rejects.toThrow(
    'urls is "pretty", but must be "html", "clean" or "directory".',
  )
  await expect(wrong({ baseUrl: '/a?b' })).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(page('a.pdf')).rejects.toThrow(
    'a.pdf cannot be read as a page: its name must end in .md, .markdown, .mdx, .html, .htm or .txt.',
  )
})

test('page files are known by their endings', () => {
  const names = ['a.md', 'a.MARKDOWN', 'a.mdx', 'a.html', 'a.htm', 'a.txt', 'a.json', '.md', 'md', 'a.constructor']
  expect(names.filter(isPagePath)).toEqual(['a.md', 'a.MARKDOWN', 'a.mdx', 'a.html', 'a.htm', 'a.txt'])
})

test.each([
  ['search: false', false],
  ['pagefind: false', false],
  ['search:\n  exclude: true', false],
  ['draft: true', false],
  ['unlisted: true', false],
  ['search: true', true],
  ['search:\n  boost: 2', true],
  ['draft: false', true],
  ['search: "false"', true],
])('front matter %j: searchable %s', async (yaml, isSearchable) => {
  expect((await page('a.md', `---\n${yaml}\n---\nx`)) !== undefined).toBe(isSearchable)
})

test.each([
  ['front matter first', 'a.md', '---\ntitle: From YAML\n---\n# Heading', 'From YAML'],
  ['then the first h1', 'a.md', '## Sub\n\n# Heading', 'Heading'],
  ['then the file’s name', 'b/my-file.md', '## Sub', 'my-file'],
  ['an index file’s folder', 'guide/index.md', 'x', 'guide'],
  ['nothing better', 'index.md', 'x', 'index'],
  ['numbers as they stand', 'a.md', '---\ntitle: 2024\n---', '2024'],
  ['no empty titles', 'a.md', '---\ntitle: " "\n---\n# H', 'H'],
  ['text files by name', 'a/notes.txt', '# not markdown', 'notes'],
])('title: %s', async (_, path, content, title) => {
  expect((await page(path, content))?.title).toBe(title)
})

test('an h1 that differs from the stated title stays in the path', async () => {
  expect(await read('a.md', '---\ntitle: Long title\n---\n# Short\n\na\n\n## B\n\nb')).toBe(
    [
      '# Long title [/a.html]',
      '# Long title › Short [/a.html#short]',
      'paragraph| a',
      '# Long title › Short › B [/a.html#b]',
      'paragraph| b',
    ].join('\n'),
  )
})

test('language and description come from front matter', async () => {
  const parsed = await page('a.md', '---\nlang: fr\ndescription: |\n  Two\n  lines\n---\nx')
  expect(parsed).toMatchObject({ language: 'fr', description: 'Two lines' })
})

test('broken front matter does not lose the page; a rule at the top is no front matter', async () => {
  expect(await read('a.md', '---\ntitle: [\n---\ntext')).toBe('# a [/a.html]\nparagraph| text')
  expect(await read('a.md', '---\ntext')).toBe('# a [/a.html]\nparagraph| text')
  expect(await read('a.md', '+++\ntitle = "T"\n+++\ntext')).toBe('# a [/a.html]\nparagraph| text')
})

test('plain text: paragraphs between blank lines, nothing is markup', async () => {
  expect(await read('a.txt', '\n\n# one\n  two\n \n\t\nthree\n\n')).toBe(
    '# a [/a.txt]\nparagraph| # one\n  two\nparagraph| three',
  )
})

test.each<[string, string, object]>([
  ['boost', 'search:\n  boost: 2', { weight: 2 }],
  ['a boost past all measure', 'search:\n  boost: -1', { weight: 0.01 }],
  ['a boost that is none', 'search:\n  boost: high', {}],
  [
    'tags',
    'tags: [Guide, " Guide ", 2024, "", {label: New, permalink: /new}]',
    { filters: { tag: ['Guide', '2024', 'New'] } },
  ],
  ['one tag', 'tags: Guide', { filters: { tag: ['Guide'] } }],
  ['a date', 'date: 2024-05-17', { meta: { date: '2024-05-17' }, sort: { date: '2024-05-17' } }],
  ['a date in words', 'date: May 17, 2024', { meta: { date: 'May 17, 2024' } }],
])('front matter: %s', async (_, yaml, fields) => {
  const { url, title, sections, ...found } = (await page('a.md', `---\n${yaml}\n---\nx`))!
  expect(found).toEqual(fields)
})

test('MkDocs: data-search-exclude leaves out a section up to the next heading, or a block', async () => {
  const text =
    '# T\n\na\n\n## Out { data-search-exclude }\n\nb\n\n### In { #in .x }\n\nc { data-search-exclude }\n\nd {data-x\n\n' +
    '### Also out {: #o data-search-exclude }\n\ne\n\n## After\n\nf { dat }\n\ng\n{: data-search-exclude }'
  expect(await read('a.md', text)).toBe(
    [
      '# T [/a.html]',
      'paragraph| a',
      '# T › Out › In [/a.html#in]',
      'paragraph| d {data-x',
      '# T › After [/a.html#after]',
      'paragraph| f { dat }',
    ].join('\n'),
  )
})
