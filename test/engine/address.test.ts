/** Addresses that are relative to the index's folder: where they lead, and what is known again by where it led. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPlaced, isSamePage, placed } from '../../src/engine/address.ts'

test('only ./ and ../ are relative to the folder; below any path', () => {
  expect(placed('../../docs/a.html#b', 'https://example.org/some/where/index/docs/')).toBe(
    'https://example.org/some/where/docs/a.html#b',
  )
  expect(placed('./a.html', 'https://example.org/index/')).toBe('https://example.org/index/a.html')
  for (const url of ['a.html', '/a.html', 'https://example.net/a.html', 'own:notes/a.md', ''])
    expect(placed(url, 'https://example.org/index/')).toBe(url)
  expect(placed('../a.html', undefined)).toBe('../a.html')
})

test('a hit is known again by its address, to the letter', () => {
  const part = fc.stringMatching(/^[\p{L}\d ._-]+$/u).filter((text) => /\p{L}/u.test(text))
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 3 }),
      part,
      part,
      fc.integer({ min: 0, max: 2 }),
      (path, id, other, up) => {
        const own = `${'../'.repeat(up) || './'}${path.join('/')}.html#${id}`
        const url = placed(own, 'https://example.org/some/where/index/')
        expect(isPlaced(own, url)).toBe(true)
        expect(isSamePage(own, own)).toBe(true)
        if (other !== id) expect(isPlaced(own.replace(/#.*/s, `#${other}`), url)).toBe(false)
      },
    ),
  )
  expect(isPlaced('guide/a.html#b', 'https://example.org/guide/a.html#b')).toBe(false)
  expect(isSamePage('../guide/a.html#b', 'https://example.org/x/guide/a#c')).toBe(true)
  expect(isSamePage('guide/a.html', 'https://example.org/x/guide/a')).toBe(false)
})
