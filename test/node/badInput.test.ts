/**
 * Folders and disks as they come, through the command line: what cannot be used is named in one line that says what to do,
 * the rest is built, and the exit code tells. Broken markup alone: test/text/badInput.test.ts; how files are listed and read:
 * readFolder.test.ts.
 */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { serve } from '../../src/node/serve.ts'
import { commandLine } from '../support/command.ts'

/** Writing fails after so many files, as on a full disk. Root, as whom tests may run, can write everywhere. */
const disk = vi.hoisted(() => ({ room: Number.POSITIVE_INFINITY, code: 'ENOSPC', words: 'no space left on device' }))
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  return {
    ...fs,
    async open(path: string, flags?: string) {
      const file = await fs.open(path, flags)
      if (flags !== 'w' || disk.room-- > 0) return file
      const { code, words } = disk
      file.writeFile = async () => {
        await file.write('half of')
        throw Object.assign(new Error(`${code}: ${words}, write`), { code, syscall: 'write' })
      }
      return file
    },
  }
})

const cli = commandLine('selvage-bad-')
const { at, write, clear } = cli
const home = process.cwd()
beforeEach(() => {
  process.chdir(cli.folder) // paths are told relative to where a person is
})
afterEach(() => {
  process.chdir(home)
  disk.room = Number.POSITIVE_INFINITY
  execFileSync('rm', ['-rf', cli.folder]) // which opens paths of any length
})

const build = (...args: string[]) => run(['build', 'docs', '-o', 'out', ...args])
/** What was left out, and why. */
const leftOut = () => cli.out.split('\n').filter((line) => line.includes('left out'))

describe('a folder of all kinds', () => {
  test('each fault is a line that names the file and says what to do; the rest is built', async () => {
    await write('docs/good.md', '# Good\n\nReadable text.\n')
    await write('docs/broken.html', '<div><p>Unclosed<b><table><tr><td>cell</p></main><script>')
    await write('docs/nav.html', '<nav><a href="/">Home</a></nav>')
    await write('docs/big.html', '')
    await truncate(at('docs/big.html'), 21_000_000)
    await write('docs/x.md/inner.md', '# Inner\n\nIn a folder that is called x.md.\n')
    await symlink('.', at('docs/circle'))
    await symlink('loop.md', at('docs/loop.md'))
    await write('docs/latin1.html', Buffer.from('<p>caf\xe9', 'latin1'))
    await write('docs/declared.html', Buffer.from('<meta charset="iso-8859-1"><p>caf\xe9', 'latin1'))
    await write('docs/a.md', '# A in Markdown')
    await write('docs/a.html', '<h1>A in HTML</h1>')
    expect(await build('--urls', 'clean')).toBe(2)
    expect(cli.out).toMatch(/^Built out: 5 pages, /)
    expect(leftOut()).toEqual([
      '  left out, it has no text: nav.html',
      '  left out: big.html is 21.0 MB, and a document may have at most 20.0 MB. Split it into pages, or leave it out.',
      '  left out: latin1.html is not UTF-8: byte 6 (line 1) is 0xE9. Save it as UTF-8, or leave it out.',
      '  left out: loop.md cannot be opened: ELOOP: too many symbolic links encountered. Make it readable, or leave it out.',
      '  left out: a.md has the address /a, as a.html has, which was first. Give it another one, or leave one of them out.',
    ])
    clear()
    expect(await run(['search', 'out', 'café', '--json'])).toBe(0)
    expect(JSON.parse(cli.out).hits[0]).toMatchObject({ url: '/declared', passage: { text: 'café' } })
  })

  test('a path that is too long to be opened', async () => {
    await write('docs/good.md', '# Good\n\nReadable text.\n')
    const name = 'n'.repeat(250)
    // Made step by step: in one go the system refuses to make it, too.
    process.chdir('docs')
    for (let i = 0; i < 20; i++) {
      await mkdir(name)
      process.chdir(name)
    }
    await writeFile('deep.md', '# Deep')
    process.chdir(cli.folder)
    expect(await build()).toBe(2)
    expect(cli.out).toMatch(/^Built out: 1 page, /)
    expect(leftOut()).toEqual([
      expect.stringMatching(/^ {2}left out: (n{250}\/)+ cannot be opened: ENAMETOOLONG: .+\. Make /),
    ])
  })

  test('nothing of use in it: no index is made', async () => {
    await write('docs/nav.html', '<nav><a href="/">Home</a></nav>')
    await write('docs/binary.md', Uint8Array.of(0, 1, 2))
    expect(await build()).toBe(1)
    expect(cli.err).toMatch(
      /selvage: There is no text to index: 1 document read, none with text in it\..* Left out: binary\.md is not text: .+\n$/,
    )
    expect(await readdir('out')).toEqual([])
  })
})

test('records with the same id or address, and lines that are none', async () => {
  const lines = [
    { id: 1, text: 'One.' },
    { id: 1, text: 'One again.' },
    { id: 2, url: '/two', text: 'Two.' },
    { id: 3, url: '/two', text: 'Three.' },
    { id: 4 },
  ].map((record) => JSON.stringify(record))
  await write('docs.jsonl', [...lines, '{"id":'].join('\n'))
  expect(await run(['build', 'docs.jsonl', '-o', 'out'])).toBe(2)
  expect(cli.out).toMatch(/^Built out: 2 pages, /)
  expect(leftOut()).toEqual([
    '  left out: docs.jsonl:2: "id" is "1", as in line 1. Give each record an id of its own, or leave it out.',
    '  left out: docs.jsonl:5: "text" is missing, but must be a string. Correct the record, or leave it out.',
    expect.stringMatching(/^ {2}left out: docs\.jsonl:6: not JSON \(.+\)\. Correct the record, or leave it out\.$/),
    '  left out: docs.jsonl:4 has the address /two, as docs.jsonl:3 has, which was first. Give it another one, or leave one of them out.',
  ])
})

test('names with spaces, #, % and letters of any script: the address of a hit opens its file', async () => {
  const names = [
    'a b.html',
    'c#1.html',
    '50% off?.html',
    'ünï/日本 語.html',
    "it's [a] & (b)+c=d;e,f@g$!.html",
    '%41.html',
  ]
  for (const [i, name] of names.entries()) await write(`docs/${name}`, `<title>Page ${i}</title><p>Words of page ${i}.`)
  expect(await build()).toBe(0)
  clear()
  expect(await run(['search', 'out', 'words of a page', '-k', '20', '--json'])).toBe(0)
  const { hits }: { hits: { url: string; title: string }[] } = JSON.parse(cli.out)
  expect(hits).toHaveLength(names.length)
  const { url: site, close } = await serve({ dir: 'docs', port: 0 })
  try {
    for (const { url, title } of hits) {
      const page = await fetch(new URL(url, site))
      expect([page.status, await page.text()]).toEqual([200, expect.stringContaining(`<title>${title}</title>`)])
    }
  } finally {
    await close()
  }
})

describe('an output folder', () => {
  beforeEach(() => write('docs/a.md', '# A\n\nSome text.\n'))
  const contents = async () =>
    Promise.all((await readdir('out')).sort().map(async (name) => [name, await readFile(`out/${name}`, 'latin1')]))

  test.each([
    [
      'holds something else',
      'out/thesis.docx',
      /^selvage: out holds something that is not a Selvage index \(thesis\.docx\)/,
    ],
    [
      'is a file',
      'out',
      /^selvage: out cannot be made a folder: EEXIST: file already exists\. Give another one with -o\.\n$/,
    ],
  ])('that %s is refused', async (_, path, message) => {
    await write(path, 'mine')
    expect(await build()).toBe(1)
    expect(cli.err).toMatch(message)
    expect(await readFile(path, 'utf8')).toBe('mine')
  })

  test('that lies below a file', async () => {
    expect(await run(['build', 'docs', '-o', 'docs/a.md/out'])).toBe(1)
    expect(cli.err).toMatch(
      /^selvage: docs\/a\.md\/out cannot be made a folder: ENOTDIR: not a directory\. Give another/,
    )
  })

  test.each([
    ['ENOSPC', 'no space left on device'],
    ['EACCES', 'permission denied'],
  ])('that takes no more files (%s): the old index is whole, and no file is left half written', async (code, words) => {
    expect(await build()).toBe(0)
    const before = await contents()
    await write('docs/b.md', '# B\n\nMore text.\n')
    for (const room of [0, 3, 7]) {
      Object.assign(disk, { room, code, words })
      clear()
      expect(await build()).toBe(1)
      const last = cli.err.trimEnd().split('\n').at(-1)
      expect(last).toMatch(
        new RegExp(`^selvage: out/\\S+ could not be written: ${code}: ${words}\\. See that its folder may be written`),
      )
      expect(await contents()).toEqual(before)
    }
    disk.room = Number.POSITIVE_INFINITY
    expect(await build()).toBe(0)
    expect(await run(['verify', 'out'])).toBe(0)
  })
})
