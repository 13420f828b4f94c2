/**
 * An index made by a program: documents from folders, from memory or from a database, added one by one and built when all
 * are there. The verbs are those of Pagefind's Node API (createIndex, addDirectory, addHTMLFile, addCustomRecord, writeFiles,
 * getFiles), but what goes wrong is thrown. It only holds what was added; how that is read and built is build.ts's matter.
 *
 * Two documents with one address are a mistake in most sites, and half of what they say would be lost without a word. So
 * nothing is replaced: what was added by hand is refused at once, files are named at the build, as `selvage build` does.
 * Who means to replace a document deletes it first.
 */
import { resolve, sep } from 'node:path'
import { filesOf } from '../engine/manifest.ts'
import { rejectUnknown, SelvageError } from '../errors.ts'
import { memoryStore } from '../store/memory.ts'
import type { DocumentRecord, Input } from '../text/document.ts'
import { checkRecord } from '../text/parse/index.ts'
import { checkOptions } from '../text/parse/options.ts'
import { pageUrl, recordUrl } from '../text/parse/url.ts'
import {
  type BuildFolderResult,
  type BuildJob,
  buildInto,
  buildStore,
  checkIndexing,
  INDEXING,
  type IndexingOptions,
} from './build.ts'
import { type FolderFile, listDocuments, readDocuments } from './readFolder.ts'
import { isRecordPath } from './recordFile.ts'

export interface HtmlFile {
  /** Address of the page, taken as it is. Default: the one that `sourcePath` gives. */
  readonly url?: string
  /** Path of the page below the site's root, with `/`; what it is called in messages. */
  readonly sourcePath?: string
  readonly content: string
}

/** One document with its fields told apart. It has a `url`, an `id` or both: without a url, the id gives the address. */
export type CustomRecord = Omit<DocumentRecord, 'id'> & Partial<Pick<DocumentRecord, 'id'>>

export interface WriteFilesOptions {
  /** Where the index goes: an empty or new folder, or an earlier index. */
  readonly outputPath: string
  /** Also write what a page needs to search it: the library's browser files and the model. Default false. */
  readonly withRuntime?: boolean
  /** Build even if documents, options and model are those of the index that is there. Default false. */
  readonly force?: boolean
}

export interface IndexFile {
  /** Name in the index's folder. */
  readonly path: string
  readonly content: Uint8Array
}

/** An index without documents. Nothing is loaded before it is built. Errors: `invalid-argument`. */
export async function createIndex(options: IndexingOptions = {}): Promise<SiteIndex> {
  rejectUnknown(options, INDEXING, 'createIndex')
  checkIndexing(options, 'createIndex')
  return new SiteIndex(options)
}

interface Added {
  /** In messages: a path, a record's id. */
  readonly name: string
  /** Undefined for a data file, whose records have one each. */
  readonly address: string | undefined
  readonly input: FolderFile | Input
}

const RECORD_FIELDS: readonly string[] = [
  ...(['id', 'url', 'title', 'text', 'format', 'language', 'meta', 'filters', 'sort', 'weight'] as const),
] satisfies (keyof DocumentRecord)[]

export type { SiteIndex }

class SiteIndex {
  readonly #options: IndexingOptions
  readonly #added = new Map<string, Added>()
  /** Sub-folders that could not be opened, by the folder that was added. */
  readonly #closed = new Map<string, readonly SelvageError[]>()

  constructor(options: IndexingOptions) {
    this.#options = options
  }

  /**
   * Adds the files that `selvage build` would read there: of a folder, or one .jsonl or .jsonl.gz file. They are read when
   * the index is built. A file that was added before is not added again, so that a folder can be for its new files.
   * @returns number of files added
   * Errors: `no-documents`.
   */
  async addDirectory(options: { readonly path: string }): Promise<number> {
    rejectUnknown(options, ['path'], 'addDirectory')
    const path = checkText(options.path, 'addDirectory', 'path')
    const { urls, baseUrl } = this.#parse()
    const closed: SelvageError[] = []
    const files = await listDocuments(path, (error) => closed.push(error))
    this.#closed.set(resolve(path), closed)
    const before = this.#added.size
    for (const input of files) {
      const key = `file ${input.absolutePath}`
      const address = isRecordPath(input.path) ? undefined : pageUrl(input.path, urls, baseUrl)
      if (!this.#added.has(key)) this.#added.set(key, { name: input.path, address, input })
    }
    return this.#added.size - before
  }

  /** Adds a page of HTML. Errors: `invalid-argument`, also where a page or record was added with its address. */
  addHTMLFile(file: HtmlFile): void {
    rejectUnknown(file, ['url', 'sourcePath', 'content'], 'addHTMLFile')
    const { url, sourcePath, content } = file
    const name = checkText(sourcePath ?? url, 'addHTMLFile', 'url or sourcePath')
    if (typeof content !== 'string') throw wrong('addHTMLFile', 'content', content, 'the HTML of the page')
    const path = name.split(sep).join('/')
    const { urls, baseUrl } = this.#parse()
    const address = url === undefined ? pageUrl(path, urls, baseUrl) : checkText(url, 'addHTMLFile', 'url')
    this.#addPage({ name, address, input: { path, content, url: address, format: 'html' } })
  }

  /** Adds a document with its fields told apart. Errors: as addHTMLFile, `unreadable-document` for a field that is wrong. */
  addCustomRecord(record: CustomRecord): void {
    rejectUnknown(record, RECORD_FIELDS, 'addCustomRecord')
    const name = checkText(record.id ?? record.url, 'addCustomRecord', 'url or id')
    const checked = checkRecord({ ...record, id: name }, `addCustomRecord ${name}`)
    const address = checked.url ?? recordUrl(checked.id, this.#parse().baseUrl)
    this.#addPage({ name: checked.id, address, input: { path: checked.id, record: checked } })
  }

  /**
   * Takes back what has this address, this id, or this path below the folder that it was added with. Records of a data file
   * are not known before it is read; the file itself can be taken back by its name.
   * @returns whether there was one
   */
  deleteRecord(idOrUrl: string): boolean {
    const before = this.#added.size
    for (const [key, { name, address }] of this.#added)
      if (name === idOrUrl || address === idOrUrl) this.#added.delete(key)
    return this.#added.size < before
  }

  /** Builds the index into a folder; one that is up to date is left alone. Errors: as buildFolder. */
  async writeFiles(options: WriteFilesOptions): Promise<BuildFolderResult> {
    rejectUnknown(options, ['outputPath', 'withRuntime', 'force'], 'writeFiles')
    const { outputPath, ...how } = options
    return buildInto({ ...this.#job(), output: checkText(outputPath, 'writeFiles', 'outputPath'), ...how })
  }

  /** The files that writeFiles would write, in memory; nothing is written. Errors: as buildFolder. */
  async getFiles(): Promise<BuildFolderResult & { readonly files: readonly IndexFile[] }> {
    const store = memoryStore()
    // In the cache its vectors are the program's: that is told by the folder that it runs in.
    const result = await buildStore({ ...this.#job(), store, owner: resolve(), force: true })
    const files: IndexFile[] = []
    for (const path of filesOf(result.manifest)) {
      files.push({ path, content: (await store.get(path)) ?? new Uint8Array() })
      await store.delete(path)
    }
    return { ...result, files }
  }

  #parse() {
    return checkOptions(this.#options.parse ?? {})
  }

  #addPage(added: Added): void {
    const key = `page ${added.address}`
    const there = this.#added.get(key)
    if (there !== undefined)
      throw new SelvageError(
        'invalid-argument',
        `${added.name} has the address ${added.address}, as ${there.name} has, which was added before. ` +
          `Give it another one, or call deleteRecord(${JSON.stringify(added.address)}) first to replace that.`,
      )
    this.#added.set(key, added)
  }

  /** Of what there is now: what is added during a build is for the next. */
  #job(): BuildJob {
    const added = [...this.#added.values()]
    const closed = [...this.#closed.values()].flat()
    return {
      ...this.#options,
      async *read(onUnreadable) {
        closed.forEach(onUnreadable)
        for (const { input } of added) {
          if ('absolutePath' in input) yield* readDocuments([input], onUnreadable)
          else yield input
        }
      },
    }
  }
}

function checkText(value: unknown, where: string, name: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value
  throw wrong(where, name, value, 'a text that is not empty')
}

function wrong(where: string, name: string, value: unknown, wanted: string): SelvageError {
  const got = typeof value === 'string' ? JSON.stringify(value) : value === undefined ? 'missing' : typeof value
  return new SelvageError('invalid-argument', `${where}: ${name} is ${got}, wanted ${wanted}.`)
}
