import { expect, test } from 'vitest'
import { filtersOf } from '../../src/adapters/pagefindFilters.ts'

test.each<[unknown, Record<string, string[]>]>([
  [undefined, {}],
  [{}, {}],
  [{ tag: 'a' }, { tag: ['a'] }],
  [
    { year: 2024, draft: false },
    { year: ['2024'], draft: ['false'] },
  ],
  [
    { tag: ['a', 'b'], lang: 'en' },
    { tag: ['a', 'b'], lang: ['en'] },
  ],
  [{ tag: [] }, {}],
  [{ tag: { any: ['a', 'b'] } }, { tag: ['a', 'b'] }],
  [{ tag: { all: ['a'] } }, { tag: ['a'] }],
  [{ tag: { none: [] } }, {}],
  [{ all: [{ tag: 'a' }, { lang: ['en', 'de'] }] }, { tag: ['a'], lang: ['en', 'de'] }],
  [{ any: [{ tag: 'a' }, { tag: ['b'] }] }, { tag: ['a', 'b'] }],
  [{ any: { tag: 'a' } }, { tag: ['a'] }],
  [{ any: [] }, {}],
  [{ not: {} }, {}],
])('%j', (given, wanted) => {
  expect(filtersOf(given)).toEqual(wanted)
})

test.each<[unknown, string]>([
  [{ tag: { all: ['a', 'b'] } }, 'all of "tag" are to hold'],
  [{ tag: { none: ['a'] } }, '"none" is asked for'],
  [{ tag: { not: 'a' } }, '"not" is asked for'],
  [{ not: { tag: 'a' } }, '"not" is asked for'],
  [{ none: [{ tag: 'a' }] }, '"none" is asked for'],
  [{ any: [{ tag: 'a' }, { lang: 'en' }] }, 'any of tag, lang is to hold'],
  [{ any: { tag: 'a', lang: 'en' } }, 'any of tag, lang is to hold'],
  [{ all: [{ tag: 'a' }, { tag: 'b' }] }, '"tag" is to hold twice'],
  [{ tag: { some: ['a'] } }, '"tag" has "some"'],
  [{ tag: null }, '"tag" is null'],
  ['tag', 'they are "tag"'],
])('%j is refused', (given, message) => {
  expect(() => filtersOf(given)).toThrow(message)
})
