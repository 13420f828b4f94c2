/** What the demo says of files that it leaves out, and what it makes of a pasted text. */
import { describe, expect, test } from 'vitest'
import { LeftOut } from '../../demo/files/leftOut.ts'
import { isMarkdown, pathOf, titleOf } from '../../demo/files/pasted.ts'
import { readText } from '../../demo/files/readFiles.ts'
import { Speed } from '../../demo/files/speed.ts'

describe('what is left out', () => {
  const names = (count: number) => {
    const leftOut = new LeftOut()
    for (let i = 1; i <= count; i++) leftOut.name(`n/${i}.md`, 'empty')
    return leftOut.sentences()
  }

  test('is named while it is little, and counted when it is much', () => {
    expect(names(0)).toEqual([])
    expect(names(1)).toEqual(['n/1.md is empty.'])
    expect(names(2)).toEqual(['n/1.md and n/2.md are empty.'])
    expect(names(4)).toEqual(['n/1.md, n/2.md, n/3.md and n/4.md are empty.'])
    expect(names(10_000)).toEqual(['n/1.md, n/2.md, n/3.md and 9,997 more are empty.'])
  })

  test('in a folder is counted by its kind', () => {
    const leftOut = new LeftOut()
    for (let i = 0; i < 14; i++) leftOut.count(`photos/${i}.${i % 2 ? 'png' : 'JPEG'}`)
    for (const path of ['a/main.c', 'a/Makefile', 'a/.x', 'a/paper.pdf']) leftOut.count(path)
    expect(leftOut.sentences()).toEqual([
      '14 pictures, 1 PDF and 3 other files were left out: not Markdown, HTML or text.',
    ])
  })
})

describe('a text of a file', () => {
  const read = async (bytes: Uint8Array<ArrayBuffer>) => {
    try {
      return (await readText({ path: 'x', open: async () => ({ size: bytes.length, bytes: async () => bytes }) })).text
    } catch (error) {
      return { refused: (error as Error).message }
    }
  }
  const utf8 = (text: string) => new TextEncoder().encode(text)

  test('is the same however its characters lie across the slices that are decoded', async () => {
    const text = 'a€𝄞ü'.repeat(300_000)
    expect(await read(utf8(text))).toBe(text)
    expect(await read(utf8(`x${text}`))).toBe(`x${text}`)
    const wide = Uint8Array.from(Buffer.from(`\ufeff${text}`, 'utf16le'))
    expect(await read(wide)).toBe(text)
  })

  test('is refused where it is no text, and never guessed', async () => {
    expect(await read(utf8(''))).toEqual({ refused: 'empty' })
    expect(await read(utf8(' \n\t'))).toEqual({ refused: 'blank' })
    expect(await read(Uint8Array.of(0x50, 0x4b, 0, 4))).toEqual({ refused: 'binary' })
    expect(await read(Uint8Array.of(0x61, 0xe4))).toEqual({ refused: 'binary' }) // "aä" in Latin-1
    expect(await read(new Uint8Array(20e6 + 1))).toEqual({ refused: 'large' })
  })

  test('that is too large is not read at all', async () => {
    const bytes = () => Promise.reject(new Error('It was read.'))
    await expect(readText({ path: 'x', open: async () => ({ size: 200e6, bytes }) })).rejects.toMatchObject({
      reason: 'large',
    })
    await expect(readText({ path: 'x', open: async () => ({ size: 10, bytes }) })).rejects.toMatchObject({
      reason: 'unreadable',
    })
  })
})

describe('a pasted text', () => {
  const at = new Date(2026, 10, 29, 14, 5)

  test('is called by its first line, without its marks, or as somebody says', () => {
    expect(titleOf({ text: '\n\n## The *harbour* of `Vik`\n\nx', title: '' })).toBe('The harbour of Vik')
    expect(titleOf({ text: '---\n- first thing\n', title: '' })).toBe('first thing')
    expect(titleOf({ text: 'x', title: '  Mine ' })).toBe('Mine')
    expect(titleOf({ text: '…', title: '' })).toBe('Pasted text')
    const long = titleOf({ text: 'word '.repeat(40), title: '' })
    expect(long).toMatch(/^(word )+word…$/)
    expect(long.length).toBeLessThanOrEqual(81)
  })

  test('has a path that says when and what, of letters that a file name may have', () => {
    expect(pathOf({ text: '# A/B: "what?"\n', title: '' }, at)).toBe('Pasted/2026-11-29 14.05 A B what.md')
    expect(pathOf({ text: 'Just words.', title: '' }, at)).toBe('Pasted/2026-11-29 14.05 Just words.txt')
  })

  test('is Markdown where it has its marks, plain where it has not', () => {
    for (const text of ['# Head\n\ntext', 'see [this](x.md)', '```\ncode\n```', '- a\n- b\n', '|a|b|\n|-|-|\n|1|2|'])
      expect(isMarkdown(text), text).toBe(true)
    for (const text of ['plain', 'a - b', '#1 of 3', 'x[0](y z)', '- only one item', 'a * b * c\nd'])
      expect(isMarkdown(text), text).toBe(false)
  })
})

test('speed is that of the last seconds, and begins anew after a rest', () => {
  const speed = new Speed()
  const at = (done: number, ms: number, state: 'adding' | 'paused' = 'adding') =>
    speed.of({ state, documents: { done, total: 100 } }, ms)
  expect(at(0, 0)).toBeUndefined()
  expect(at(4, 2000)).toBe(2)
  expect(at(4, 2500)).toBeCloseTo(1.6)
  expect(at(4, 3000, 'paused')).toBeUndefined()
  expect(at(4, 60_000)).toBeUndefined()
  expect(at(14, 70_000)).toBe(1)
  expect(at(64, 95_000)).toBe(2) // ten of the seconds before are forgotten
})
