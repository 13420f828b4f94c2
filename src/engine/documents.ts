/**
 * Everything of an index but its vectors, made of pages as they come: texts, structure, filters and words.
 * Passage ids are given out in order; whoever adds vectors does so in the same.
 */
import { LexicalBuilder } from '../lexical/builder.ts'
import type { BlobStore } from '../store/store.ts'
import type { Page, Section } from '../text/document.ts'
import type { CharRange } from '../types.ts'
import type { Manifest } from './manifest.ts'
import { PagesBuilder } from './pages.ts'
import { type NewPassage, TextsBuilder } from './texts.ts'

export class DocumentsBuilder {
  readonly #texts: TextsBuilder
  readonly #pages: PagesBuilder
  readonly #lexical: LexicalBuilder
  /** Passages of pages that say that they are in another language than English, and all. */
  #foreign = 0
  #passages = 0

  constructor(store: BlobStore) {
    this.#texts = new TextsBuilder(store)
    this.#pages = new PagesBuilder(store)
    this.#lexical = new LexicalBuilder(store)
  }

  /** `passages[i]` are the ranges of `page.sections[i]`; at least one of them is not empty. */
  async add(page: Page, passages: readonly (readonly NewPassage[])[]): Promise<void> {
    await this.#texts.add(page, passages)
    this.#pages.add(
      page,
      passages.map(({ length }) => length),
    )
    page.sections.forEach((section, i) => {
      const weight = (page.weight ?? 1) * (section.weight ?? 1)
      for (const range of passages[i] ?? []) {
        this.#lexical.add({ ...fieldsOf(section, range), weight })
        this.#passages++
        if (page.language !== undefined && !/^en\b/i.test(page.language)) this.#foreign++
      }
    })
  }

  async finish(): Promise<Required<Pick<Manifest, 'texts' | 'pages' | 'lexical'>>> {
    const isForeign = this.#foreign > this.#passages / 2
    return {
      texts: await this.#texts.finish(),
      pages: await this.#pages.finish(),
      lexical: await this.#lexical.finish(isForeign ? 'none' : 'english'),
    }
  }
}

function fieldsOf({ headings, text, blocks }: Section, { start, end }: CharRange) {
  const inside = blocks.filter((block) => block.start < end && block.end > start)
  const textOf = (isCode: boolean) =>
    inside
      .filter(({ kind }) => (kind === 'code') === isCode)
      .map((block) => text.slice(Math.max(block.start, start), Math.min(block.end, end)))
      .join('\n')
  return {
    title: headings.at(-1) ?? '',
    headings: headings.slice(0, -1).join('\n'),
    text: textOf(false),
    code: textOf(true),
  }
}
