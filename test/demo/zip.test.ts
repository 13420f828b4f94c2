/** A zip as the demo reads it: what is taken, what is named, what is refused before anything is unpacked. */
import { describe, expect, test } from 'vitest'
import { LeftOut } from '../../demo/files/leftOut.ts'
import { formatOf } from '../../demo/files/own.ts'
import { readText } from '../../demo/files/readFiles.ts'
import { filesOfZip } from '../../demo/files/zip.ts'
import { type ZipEntryOf, zipOf } from '../support/zip.ts'

async function read(zip: Buffer<ArrayBuffer>) {
  const leftOut = new LeftOut()
  const found = await filesOfZip('notes.zip', new Blob([zip]), leftOut, (path) => formatOf(path) !== undefined)
  const texts: Record<string, string> = {}
  for (const one of found)
    try {
      texts[one.path] = (await readText(one)).text
    } catch (error) {
      leftOut.name(one.path, (error as { reason: 'garbled' }).reason)
    }
  return { texts, sentences: leftOut.sentences() }
}

const note = (name: string, more: Partial<ZipEntryOf> = {}): ZipEntryOf => ({ name, content: `# ${name}\n`, ...more })

describe('a zip', () => {
  test('is a folder of its texts; folders of tools and what macOS adds are passed by, the rest is counted', async () => {
    const { texts, sentences } = await read(
      zipOf([
        note('notes/harbour.md'),
        note('notes/über/bücher.txt'),
        note('notes\\windows.html'),
        note('../../etc/passwd.txt'),
        note('/absolute.md'),
        note('notes/.git/config.txt'),
        note('__MACOSX/notes/._harbour.md'),
        note('notes/node_modules/x/README.md'),
        { name: 'notes/empty folder/', content: '' },
        note('notes/inner.zip'),
        note('notes/a.png'),
        note('notes/b.JPG'),
        note('notes/data.bin'),
      ]),
    )
    expect(Object.keys(texts)).toEqual([
      'notes.zip/notes/harbour.md',
      'notes.zip/notes/über/bücher.txt',
      'notes.zip/notes/windows.html',
      'notes.zip/etc/passwd.txt',
      'notes.zip/absolute.md',
    ])
    expect(texts['notes.zip/notes/harbour.md']).toBe('# notes/harbour.md\n')
    expect(sentences).toEqual(['2 pictures, 1 archive and 1 other file were left out: not Markdown, HTML or text.'])
  })

  test('that is encrypted is said to be; where a part of it is, the rest is taken', async () => {
    const isEncrypted = true
    expect(await read(zipOf([note('a.md', { isEncrypted }), note('b.md', { isEncrypted })]))).toEqual({
      texts: {},
      sentences: [expect.stringMatching(/^notes\.zip is encrypted, and was not read\. Unpack it/)],
    })
    expect(await read(zipOf([note('a.md', { isEncrypted }), note('b.md')]))).toEqual({
      texts: { 'notes.zip/b.md': '# b.md\n' },
      sentences: ['notes.zip/a.md is encrypted, and was left out.'],
    })
  })

  test('that is none, or is cut off, or damaged is said to be', async () => {
    const whole = zipOf([note('a.md'), note('b.md')])
    const broken = /^notes\.zip could not be read: it is damaged, cut off, or no zip at all\./
    for (const zip of [Buffer.from('no zip'), whole.subarray(0, whole.length - 30), whole.subarray(0, 40)])
      expect(await read(Buffer.from(zip))).toEqual({ texts: {}, sentences: [expect.stringMatching(broken)] })
    const damaged = Buffer.from(whole)
    damaged.fill(0xff, 34, 40) // the first file's data
    expect(await read(damaged)).toEqual({
      texts: { 'notes.zip/b.md': '# b.md\n' },
      sentences: ['notes.zip/a.md could not be unpacked: it is damaged.'],
    })
  })

  test('without any text says so', async () => {
    expect((await read(zipOf([note('a.png')]))).sentences).toEqual([
      'notes.zip has no Markdown, HTML or text in it.',
      '1 picture was left out: not Markdown, HTML or text.',
    ])
  })

  test('that unpacks to more than it may is refused before it is unpacked', async () => {
    const many = Array.from({ length: 20_001 }, (_, i) => ({ name: `${i}.md`, content: 'x' }))
    expect((await read(zipOf(many))).sentences).toEqual([
      expect.stringMatching(/^notes\.zip has 20,001 files, and was not read; a zip may have 20,000\./),
    ])
    const long = Array.from({ length: 11 }, (_, i) => note(`${i}.md`, { saidSize: 19e6 }))
    expect((await read(zipOf(long))).sentences).toEqual([
      expect.stringMatching(/^notes\.zip unpacks to 209 MB of text or more, and was not read; a zip may have 200 MB\./),
    ])
    const names = Array.from({ length: 600 }, (_, i) => ({ name: `${'n'.repeat(30_000)}${i}.md`, content: 'x' }))
    expect((await read(zipOf(names))).sentences).toEqual([
      expect.stringMatching(/^notes\.zip has a list of files that is too long/),
    ])
  })

  test('that lies: a file of more bytes than it said is refused, however small it is packed', async () => {
    const bomb = { name: 'bomb.txt', content: Buffer.alloc(30e6, 'a'), saidSize: 1000 }
    expect(await read(zipOf([bomb, note('b.md')]))).toEqual({
      texts: { 'notes.zip/b.md': '# b.md\n' },
      sentences: ['notes.zip/bomb.txt could not be unpacked: it is damaged.'],
    })
    const honest = { name: 'long.txt', content: Buffer.alloc(30e6, 'a') }
    expect((await read(zipOf([honest]))).sentences).toEqual([
      'notes.zip/long.txt is larger than 20.0 MB, and was not read.',
    ])
  })
})
