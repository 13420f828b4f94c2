/**
 * `selvage export` and `selvage import`: an index as a folder of next-plaid, and back. Vectors only travel: an import takes
 * texts from a corpus, document for document, and the model from its folder.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { DocumentsBuilder } from '../engine/documents.ts'
import { commitManifest, FORMAT_VERSION, filesOf, type Manifest, readManifest } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { parseCorpus } from '../eval/dataset.ts'
import { lengthsOf } from '../ops/parts.ts'
import { readNextPlaid, writeNextPlaid } from '../plaid/exchange/nextPlaid.ts'
import { readPlaidData, writePlaid } from '../plaid/format.ts'
import { contextualText } from '../text/context.ts'
import { formatBytes } from '../util.ts'
import { EXIT } from './exit.ts'
import { fileStore, folderSource, makeFolder, prepareFolder, sweepFolder, undoable } from './fileStore.ts'
import { withLock } from './lock.ts'
import { openNodeEncoder } from './model.ts'
import { readEither } from './systems/readSet.ts'

export interface ExportOptions {
  /** An index that build wrote. */
  readonly dir: string
  /** An empty or new folder. */
  readonly output: string
}

/** Errors: those of readManifest and readPlaidData; `output-conflict` for a folder that is not empty. */
export async function exportIndex({ dir, output }: ExportOptions): Promise<{ passages: number; bytes: number }> {
  const source = fileStore(dir)
  const { vectors } = await readManifest(source)
  const data = await readPlaidData(source, vectors)
  const folder = resolve(output)
  if ((await makeFolder(folder)).length > 0)
    throw new SelvageError('output-conflict', `${folder} is not empty. Give an empty or new folder with -o.`)
  let bytes = 0
  await writeNextPlaid(data, async (name, content) => {
    await writeFile(join(folder, name), content)
    bytes += content.length
  })
  return { passages: vectors.passages, bytes }
}

export async function exportCommand(options: ExportOptions): Promise<number> {
  const { passages, bytes } = await exportIndex(options)
  process.stdout.write(`Wrote ${options.output} for next-plaid: ${passages} passages, ${formatBytes(bytes)}.\n`)
  return EXIT.ok
}

export interface ImportOptions {
  /** A folder that next-plaid or fast-plaid wrote. */
  readonly dir: string
  /** corpus.jsonl (.gz too), or a folder with it: document i, title and text, is what passage i was made of. */
  readonly corpus: string
  /** Folder of the model that made the vectors. Default: the one that ships with the package. */
  readonly model?: string
  readonly output: string
}

export interface Imported {
  readonly manifest: Manifest
  /** Documents whose text gives another number of tokens than the index has: their hits show no matched words. */
  readonly unlike: number
}

/** Errors: those of readNextPlaid, parseCorpus and the model; `invalid-argument` where they do not belong together. */
export async function importIndex({ dir, corpus, model, output }: ImportOptions): Promise<Imported> {
  const data = await readNextPlaid(folderSource(dir))
  const file = /\.jsonl(\.gz)?$/.test(corpus) ? corpus : join(corpus, 'corpus.jsonl')
  const documents = parseCorpus(...(await readEither(file)))
  const lengths = data.parts.flatMap(({ offsets }) => lengthsOf(offsets))
  if (documents.length !== lengths.length)
    throw new SelvageError(
      'invalid-argument',
      `${dir} has ${lengths.length} documents, ${corpus} has ${documents.length}. Give the corpus that the index was made of, in its order.`,
    )
  await prepareFolder(output)
  const encoder = await openNodeEncoder({ model })
  await encoder.close() // the tokenizer stays, and vectors are not made
  const { dim, name, hash } = encoder.model
  if (dim !== data.dim)
    throw new SelvageError(
      'model-mismatch',
      `${dir} has vectors of ${data.dim} dimensions, the model "${name}" makes ${dim}. Give the index's model with --model.`,
    )
  return withLock(output, async () => {
    const store = await undoable(fileStore(output))
    try {
      const made = new DocumentsBuilder(store)
      let unlike = 0
      for (const [i, { id, title, text }] of documents.entries()) {
        const headings = title === '' ? [] : [title]
        const fits = encoder.layoutDocument(contextualText(headings, text).text).tokenIds.length === lengths[i]
        if (!fits) unlike++
        const blocks = text === '' ? [] : [{ kind: 'paragraph' as const, start: 0, end: text.length }]
        const section = { headings, anchor: '', url: id, text, blocks }
        // Rows of another text, or pooled ones: nothing can be said of which words they are.
        const passage = { start: 0, end: text.length, ...(!fits && { rowOf: [] }) }
        await made.add({ url: id, title: title || id, sections: [section] }, [[passage]])
      }
      const manifest: Manifest = {
        format: 'selvage',
        version: FORMAT_VERSION,
        model: { name, hash },
        fingerprint: '',
        vectors: await writePlaid(store, data),
        ...(await made.finish()),
      }
      await commitManifest(store, manifest)
      await sweepFolder(store, filesOf(manifest))
      return { manifest, unlike }
    } catch (error) {
      await store.undo()
      throw error
    }
  })
}

export async function importCommand(options: ImportOptions): Promise<number> {
  const { manifest, unlike } = await importIndex(options)
  const { passages, tokens, bits } = manifest.vectors
  process.stdout.write(`Built ${options.output}: ${passages} passages, ${tokens} tokens, ${bits} bits.\n`)
  if (unlike > 0)
    process.stdout.write(
      `  ${unlike} of them have another number of tokens than their texts give (title, then text): their hits show no matched ` +
        'words. If that is not because tokens were pooled, it may be another corpus, another order, or another model.\n',
    )
  return EXIT.ok
}
