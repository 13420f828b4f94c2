/**
 * Questions in a person's words that the documentation answers in other words: by words alone their section is not among the
 * first five, by meaning it is the first. A test asks each of them (test/e2e/demo.test.ts).
 */
import type { Source } from './sources.ts'

export interface Example {
  readonly question: string
  readonly source: Source
  /** Where its answer stands: the end of the section's address. */
  readonly section: string
}

export const EXAMPLES: readonly Example[] = [
  {
    question: 'scrolling a huge list is slow',
    source: 'vue',
    section: 'vue/guide/best-practices/performance.html#virtualize-large-lists',
  },
  {
    question: 'make it usable for blind visitors',
    source: 'vue',
    section: 'vue/guide/best-practices/accessibility.html',
  },
  {
    question: 'download less code at the start',
    source: 'vue',
    section: 'vue/guide/best-practices/performance.html#code-splitting',
  },
  {
    question: 'two siblings need the same data',
    source: 'react',
    section: 'react/learn/index.html#sharing-data-between-components',
  },
  {
    question: 'pass things to the grandchildren',
    source: 'react',
    section: 'react/learn/passing-data-deeply-with-context.html#the-problem-with-passing-props',
  },
  {
    question: 'why does everything run two times',
    source: 'react',
    section: 'react/learn/synchronizing-with-effects.html#step-3-add-cleanup-if-needed',
  },
]
