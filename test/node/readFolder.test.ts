/** Folders and data files as they come: odd names, bad bytes, locked doors. What is bad is named, the rest is read. */
import { mkdir, readFile, rm, symlink, truncate } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { describe, expect, test, vi } from 'vitest'
import type { SelvageError } from '../../src/errors.ts'
import { listDocuments, readDocuments } from '../../src/node/readFolder.ts'
import type { Input } from '../../src/text/document.ts'
import { parsePage } from '../../src/text/parse/index.ts'
import { temporaryFolder } from '../support/command.ts'

/** A folder that a superuser, as whom tests may run, cannot open either. */
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  return {
    ...fs,
    readdir: (path: string, options: { withFileTypes: true }) =>
      path.endsWith('locked')
        ? Promise.reject(
            Object.assign(new Error(`EACCES: permission denied, scandir '${path}'`), {
              code: 'EACCES',
              syscall: 'scandir',
            }),
          )
        : fs.readdir(path, options),
  }
})

const here = temporaryFolder('selvage-read-')
const { at, write } = here

/** What is read of the folder or file, and what is said of the rest. */
async function read(input = here.folder): Promise<{ inputs: Input[]; messages: string[] }> {
  const inputs: Input[] = []
  const errors: SelvageError[] = []
  const files = await listDocuments(input, (error) => errors.push(error))
  for await (const source of readDocuments(files, (error) => errors.push(error))) inputs.push(source)
  expect(errors.map(({ code }) => code)).toEqual(errors.map(() => 'unreadable-document'))
  return { inputs, messages: errors.map(({ message }) => message) }
}

describe('folders', () => {
  test('documents in all sub-folders, by path; not tools, packages, data files and what links lead to', async () => {
    const documents = ['b.md', 'a/c.html', 'a.txt', 'B.mdx']
    const others = ['node_modules/x.md', '.git/x.md', 'data.jsonl', 'x.png', '._b.md']
    for (const path of [...documents, ...others]) await write(path, path)
    await symlink(here.folder, at('a/round'))
    await symlink(at('b.md'), at('link.md'))
    await symlink('link.md', at('.#link.md'))
    const { inputs, messages } = await read()
    expect(inputs).toEqual([
      { path: 'B.mdx', content: 'B.mdx' },
      { path: 'a.txt', content: 'a.txt' },
      { path: 'a/c.html', content: 'a/c.html' },
      { path: 'b.md', content: 'b.md' },
      { path: 'link.md', content: 'b.md' },
    ])
    expect(messages).toEqual([])
  })

  test('links that lead nowhere or round in a circle are named', async () => {
    await write('a.md', 'x')
    await symlink('nowhere.md', at('broken.md'))
    await symlink('round.md', at('round.md'))
    const { inputs, messages } = await read()
    expect(inputs.map(({ path }) => path)).toEqual(['a.md'])
    expect(messages).toEqual([
      'broken.md cannot be opened: ENOENT: no such file or directory. Make it readable, or leave it out.',
      'round.md cannot be opened: ELOOP: too many symbolic links encountered. Make it readable, or leave it out.',
    ])
  })

  test('a sub-folder that cannot be opened is named, and the rest is read', async () => {
    await write('a.md', 'x')
    await write('deep/locked/b.md', 'x')
    const { inputs, messages } = await read()
    expect(inputs.map(({ path }) => path)).toEqual(['a.md'])
    expect(messages).toEqual([
      'deep/locked/ cannot be opened: EACCES: permission denied. Make it readable, or leave it out.',
    ])
    await expect(listDocuments(here.folder)).rejects.toMatchObject({ code: 'unreadable-document' })
    await expect(read(at('deep/locked'))).rejects.toMatchObject({
      code: 'no-documents',
      message: expect.stringContaining('locked cannot be opened: EACCES'),
    })
  })

  test('a file that vanishes, and bytes that are no text, are named', async () => {
    await write('a.md', Uint8Array.of(0x61, 0xe9))
    await write('b.html', '<meta charset="klingon">')
    await write('c.html', Buffer.from('<meta charset="windows-1252"><p>caf\xe9', 'latin1'))
    await write('d.md', Buffer.from('\ufeffcafé', 'utf16le'))
    const gone = await write('e.md', 'x')
    const files = await listDocuments(here.folder)
    await rm(gone)
    const messages: string[] = []
    const inputs: Input[] = []
    for await (const input of readDocuments(files, ({ message }) => messages.push(message))) inputs.push(input)
    expect(inputs).toEqual([
      { path: 'c.html', content: '<meta charset="windows-1252"><p>café' },
      { path: 'd.md', content: 'café' },
    ])
    expect(messages).toEqual([
      'a.md is not UTF-8: byte 1 (line 1) is 0xE9. Save it as UTF-8, or leave it out.',
      'b.html declares the encoding "klingon", which is not known here. Save it as UTF-8, or leave it out.',
      expect.stringMatching(/^e\.md cannot be opened: ENOENT: no such file or directory\. /),
    ])
  })

  test('a file of 21 MB is refused unread', async () => {
    await truncate(await write('a/big.html', ''), 21_000_000)
    await write('b.md', 'x')
    expect(await read()).toEqual({
      inputs: [{ path: 'b.md', content: 'x' }],
      messages: [
        'a/big.html is 21.0 MB, and a document may have at most 20.0 MB. Split it into pages, or leave it out.',
      ],
    })
  })

  test.each([
    'my docs/50% of #1?.html',
    'ünï/日本 語.html',
    "it's [a] & (b)+c=d;e,f@g$!.html",
    'a:b/c\\d.html',
    '%41.html',
  ])('the address of %s opens it', async (path) => {
    await write(path, '<p>x')
    const { inputs } = await read()
    expect(inputs.map((input) => input.path)).toEqual([path])
    const page = await parsePage(inputs[0] as { path: string; content: string }, { baseUrl: '' })
    const opened = new URL(page!.url, pathToFileURL(`${here.folder}/`))
    expect([opened.search, opened.hash]).toEqual(['', ''])
    expect(await readFile(opened, 'utf8')).toBe('<p>x')
  })

  test.each([
    ['nothing', 'missing', 'There is no folder or file '],
    [
      'a page',
      'a.md',
      'a.md is not a folder. Give the folder that it is in, or a .jsonl or .jsonl.gz file of records.',
    ],
    ['an empty folder', 'empty', 'There are no documents in '],
  ])('%s is no input', async (_, path, message) => {
    await write('a.md', 'x')
    await mkdir(at('empty'))
    await expect(listDocuments(at(path))).rejects.toMatchObject({
      code: 'no-documents',
      message: expect.stringContaining(message),
    })
  })
})

describe('data files', () => {
  const line = (id: string | number) => JSON.stringify({ id, text: `text of ${id}` })
  const many = Array.from({ length: 20_000 }, (_, i) => line(i)).join('\n')

  test.each<[string, string | Uint8Array]>([
    ['data.jsonl', `\ufeff${line('a')}\r\n\r\n  \n${line('b')}`],
    ['data.JSONL', `${line('a')}\n\n\n${line('b')}\n`],
    ['data.jsonl.gz', gzipSync(`${line('a')}\n\n\n${line('b')}\n`)],
    ['data.jsonl.gz', Buffer.concat([gzipSync(`${line('a')}\n\n\n`), gzipSync(line('b'))])],
  ])('%s is read line by line', async (name, content) => {
    expect(await read(await write(name, content))).toEqual({
      inputs: [
        { path: `${name}:1`, record: { id: 'a', text: 'text of a' } },
        { path: `${name}:4`, record: { id: 'b', text: 'text of b' } },
      ],
      messages: [],
    })
  })

  test('bad lines are named, the others read; of two records with one id the first counts', async () => {
    const good = [line('a'), line('b'), line('日本')].map((text) => Buffer.from(`${text}\n`))
    const bad = ['{"id": "x"', '[]', '{"id": "x"}', line('a')].map((text) => Buffer.from(`${text}\n`))
    const file = await write(
      'd.jsonl',
      Buffer.concat([good[0]!, ...bad, good[1]!, Buffer.from('{"id":"é","text":"x"}\n', 'latin1'), good[2]!]),
    )
    const { inputs, messages } = await read(file)
    expect(inputs.map((input) => 'record' in input && input.record.id)).toEqual(['a', 'b', '日本'])
    expect(messages).toEqual([
      expect.stringMatching(/^d\.jsonl:2: not JSON \(.+\)\. Correct the record, or leave it out\.$/),
      'd.jsonl:3: a list, but a record must be an object. Correct the record, or leave it out.',
      'd.jsonl:4: "text" is missing, but must be a string. Correct the record, or leave it out.',
      'd.jsonl:5: "id" is "a", as in line 1. Give each record an id of its own, or leave it out.',
      'd.jsonl:7 is not UTF-8: byte 7 (line 1) is 0xE9. Save it as UTF-8, or leave it out.',
    ])
  })

  test('a file of another kind is not told of line by line', async () => {
    const { inputs, messages } = await read(await write('d.jsonl', 'no\n'.repeat(5000)))
    expect(inputs).toEqual([])
    expect(messages).toHaveLength(101)
    expect(messages.at(-1)).toBe('d.jsonl: 4900 more lines cannot be used either.')
  })

  test('a line longer than a document may be is refused', async () => {
    const { inputs, messages } = await read(
      await write('d.jsonl', `${line('a')}\n{"id":"long","text":"${'x'.repeat(21_000_000)}"}\n${line('b')}`),
    )
    expect(inputs.map((input) => 'record' in input && input.record.id)).toEqual(['a', 'b'])
    expect(messages).toEqual([
      'd.jsonl:2: the line is 21.0 MB long, and a record may have at most 20.0 MB. Split it, or leave it out.',
    ])
  })

  test.each<[string, (gz: Uint8Array) => Uint8Array, RegExp, number]>([
    [
      'cut short',
      (gz) => gz.subarray(0, gz.length >> 1),
      /past line \d+; make or fetch it anew: unexpected end of file$/,
      8000,
    ],
    ['without its last byte', (gz) => gz.subarray(0, -1), /unexpected end of file$/, 19_999],
    [
      'damaged',
      (gz) => gz.map((byte, i) => (i === gz.length >> 1 ? byte ^ 0xff : byte)),
      /anew: (?:invalid|incorrect) /,
      8000,
    ],
    ['not gzip at all', () => Buffer.from(many), /past line 0; make or fetch it anew: incorrect header check$/, 0],
    ['empty', () => new Uint8Array(), /past line 0; make or fetch it anew: unexpected end of file$/, 0],
  ])('gzip %s: all before is read, and read the same twice', async (_, damage, reason, least) => {
    const file = await write('d.jsonl.gz', damage(gzipSync(many)))
    const first = await read(file)
    // Damage that gzip notices only in the end may have spoilt lines before.
    const whole = first.messages.filter((message) => message.startsWith('d.jsonl.gz cannot be read '))
    expect(whole).toEqual([expect.stringMatching(reason)])
    expect(first.inputs.length).toBeGreaterThanOrEqual(least)
    expect(await read(file)).toEqual(first)
  })

  test('records wait in the file, not in memory', async () => {
    const file = await write('d.jsonl.gz', gzipSync(many))
    for await (const input of readDocuments(await listDocuments(file), () => {})) {
      expect(input.path).toBe('d.jsonl.gz:1')
      break
    }
  })
})
