/** Bytes → text, and what is said of bytes that are none. */
import { expect, test } from 'vitest'
import { decodeText } from '../../src/text/decode.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const utf8 = (text: string) => new TextEncoder().encode(text)

test.each([
  ['nothing', bytes(), ''],
  ['UTF-8', utf8('né 日 👍'), 'né 日 👍'],
  ['UTF-8 with its mark', bytes(0xef, 0xbb, 0xbf, 0x61), 'a'],
  ['UTF-16 little endian', bytes(0xff, 0xfe, 0x61, 0, 0xe9, 0), 'aé'],
  ['UTF-16 big endian', bytes(0xfe, 0xff, 0, 0x61, 0x65, 0xe5), 'a日'],
])('%s', (_, input, text) => {
  expect(decodeText(input, 'a.md')).toBe(text)
})

test.each([
  [
    'Latin-1',
    bytes(0x61, 0x0a, 0x62, 0xe9, 0x63),
    'docs/a.md is not UTF-8: byte 3 (line 2) is 0xE9. Save it as UTF-8, or leave it out.',
  ],
  [
    'a lone continuation',
    bytes(0x80),
    'docs/a.md is not UTF-8: byte 0 (line 1) is 0x80. Save it as UTF-8, or leave it out.',
  ],
  [
    'an overlong form',
    bytes(0xc0, 0xaf),
    'docs/a.md is not UTF-8: byte 0 (line 1) is 0xC0. Save it as UTF-8, or leave it out.',
  ],
  [
    'a surrogate',
    bytes(0xed, 0xa0, 0x80),
    'docs/a.md is not UTF-8: byte 0 (line 1) is 0xED. Save it as UTF-8, or leave it out.',
  ],
  [
    'past Unicode',
    bytes(0xf4, 0x90, 0x80, 0x80),
    'docs/a.md is not UTF-8: byte 0 (line 1) is 0xF4. Save it as UTF-8, or leave it out.',
  ],
  [
    'an end in mid-character',
    bytes(0x61, 0xe6, 0x97),
    'docs/a.md is not UTF-8: byte 1 (line 1) is 0xE6. Save it as UTF-8, or leave it out.',
  ],
  [
    'a binary file',
    bytes(0x89, 0x50, 0x4e, 0x47, 0),
    'docs/a.md is not text: byte 4 is NUL, as in a binary file or UTF-16 without its mark. Save it as UTF-8, or leave it out.',
  ],
  [
    'UTF-16 cut in half',
    bytes(0xff, 0xfe, 0x00, 0xd8),
    'docs/a.md begins as UTF-16LE and is not valid in it. Save it as UTF-8, or leave it out.',
  ],
])('%s is refused with path, place and remedy', (_, input, message) => {
  expect(() => decodeText(input, 'docs/a.md')).toThrow(
    expect.objectContaining({ code: 'unreadable-document', message }),
  )
})

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0))
const declared = (head: string, ...body: number[]) => bytes(...ascii(head), ...body)

test.each([
  ['a charset', '<!doctype html><meta charset="windows-1251">', [0xe4, 0xe0], 'да'],
  ['with quotation marks of Windows', "<meta charset='ISO-8859-1'>", [0x93, 0xe9, 0x94], '“é”'],
  ['a content type', '<meta http-equiv=content-type content="text/html; charset=Shift_JIS">', [0x93, 0xfa], '日'],
  ['UTF-8', '<meta charset=utf-8>', [0xc3, 0xa9], 'é'],
  ['UTF-16, which it cannot be', '<meta charset="utf-16">', [0xc3, 0xa9], 'é'],
  ['another one in a comment', '<!-- <meta charset=koi8-r> --><meta charset="utf8">', [0xc3, 0xa9], 'é'],
  ['nothing within the first kilobyte', `${' '.repeat(1024)}<meta charset="koi8-r">`, [0xc3, 0xa9], 'é'],
])('HTML that declares %s', (_, head, body, text) => {
  expect(decodeText(declared(head, ...body), 'a.HTML').slice(head.length)).toBe(text)
})

test('a byte order mark counts more than a declaration, and only HTML declares', () => {
  const head = '<meta charset="windows-1252">'
  expect(decodeText(bytes(0xef, 0xbb, 0xbf, ...declared(head, 0xc3, 0xa9)), 'a.htm')).toBe(`${head}é`)
  expect(decodeText(declared(head, 0xc3, 0xa9), 'a.md')).toBe(`${head}é`)
})

test.each([
  [
    'an unknown encoding',
    declared('<meta charset="klingon">'),
    'declares the encoding "klingon", which is not known here',
  ],
  [
    'a wrong one',
    declared('<meta charset="shift_jis">', 0x83),
    'declares the encoding "shift_jis" and is not valid in it',
  ],
  ['UTF-8 and is not', declared('<meta charset="utf-8">', 0xe9), 'is not UTF-8: byte 22 (line 1) is 0xE9'],
])('HTML that declares %s is refused', (_, input, reason) => {
  const message = `a.html ${reason}. Save it as UTF-8, or leave it out.`
  expect(() => decodeText(input, 'a.html')).toThrow(expect.objectContaining({ code: 'unreadable-document', message }))
})
