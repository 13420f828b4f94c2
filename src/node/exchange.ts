/**
 * `selvage export` and `selvage import`: an index as a folder of next-plaid, and back. Vectors only travel: an import takes
 * texts from a corpus, document for document, and the model from its folder.
 */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { commitManifest, FORMAT_VERSION, filesOf, type Manifest, readManifest } from '../engine/manifest.ts'
import { TextsBuilder } from '../engine/texts.ts'
import { SelvageError } from '../errors.ts'
import { parseCorpus } from '../eval/dataset.ts'
import { readNextPlaid, writeNextPlaid } from '../plaid/exchange/nextPlaid.ts'
import { readPlaidData, writePlaid } from '../plaid/format.ts'
import { formatBytes } from '../util.ts'
import { readEither } from './evaluate.ts'
import { EXIT } from './exit.ts'
import { fileStore, folderSource, makeFolder, prepareFolder, sweepFolder } from './fileStore.ts'
import { openNodeEncoder } from './model.ts'

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
  /** corpus.jsonl (.gz too), or a folder with it: document i is the text of passage i. */
  readonly corpus: string
  /** Folder of the model that made the vectors. Default: the one that ships with the package. */
  readonly model?: string
  readonly output: string
}

/** Errors: those of readNextPlaid, parseCorpus and the model; `invalid-argument` where they do not belong together. */
export async function importIndex({ dir, corpus, model, output }: ImportOptions): Promise<Manifest> {
  const data = await readNextPlaid(folderSource(dir))
  const file = /\.jsonl(\.gz)?$/.test(corpus) ? corpus.replace(/\.gz$/, '') : join(corpus, 'corpus.jsonl')
  const documents = parseCorpus(...(await readEither(file)))
  const passages = data.parts.reduce((sum, { offsets }) => sum + offsets.length - 1, 0)
  if (documents.length !== passages)
    throw new SelvageError(
      'invalid-argument',
      `${dir} has ${passages} documents, ${corpus} has ${documents.length}. Give the corpus that the index was made of, in its order.`,
    )
  await prepareFolder(output)
  const encoder = await openNodeEncoder({ model })
  await encoder.close()
  const { dim, name, hash } = encoder.model
  if (dim !== data.dim)
    throw new SelvageError(
      'model-mismatch',
      `${dir} has vectors of ${data.dim} dimensions, the model "${name}" makes ${dim}. Give the index's model with --model.`,
    )
  const store = fileStore(output)
  const texts = new TextsBuilder(store)
  for (const { id, title, text } of documents) {
    const blocks = text === '' ? [] : [{ kind: 'paragraph' as const, start: 0, end: text.length }]
    const section = { headings: [title || id], anchor: '', url: id, text, blocks }
    await texts.add({ url: id, title: title || id, sections: [section] }, [[{ start: 0, end: text.length }]])
  }
  const manifest: Manifest = {
    format: 'selvage',
    version: FORMAT_VERSION,
    model: { name, hash },
    fingerprint: '',
    vectors: await writePlaid(store, data),
    texts: await texts.finish(),
  }
  await commitManifest(store, manifest)
  await sweepFolder(store, filesOf(manifest))
  return manifest
}

export async function importCommand(options: ImportOptions): Promise<number> {
  const { vectors } = await importIndex(options)
  process.stdout.write(
    `Built ${options.output}: ${vectors.passages} passages, ${vectors.tokens} tokens, ${vectors.bits} bits.\n`,
  )
  return EXIT.ok
}
