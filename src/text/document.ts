/**
 * What a source file becomes: a page, cut into sections at its headings.
 * Strings only: this room knows nothing of vectors, tokens' ids, storage or the DOM.
 */
import type { Block, DocumentInput } from '../types.ts'

/** A file as it was read, before any parsing. */
export interface Source {
  /** Path relative to the input folder, with `/`: decides the format by its ending and the url. */
  readonly path: string
  readonly content: string
  /** Address of the page, where it is not the one that the path gives. */
  readonly url?: string
  /** How it is read, where the path's ending does not say so. */
  readonly format?: 'html'
}

export interface Page {
  /** What its author calls it, where that is not its address. */
  readonly id?: string
  /** Address of the page, as the site serves it; relative to the site's root unless a base url was given. */
  readonly url: string
  readonly title: string
  /** The author's summary, where the source has one (front matter, meta): not part of the text shown on the page. */
  readonly description?: string
  /** BCP 47 language tag where the source names one. */
  readonly language?: string
  /** What the author says about the page for display (`image`, `date`, ...), by name; never the title. */
  readonly meta?: Readonly<Record<string, string>>
  /** Values that readers may filter by, by the filter's name. */
  readonly filters?: Readonly<Record<string, readonly string[]>>
  /** Values that readers may sort by, by the key's name. */
  readonly sort?: Readonly<Record<string, string>>
  /** What keyword scores of the page are multiplied by, > 0. Default 1. */
  readonly weight?: number
  /** The page marks what is to be indexed; where one page of a site does, pages that do not are left out (Pagefind's rule). */
  readonly isMarked?: boolean
  readonly sections: readonly Section[]
}

/** A document that comes with its fields told apart: a line of JSONL, or one that a program adds. */
export type DocumentRecord = DocumentInput

/** A record and where it comes from. */
export interface RecordSource {
  /** For messages: the file and the line, `data.jsonl:3`. */
  readonly path: string
  readonly record: DocumentRecord
}

/** What a build reads, one after the other. */
export type Input = Source | RecordSource

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
  /** What keyword scores of the section are multiplied by, beside its page's weight, > 0. Default 1. */
  readonly weight?: number
}

export type { Block } from '../types.ts'
