/**
 * What a source file becomes: a page, cut into sections at its headings.
 * Strings only: this room knows nothing of vectors, tokens' ids, storage or the DOM.
 */
import type { Block } from '../types.ts'

/** A file as it was read, before any parsing. */
export interface Source {
  /** Path relative to the input folder, with `/`: decides the format by its ending and the url. */
  readonly path: string
  readonly content: string
}

export interface Page {
  /** Address of the page, as the site serves it; relative to the site's root unless a base url was given. */
  readonly url: string
  readonly title: string
  /** The author's summary, where the source has one (front matter, meta): not part of the text shown on the page. */
  readonly description?: string
  /** BCP 47 language tag where the source names one. */
  readonly language?: string
  readonly sections: readonly Section[]
}

/** The text between one heading and the next. The unit that search returns and links to. */
export interface Section {
  /** Heading path: page title first, the section's own heading last. Never empty. */
  readonly headings: readonly string[]
  /** Fragment id as the site generator makes it, without `#`; '' for the top of the page. */
  readonly anchor: string
  /** Page url, with `#anchor` where there is one. */
  readonly url: string
  /** The section's own readable text, without its heading and without its sub-sections. */
  readonly text: string
  /** Cover all words of the text in order, without overlap; white space between blocks (list indentation too) is in none. */
  readonly blocks: readonly Block[]
}

export type { Block } from '../types.ts'
