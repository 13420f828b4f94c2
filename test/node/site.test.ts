/** Indexes made by a program, with the real model: the bytes of `selvage build`, and what cannot be added is refused. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { createIndex, openFolder } from '../../src/node/index.ts'
import { commandLine } from '../support/command.ts'

const { at, write } = commandLine('selvage-site-')
beforeEach(async () => {
  for (const [path, text] of Object.entries(FILES)) await write(path, text)
})

const FILES = {
  'docs/cats.md': '# Cats\n\nA cat sleeps most of the day.\n',
  'docs/guide/index.html': '<title>Rivers</title><p>A bridge carries a road over a river.',
  'data.jsonl': '{"id":"moon","title":"The Moon","text":"Tides follow the moon."}\n',
}

async function contents(path: string): Promise<Record<string, string>> {
  const names = (await readdir(at(path))).sort()
  const hex = async (name: string) => (await readFile(at(join(path, name)))).toString('hex')
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await hex(name)] as const)))
}

/** What a question finds: addresses and titles. */
async function find(path: string, question: string) {
  const index = await openFolder(at(path))
  const { hits } = await index.search(question)
  await index.close()
  return hits.map(({ url, title }) => ({ url, title }))
}

test('a folder: in memory, on disk and by the command line the same bytes', async () => {
  const parse = { urls: 'clean', baseUrl: '/site/' } as const
  const index = await createIndex({ parse })
  expect(await index.addDirectory({ path: at('docs') })).toBe(2)
  expect(await index.addDirectory({ path: at('docs') })).toBe(0)
  const written = await index.writeFiles({ outputPath: at('written') })
  expect(written).toMatchObject({ summary: { pages: 2, passages: 2 }, cached: undefined, unreadable: [] })
  const { files, ...result } = await index.getFiles()
  expect(files[0]?.path).toBe('manifest.json')
  const inMemory = files.map(({ path, content }) => [path, Buffer.from(content).toString('hex')])
  expect(Object.fromEntries(inMemory)).toEqual(await contents('written'))
  expect(result.manifest).toEqual(written.manifest)
  expect(await run(['build', at('docs'), '-o', at('built'), '--urls', 'clean', '--base-url', '/site/'])).toBe(0)
  expect(await contents('built')).toEqual(await contents('written'))
  // The fingerprints are one, too: there is nothing left to do.
  expect(await index.writeFiles({ outputPath: at('built') })).toMatchObject({ summary: undefined })
  expect(await index.writeFiles({ outputPath: at('built'), force: true })).toMatchObject({ summary: { pages: 2 } })
})

test('pages, records and data files, taken back and built again', async () => {
  const index = await createIndex({ threads: 1 })
  expect(await index.addDirectory({ path: at('data.jsonl') })).toBe(1)
  index.addHTMLFile({ url: '/stars?id=1', content: '<h1>Stars</h1><p>The sun is a star.' })
  index.addHTMLFile({ sourcePath: 'soil/index.html', content: '<h1>Soil</h1><p>Worms loosen the earth.' })
  index.addCustomRecord({ url: '/bread', title: 'Bread', text: '## Dough\n\nYeast makes it rise.', format: 'markdown' })
  index.addCustomRecord({ id: 'tea', text: 'Leaves in hot water.', filters: { kind: ['drink'] } })
  const { summary } = await index.writeFiles({ outputPath: at('out') })
  expect(summary).toMatchObject({ pages: 5 })
  expect((await find('out', 'what makes dough rise?'))[0]).toEqual({ url: '/bread#dough', title: 'Dough' })
  expect((await find('out', 'is the sun a star?'))[0]).toEqual({ url: '/stars?id=1', title: 'Stars' })
  expect((await find('out', 'worms')).map(({ url }) => url)).toContain('/soil/')

  expect(index.deleteRecord('/nothing')).toBe(false)
  expect(index.deleteRecord('/bread')).toBe(true)
  expect(index.deleteRecord('/bread')).toBe(false)
  expect(index.deleteRecord('tea')).toBe(true)
  expect(index.deleteRecord('soil/index.html')).toBe(true)
  index.addCustomRecord({ url: '/bread', text: 'Flour, water, salt.' })
  expect((await index.writeFiles({ outputPath: at('out') })).summary).toMatchObject({ pages: 3 })
  const urls = (await find('out', 'what is bread made of?')).map(({ url }) => url)
  expect(urls.sort()).toEqual(['/bread', '/moon', '/stars?id=1'])
})

test('a file can be taken back by its address or its path', async () => {
  const index = await createIndex()
  await index.addDirectory({ path: at('docs') })
  expect(index.deleteRecord('/guide/')).toBe(true)
  expect(index.deleteRecord('guide/index.html')).toBe(false)
  expect((await index.getFiles()).summary).toMatchObject({ pages: 1 })
  expect(index.deleteRecord('cats.md')).toBe(true)
  await expect(index.getFiles()).rejects.toMatchObject({ code: 'no-documents' })
})

test('what was given is held as it was, files as they are when the index is built', async () => {
  const index = await createIndex({ threads: 1 })
  await index.addDirectory({ path: at('docs') })
  const record = { url: '/tea', text: 'Leaves in hot water.' }
  index.addCustomRecord(record)
  record.url = '/coffee'
  await writeFile(at('docs/cats.md'), '# Dogs\n\nA dog barks.\n')
  await rm(at('docs/guide/index.html'))
  const { unreadable } = await index.writeFiles({ outputPath: at('out') })
  expect(unreadable.map(({ message }) => message)).toEqual([
    'guide/index.html cannot be opened: ENOENT: no such file or directory. Make it readable, or leave it out.',
  ])
  expect(await find('out', 'dog')).toEqual(
    expect.arrayContaining([
      { url: '/cats.html', title: 'Dogs' },
      { url: '/tea', title: '/tea' },
    ]),
  )
})

describe('two documents with one address', () => {
  test('by hand: the second is refused, both are named, and the first stays', async () => {
    const index = await createIndex()
    index.addHTMLFile({ sourcePath: 'a.html', content: '<p>first' })
    expect(() => index.addCustomRecord({ id: 'b', url: '/a.html', text: 'second' })).toThrow(
      'b has the address /a.html, as a.html has, which was added before. ' +
        'Give it another one, or call deleteRecord("/a.html") first to replace that.',
    )
    expect(index.deleteRecord('/a.html')).toBe(true)
    index.addCustomRecord({ id: 'b', url: '/a.html', text: 'second' })
  })

  test('with a file: named at the build, as the command names it', async () => {
    await writeFile(at('docs/cats.html'), '<p>More of cats.')
    const index = await createIndex({ threads: 1 })
    await index.addDirectory({ path: at('docs') })
    index.addCustomRecord({ id: 'river', url: '/guide/', text: 'Rivers.' })
    const { unreadable, summary } = await index.getFiles()
    expect(summary).toMatchObject({ pages: 2 })
    expect(unreadable.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^cats\.md has the address \/cats\.html, as cats\.html has, which was first\./),
      expect.stringMatching(/^river has the address \/guide\/, as guide\/index\.html has, which was first\./),
    ])
  })
})

test('a page that marks its body counts among pages, however they were added', async () => {
  const index = await createIndex({ threads: 1 })
  await index.addDirectory({ path: at('docs') })
  index.addHTMLFile({ url: '/a', content: '<nav>x</nav><main data-pagefind-body><p>Text of the page.</main>' })
  const { summary } = await index.getFiles()
  expect(summary?.skipped.map(({ path }) => path)).toEqual(['cats.md', 'guide/index.html'])
})

test('wrong options and documents are refused with what is wrong', async () => {
  const given = (value: string) => JSON.parse(value)
  await expect(createIndex(given('{"folder":"x"}'))).rejects.toThrow('createIndex: unknown option "folder"')
  await expect(createIndex({ cacheFolder: 'x' })).rejects.toThrow('createIndex: a cache folder (x) is for incremental')
  await expect(createIndex({ parse: { urls: given('"nice"') } })).rejects.toThrow(/urls is "nice"/)
  const index = await createIndex()
  await expect(index.addDirectory(given('{"path":"x","glob":"*"}'))).rejects.toThrow('unknown option "glob"')
  await expect(index.addDirectory({ path: at('none') })).rejects.toMatchObject({ code: 'no-documents' })
  await expect(index.writeFiles(given('{}'))).rejects.toThrow('writeFiles: outputPath is missing, wanted a text')
  await expect(index.getFiles()).rejects.toThrow(/no text to index: 0 documents/)
  expect(() => index.addHTMLFile(given('{"content":"x"}'))).toThrow(
    'addHTMLFile: url or sourcePath is missing, wanted a text',
  )
  expect(() => index.addHTMLFile(given('{"url":"/a"}'))).toThrow('content is missing, wanted the HTML of the page')
  expect(() => index.addCustomRecord(given('{"url":"/a","content":"x"}'))).toThrow(/"content"; known are .*text/)
  expect(() => index.addCustomRecord({ text: 'x' })).toThrow('addCustomRecord: url or id is missing')
  expect(() => index.addCustomRecord(given('{"url":"/a","text":"x","weight":-1}'))).toThrow(
    'addCustomRecord /a: "weight" is -1, but must be a number above 0',
  )
})

test('stopped: nothing is left, and it can be built again', async () => {
  const stopped = AbortSignal.abort()
  const index = await createIndex({ signal: stopped })
  await index.addDirectory({ path: at('docs') })
  await expect(index.writeFiles({ outputPath: at('out') })).rejects.toMatchObject({ code: 'aborted' })
  expect(await readdir(at('out'))).toEqual([])
})
