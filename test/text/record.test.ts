/** Records: what a line of JSONL may say, what is wrong with it, and the page that comes of it. */
import { expect, test } from 'vitest'
import type { DocumentRecord } from '../../src/text/document.ts'
import type { ParseOptions } from '../../src/text/parse/index.ts'
import { pageOfRecord, parseRecordLine } from '../../src/text/parse/record.ts'
import { show } from './show.ts'

const parse = (value: unknown) => parseRecordLine(JSON.stringify(value), 'data.jsonl:7')
const shown = async (record: DocumentRecord, options?: ParseOptions) => show(await pageOfRecord(record, options))

test('a record with all its fields', () => {
  const record: DocumentRecord = {
    id: 'a',
    url: 'https://example.org/a',
    title: 'A',
    text: 'Text.',
    format: 'markdown',
    language: 'en',
    meta: { image: '/a.png' },
    filters: { tag: ['x', 'y'] },
    sort: { date: '2024-05-17' },
    weight: 2,
  }
  expect(parse(record)).toEqual(record)
})

test.each<[string, object, object]>([
  ['BEIR', { _id: 'd1', title: '', text: 'x', metadata: { url: 'u', pubmed: 1 } }, { id: 'd1', text: 'x', url: 'u' }],
  [
    'numbers',
    { id: 7, title: 2024, text: 'x', meta: { n: 1, is: true } },
    { id: '7', title: '2024', text: 'x', meta: { n: '1', is: 'true' } },
  ],
  [
    'nothing where nothing is said',
    { id: ' a ', url: null, title: ' ', text: '', meta: null, weight: null, format: null },
    { id: 'a', text: '' },
  ],
  [
    'filters of one value, doubled and empty ones',
    { id: 'a', text: 'x', filters: { a: 1, b: ['p', 'p', null, 2], c: '', d: [] } },
    { id: 'a', text: 'x', filters: { a: ['1'], b: ['p', '2'] } },
  ],
  ['fields that nothing is known of', { id: 'a', text: 'x', vector: [1], constructor: 1 }, { id: 'a', text: 'x' }],
])('%s', (_, line, record) => {
  expect(parse(line)).toEqual(record)
})

test.each<[unknown, string]>([
  [['a'], 'a list, but a record must be an object'],
  ['a', '"a", but a record must be an object'],
  [null, 'missing, but a record must be an object'],
  [{ id: 'a' }, '"text" is missing, but must be a string'],
  [{ id: 'a', text: 7 }, '"text" is 7, but must be a string'],
  [{ text: 'x' }, '"id" is missing, but must be a string or a number, and not empty'],
  [{ id: '  ', text: 'x' }, '"id" is "  ", but must be a string or a number, and not empty'],
  [{ id: {}, text: 'x' }, '"id" is an object, but must be a string or a number'],
  [{ id: 'a', text: 'x', title: ['T'] }, '"title" is a list, but must be a string or a number'],
  [{ id: 'a', text: 'x', format: 'pdf' }, '"format" is "pdf", but must be plain, markdown, mdx or html'],
  [{ id: 'a', text: 'x', weight: 0 }, '"weight" is 0, but must be a number above 0'],
  [{ id: 'a', text: 'x', weight: '2' }, '"weight" is "2", but must be a number above 0'],
  [{ id: 'a', text: 'x', meta: 'm' }, '"meta" is "m", but must be an object of strings'],
  [{ id: 'a', text: 'x', meta: { m: [1] } }, '"meta.m" is a list, but must be a string or a number'],
  [
    { id: 'a', text: 'x', filters: ['tag'] },
    '"filters" is a list, but must be an object of strings or lists of strings',
  ],
  [{ id: 'a', text: 'x', filters: { tag: [['y'], {}] } }, '"filters.tag" is a list, but must be a string or a number'],
])('%j is refused with place, reason and remedy', (value, reason) => {
  const message = `data.jsonl:7: ${reason}. Correct the record, or leave it out.`
  expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'unreadable-document', message }))
})

test('what is not JSON is refused with the reason', () => {
  expect(() => parseRecordLine('{"id": "a", "text"', 'data.jsonl:2')).toThrow(
    /^data\.jsonl:2: not JSON \(.+\)\. Correct/,
  )
})

test('plain text: one section of paragraphs; markdown and HTML as files have them', async () => {
  expect(await shown({ id: 'a', title: 'T', text: '# one\n\n\n two\r\n\r\n' })).toBe(
    '# T [/a]\nparagraph| # one\nparagraph| two',
  )
  expect(await shown({ id: 'a', text: '# T\n\nx\n\n## B\n\ny', format: 'markdown' })).toBe(
    '# T [/a]\nparagraph| x\n# T › B [/a#b]\nparagraph| y',
  )
  expect(await shown({ id: 'a', text: '<title>T</title><h2 id="B">B</h2>y', format: 'html' })).toBe(
    '# T [/a]\n# T › B [/a#B]\nparagraph| y',
  )
  expect(await shown({ id: 'a', title: 'T', text: '' })).toBe('# T [/a]')
})

test.each<[string, Partial<DocumentRecord>, string]>([
  ['the record’s', { title: 'R', text: '---\ntitle: F\n---\n# H', format: 'markdown' }, 'R'],
  ['the text’s own', { text: '---\ntitle: F\n---\n# H', format: 'markdown' }, 'F'],
  ['the first heading', { text: '# H', format: 'markdown' }, 'H'],
  ['of any depth', { text: 'x\n\n## H', format: 'markdown' }, 'H'],
  ['the id', { text: '# not markdown' }, 'the id'],
])('title: %s', async (_, fields, title) => {
  expect((await pageOfRecord({ id: 'the id', text: '', ...fields }))?.title).toBe(title)
})

test('a heading that is the title is not below it', async () => {
  expect(await shown({ id: 'a', text: '## H\n\nx', format: 'markdown' })).toBe('# H [/a#h]\nparagraph| x')
})

test.each<[Partial<DocumentRecord>, ParseOptions, string]>([
  [{}, {}, '/x%2F1%20%23%25%3A%C3%BC%3F'],
  [{}, { baseUrl: 'https://example.org/docs' }, 'https://example.org/docs/x%2F1%20%23%25%3A%C3%BC%3F'],
  [{}, { baseUrl: '' }, 'x%2F1%20%23%25%3A%C3%BC%3F'],
  [{ url: 'https://other.org/?q=1#top' }, { baseUrl: '/docs' }, 'https://other.org/?q=1#top'],
])('%j with %j is at %s', async (fields, options, url) => {
  const page = await pageOfRecord({ id: 'x/1 #%:ü?', title: 'T', text: 'a', ...fields }, options)
  expect([page?.url, page?.sections[0]?.url]).toEqual([url, url])
})

test('a section’s anchor replaces the fragment of a record’s url', async () => {
  const page = await pageOfRecord({ id: 'a', url: '/p#top', text: '# T\n\n## B', format: 'markdown' })
  expect(page?.sections.map(({ url }) => url)).toEqual(['/p#top', '/p#b'])
})

test('what the record says goes before what its text says, field by field', async () => {
  const text = `<html lang="de"><meta name="description" content="D"><i data-pagefind-meta="a:1"></i>
    <i data-pagefind-meta="b:1"></i><i data-pagefind-filter="t:1"></i><main data-pagefind-body>x</main>`
  const page = await pageOfRecord({
    id: 'a',
    text,
    format: 'html',
    language: 'en',
    meta: { b: '2' },
    filters: { t: ['2'] },
    weight: 3,
  })
  expect(page).toMatchObject({
    language: 'en',
    description: 'D',
    meta: { a: '1', b: '2' },
    filters: { t: ['2'] },
    weight: 3,
  })
  expect(page).not.toHaveProperty('isMarked')
  expect(page).not.toHaveProperty('sort')
})

test('a text that keeps itself out of search does so in a record too; wrong options are refused', async () => {
  expect(await pageOfRecord({ id: 'a', text: '---\ndraft: true\n---\nx', format: 'markdown' })).toBeUndefined()
  await expect(pageOfRecord({ id: 'a', text: 'x' }, { base: '/' } as ParseOptions)).rejects.toMatchObject({
    code: 'invalid-argument',
  })
})
