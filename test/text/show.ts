/** A page as text that a person can check: one line per section's heading path and url, one per block's kind. */
import type { Page } from '../../src/text/document.ts'
import { type ParseOptions, parsePage } from '../../src/text/parse/index.ts'

export function show(page: Page | undefined): string {
  if (page === undefined) return '(not for search)'
  return page.sections
    .map(({ headings, url, text, blocks }) => {
      const shown = blocks.map((block) => `${block.kind}| ${text.slice(block.start, block.end)}`)
      return [`# ${headings.join(' › ')} [${url}]`, ...shown].join('\n')
    })
    .join('\n')
}

/** Parses a source given as text, and shows it. */
export async function read(path: string, content: string, options?: ParseOptions): Promise<string> {
  return show(await parsePage({ path, content }, options))
}

/** Removes the margin of a template literal, and its first and last line break. */
export function lines(text: string): string {
  const all = text
    .replace(/^\n/, '')
    .replace(/\n\s*$/, '')
    .split('\n')
  const margin = Math.min(
    ...all.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length),
  )
  return all.map((line) => line.slice(margin)).join('\n')
}
