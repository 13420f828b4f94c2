/** Heading ids, with values read off the generators' own slug functions and duplicate rules. */
import { expect, test } from 'vitest'
import { type AnchorStyle, createAnchors } from '../../src/text/parse/anchors.ts'

const ids = (style: AnchorStyle, headings: (string | [string, string])[]) => {
  const anchors = createAnchors(style)
  return headings.map((heading) =>
    typeof heading === 'string' ? anchors.next(heading, undefined) : anchors.next(...heading),
  )
}

test.each([
  ['Hello, World!', 'hello-world', 'hello-world'],
  ['useRef()', 'useref', 'useref'],
  ['a_b c', 'a_b-c', 'a-b-c'],
  ['1. First', '1-first', '_1-first'],
  ['Über uns', 'über-uns', 'uber-uns'],
  ['v-model & .lazy', 'v-model--lazy', 'v-model-lazy'],
  ['中文 标题', '中文-标题', '中文-标题'],
  ['Emoji :tada:', 'emoji-tada', 'emoji'],
  ['std::vector::at', 'stdvectorat', 'std-vector-at'],
  ['<script setup>', 'script-setup', 'script-setup'],
])('%s: github %s, vitepress %s', (heading, github, vitepress) => {
  expect(ids('github', [heading])).toEqual([github])
  expect(ids('vitepress', [heading])).toEqual([vitepress])
})

test('duplicates are numbered from 1, and the numbers avoid what is taken', () => {
  expect(ids('github', ['A', 'A', 'A-1', 'A'])).toEqual(['a', 'a-1', 'a-1-1', 'a-2'])
  expect(ids('vitepress', ['A', 'A', 'A-1', 'A'])).toEqual(['a', 'a-1', 'a-1-1', 'a-2'])
})

test('explicit ids stand as they are; VitePress counts them, Docusaurus does not', () => {
  expect(ids('github', [['X', 'a'], 'A', 'A'])).toEqual(['a', 'a', 'a-1'])
  expect(ids('vitepress', [['X', 'a'], 'A', 'A'])).toEqual(['a', 'a-1', 'a-2'])
})

test('ten thousand equal headings take no quadratic time', () => {
  const start = performance.now()
  expect(
    ids(
      'vitepress',
      Array.from({ length: 10_000 }, () => 'A'),
    ).at(-1),
  ).toBe('a-9999')
  expect(performance.now() - start).toBeLessThan(2000)
})
