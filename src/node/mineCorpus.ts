/**
 * The texts that negatives are mined from, as a search would have them: a labelled set's corpus (BEIR's corpus.jsonl, a document
 * a text), an index (its passages), or documents as build takes them, cut into passages as build cuts them. Each is a text
 * as the model reads it, headings first. What is done with them is not known here.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { readManifest } from '../engine/manifest.ts'
import { planPages } from '../engine/plan.ts'
import { passageText } from '../engine/texts.ts'
import { SelvageError } from '../errors.ts'
import { parseCorpus } from '../eval/dataset.ts'
import { MANIFEST_KEY } from '../store/store.ts'
import { contextualText } from '../text/context.ts'
import type { OnProgress } from '../types.ts'
import { folderSource } from './fileStore.ts'
import { openNodeEncoder } from './model.ts'
import { allPassages } from './place.ts'
import { listDocuments, readDocuments } from './readFolder.ts'
import { readIfThere } from './systems/readSet.ts'

export interface CorpusText {
  /** A document's own id, or a section's address: several passages may have it. */
  readonly id: string
  readonly headings: readonly string[]
  /** Without headings. */
  readonly text: string
  /** What the model reads. */
  readonly whole: string
}

export interface Corpus {
  readonly texts: readonly CorpusText[]
  /** Documents that could not be read, each named. */
  readonly unreadable: readonly SelvageError[]
}

export interface CorpusOptions {
  /** Folder of the model: passages are as long as it reads. */
  readonly model: string
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

/** Errors: `no-documents` where there is nothing, those of readManifest, parseCorpus and the model. */
export async function readMineCorpus(place: string, options: CorpusOptions): Promise<Corpus> {
  const names: readonly string[] = await readdir(resolve(place)).catch(() => [])
  const found = names.includes(MANIFEST_KEY)
    ? { texts: await ofIndex(place), unreadable: [] }
    : ((await ofSet(place, names)) ?? (await ofDocuments(place, options)))
  const texts = found.texts.filter(({ text }) => text.trim() !== '') // a heading alone answers nothing
  if (texts.length > 0) return { ...found, texts }
  const [first] = found.unreadable
  throw new SelvageError(
    'no-documents',
    `There is no text in ${place}. Give an index, a folder of documents, or one with corpus.jsonl.${first ? ` Left out: ${first.message}` : ''}`,
  )
}

async function ofIndex(place: string): Promise<CorpusText[]> {
  const source = folderSource(place)
  const texts: CorpusText[] = []
  for await (const passage of allPassages(source, await readManifest(source)))
    texts.push(textOf(passage.section.url, passage.section.headings, passageText(passage).text))
  return texts
}

async function ofSet(place: string, names: readonly string[]): Promise<Corpus | undefined> {
  if (!names.some((name) => /^corpus\.jsonl(\.gz)?$/.test(name))) return undefined
  const [content, file] = (await readIfThere(join(place, 'corpus.jsonl'))) ?? ['', '']
  const documents = parseCorpus(content, file)
  return {
    texts: documents.map(({ id, title, text }) => textOf(id, title === '' ? [] : [title], text)),
    unreadable: [],
  }
}

async function ofDocuments(place: string, { model, onProgress, signal }: CorpusOptions): Promise<Corpus> {
  const unreadable: SelvageError[] = []
  const files = await listDocuments(place, (error) => unreadable.push(error))
  const encoder = await openNodeEncoder({ model, threads: 1, ...(onProgress && { onProgress }) })
  try {
    const sources = readDocuments(files, (error) => unreadable.push(error))
    const { pages, problems } = await planPages({ sources, sourceCount: files.length, encoder, onProgress, signal })
    const texts = pages.flatMap(({ page, passages }) =>
      page.sections.flatMap(({ url, headings, text }, i) =>
        (passages[i] ?? []).map(({ start, end }) =>
          // A record's id is what labels call it by, where it is one text.
          textOf(page.sections.length === 1 ? (page.id ?? url) : url, headings, text.slice(start, end)),
        ),
      ),
    )
    return { texts, unreadable: [...unreadable, ...problems] }
  } finally {
    await encoder.close()
  }
}

function textOf(id: string, headings: readonly string[], text: string): CorpusText {
  return { id, headings, text, whole: contextualText(headings, text).text }
}
