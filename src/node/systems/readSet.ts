/** A labelled set's files in a folder, plain or gzipped, as BEIR lays them out. What is in them is eval/'s matter. */
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { asSelvageError, SelvageError } from '../../errors.ts'
import { parseCorpus, parseJudgements, parseQueries } from '../../eval/dataset.ts'
import { type LabelledSet, labelledSet } from '../../eval/labelled.ts'
import { decodeText } from '../../text/decode.ts'
import { isMissing } from '../fileStore.ts'

/** Errors: `no-documents` where a file is missing, `unreadable-document` where it is damaged, those of labelledSet. */
export async function readSet(folder: string, qrels?: string): Promise<LabelledSet> {
  const [corpus, corpusFile] = await readEither(join(folder, 'corpus.jsonl'))
  const [queries, queriesFile] = await readEither(join(folder, 'queries.jsonl'))
  const [judged, qrelsFile] = await readQrels(folder, qrels)
  return labelledSet({
    corpus: parseCorpus(corpus, corpusFile),
    queries: parseQueries(queries, queriesFile),
    judgements: parseJudgements(judged, qrelsFile),
    files: { corpus: basename(corpusFile), queries: basename(queriesFile), qrels: qrelsFile },
  })
}

/** The judgements: where they are said to be, else qrels.tsv in the folder, else qrels/test.tsv, as BEIR has them. */
export async function readQrels(folder: string, given?: string): Promise<[content: string, file: string]> {
  if (given !== undefined) return readEither(given)
  for (const name of ['qrels.tsv', 'qrels/test.tsv']) {
    const found = await readIfThere(join(folder, name))
    if (found) return found
  }
  throw new SelvageError(
    'no-documents',
    `There are no judgements in ${folder}: neither qrels.tsv nor qrels/test.tsv, plain or .gz. Name the file with --qrels <file>.`,
  )
}

/** The file, or the same with .gz. Returns content and name. Errors: `no-documents` where there is neither. */
export async function readEither(path: string): Promise<[content: string, file: string]> {
  const found = await readIfThere(path)
  if (found) return found
  throw new SelvageError('no-documents', `There is neither ${path} nor ${path}.gz.`)
}

/** The same, undefined where there is neither. */
export async function readIfThere(path: string): Promise<[content: string, file: string] | undefined> {
  for (const file of path.endsWith('.gz') ? [path] : [path, `${path}.gz`]) {
    const bytes = await readFile(file).catch((error: unknown) => {
      if (isMissing(error)) return undefined
      throw asSelvageError(error, 'unreadable-document', `${file} cannot be read: `)
    })
    if (bytes) return [decodeText(file.endsWith('.gz') ? unzipped(bytes, file) : bytes, file), file]
  }
  return undefined
}

function unzipped(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes)
  } catch (error) {
    throw asSelvageError(error, 'unreadable-document', `${file} cannot be unpacked; make or fetch it anew: `)
  }
}
