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
