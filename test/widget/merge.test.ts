import fc from 'fast-check'
import { expect, test } from 'vitest'
import { groupsOf, mergeInPlace } from '../../src/widget/merge.ts'
import type { PageGroup } from '../../src/widget/types.ts'
import { hit, pagesOf } from '../support/fakeEngine.ts'

const urlsOf = (items: readonly { readonly url: string }[]) => items.map(({ url }) => url)

/** Some of 8 pages in some order, each with some of 5 sections in some order. */
const ranking: fc.Arbitrary<PageGroup[]> = fc
  .uniqueArray(fc.integer({ min: 0, max: 7 }), { maxLength: 8 })
  .chain((pages) =>
    fc.tuple(
      ...pages.map((page) =>
        fc
          .uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 })
          .map((sections) => groupsOf(pagesOf(sections.map((section) => `/${page}#${section}`)))[0]!),
      ),
    ),
  )
const ANSWERS = fc.tuple(ranking, ranking, fc.nat(7), fc.nat(4))

/** Better's items in better's order, and the held one where it was, or last where there are fewer now. */
function expectInPlace(merged: readonly string[], shown: readonly string[], better: readonly string[], held: string) {
  const at = shown.indexOf(held)
  if (at < 0) return expect(merged).toEqual(better)
  const others = better.filter((url) => url !== held)
  expect(merged.indexOf(held)).toBe(Math.min(at, others.length))
  expect(merged.filter((url) => url !== held)).toEqual(others)
  expect(new Set(merged).size).toBe(merged.length)
}

test('groups: better ones in their order, the held one in its place, nothing lost and nothing twice', () => {
  fc.assert(
    fc.property(ANSWERS, ([shown, better, page]) => {
      const merged = mergeInPlace(shown, better, { group: `/${page}` })
      expectInPlace(urlsOf(merged), urlsOf(shown), urlsOf(better), `/${page}`)
    }),
    { seed: 7, numRuns: 1000 },
  )
})

test('sections: the same within the held group; other groups are as the better answer has them', () => {
  fc.assert(
    fc.property(ANSWERS, ([shown, better, page, section]) => {
      const held = { group: `/${page}`, hit: `/${page}#${section}` }
      const was = shown.find(({ url }) => url === held.group)
      for (const group of mergeInPlace(shown, better, held)) {
        const now = better.find(({ url }) => url === group.url) ?? was!
        const sections = [group, now].map(({ hits }) => urlsOf(hits))
        if (group.url !== held.group || was === undefined) expect(sections[0]).toEqual(sections[1])
        else expectInPlace(sections[0]!, urlsOf(was.hits), sections[1]!, held.hit)
      }
    }),
    { seed: 8, numRuns: 1000 },
  )
})

test('the held section is shown as the better answer has it, and as it was where that lacks it', () => {
  const before = groupsOf(pagesOf(['/a#1', '/a#2']))
  const better = groupsOf([{ ...hit('/a#2'), score: 9 }])
  const [group] = mergeInPlace(before, better, { group: '/a', hit: '/a#2' })
  expect(group!.hits).toEqual([better[0]!.hits[0]])
  const [kept] = mergeInPlace(before, better, { group: '/a', hit: '/a#1' })
  expect(kept!.hits).toEqual([before[0]!.hits[0], better[0]!.hits[0]])
})

test('nothing held: the better answer, whatever was shown', () => {
  const better = groupsOf(pagesOf(['/b', '/a']))
  expect(mergeInPlace(groupsOf(pagesOf(['/a', '/c'])), better, undefined)).toEqual(better)
})

test('a page has its sections, best first, and one of those with the same address', () => {
  const best = { ...hit('/a#x', [hit('/a#y'), { ...hit('/a#x'), title: 'worse' }]) }
  best.page = { ...best.page, meta: { area: 'guide' } }
  const [group] = groupsOf([best])
  expect(group).toMatchObject({ url: '/a', title: 'Title of /a', meta: { area: 'guide' } })
  expect(group!.hits.map(({ title }) => title)).toEqual(['/a#x', '/a#y'])
})
