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
    question: 'someone edits my object and the screen stays the same',
    source: 'react',
    section: 'react/reference/react/useState.html#ive-updated-the-state-but-the-screen-doesnt-update',
  },
  {
    question: "why does my log show yesterday's value",
    source: 'react',
    section: 'react/reference/react/useReducer.html#ive-dispatched-an-action-but-logging-gives-me-the-old-state-value',
  },
]
