/**
 * Blocks that stand on most pages of a site: "Was this page helpful?", cookie notices, footers that no tag tells from
 * text. They would match the same queries on every page, and their vectors would be stored as often.
 *
 * All pages are added first, then each is stripped. One copy stays, on the first page that has it: what looks like
 * boilerplate may be the options that all commands of a program share, and somebody will look for them.
 */
import type { Block, Page, Section } from './document.ts'

/** On fewer pages, "most" is a coincidence. */
const MIN_PAGES = 8

interface Occurrences {
  pages: number
  /** Url of the first page. */
  readonly first: string
}

export class Boilerplate {
  #pages = 0
  /** By the hash of a block's text: the texts themselves would be the whole site once more. */
  readonly #blocks = new Map<number, Occurrences>()

  /** Counts the page's blocks, each text once. */
  add(page: Page): void {
    this.#pages++
    const keys = page.sections.flatMap((section) => section.blocks.map((block) => keyOf(section, block)))
    for (const key of new Set(keys)) {
      const known = this.#blocks.get(key)
      if (known === undefined) this.#blocks.set(key, { pages: 1, first: page.url })
      else known.pages++
    }
  }

  /**
   * The page without blocks that more than half of all pages have. Headings stay, and a section without any block left
   * is one of only a heading. A page that would lose all its text keeps it: it is a copy of others, not of their frame.
   */
  strip(page: Page): Page {
    if (this.#pages < MIN_PAGES) return page
    const sections = page.sections.map((section) =>
      withoutBlocks(section, (block) => this.#isRepeated(keyOf(section, block), page.url)),
    )
    const isEmptied = sections.every(({ text }) => text === '')
    return isEmptied || sections.every((section, i) => section === page.sections[i]) ? page : { ...page, sections }
  }

  #isRepeated(key: number, url: string): boolean {
    const known = this.#blocks.get(key)
    return known !== undefined && known.pages > this.#pages / 2 && known.first !== url
  }
}

/** The section without those blocks; the same object where none of them is in it. */
function withoutBlocks(section: Section, isDropped: (block: Block) => boolean): Section {
  if (!section.blocks.some(isDropped)) return section
  let text = ''
  const blocks: Block[] = []
  let breaks = 0
  let end = 0
  for (const block of section.blocks) {
    const [indent = '', ...lines] = section.text.slice(end, block.start).split('\n').reverse()
    breaks = Math.max(breaks, lines.length)
    end = block.end
    if (isDropped(block)) continue
    // Of the gaps that become one the widest stays: an item after a paragraph begins no list that is not one.
    text += (blocks.length === 0 ? '' : '\n'.repeat(breaks)) + indent
    const start = text.length
    text += section.text.slice(block.start, block.end)
    blocks.push({ ...block, start, end: text.length })
    breaks = 0
  }
  return { ...section, text, blocks }
}

/** White space does not count, nor does a list item's bullet or number. */
function keyOf({ text }: Section, { start, end }: Block): number {
  const words = text.slice(start, end).replace(/\s+/g, ' ')
  return hash53(words.replace(/^(?:-|\d+\.) /, ''))
}

/** Two FNV-1a hashes with different primes, 21 and 32 bits of them: among a million texts no two are likely to collide. */
function hash53(text: string): number {
  let high = 0x811c9dc5
  let low = 0x01234567
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    high = Math.imul(high ^ code, 0x01000193)
    low = Math.imul(low ^ code, 0x85ebca6b)
  }
  return (high >>> 11) * 2 ** 32 + (low >>> 0)
}
