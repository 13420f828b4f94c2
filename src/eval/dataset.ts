/**
 * A labelled set in BEIR's layout, parsed from its lines: corpus.jsonl `{_id, title, text}`, queries.jsonl `{_id, text}`,
 * qrels.tsv `query-id <tab> corpus-id <tab> score` with a header line. Files are opened elsewhere: `file` is a name for messages.
 */
import { SelvageError } from '../errors.ts'
import type { Judgements } from './metrics.ts'

export interface LabelledDocument {
  readonly id: string
  readonly title: string
  readonly text: string
  /** `url`, or `metadata.url`, as `selvage build` takes it. */
  readonly url?: string
}

export interface LabelledQuery {
  readonly id: string
  readonly text: string
}

/** Errors: `invalid-argument` with file and line number. */
export function parseCorpus(content: string, file: string): LabelledDocument[] {
  return unique(
    parseJsonLines(content, file, (row, fail) => ({
      id: idOf(row, fail),
      title: textOf(row, 'title'),
      text: textOf(row, 'text'),
      ...urlOf(row),
    })),
    file,
  )
}

/** Errors: as parseCorpus. */
export function parseQueries(content: string, file: string): LabelledQuery[] {
  return unique(
    parseJsonLines(content, file, (row, fail) => ({
      id: idOf(row, fail),
      text: textOf(row, 'text'),
    })),
    file,
  )
}

/** Query id → document id → grade. Errors: as parseCorpus. */
export function parseQrels(content: string, file: string): Map<string, Map<string, number>> {
  const qrels = new Map<string, Map<string, number>>()
  content.split(/\r?\n/).forEach((line, i) => {
    if (line.trim() === '') return
    const [query, document, grade, ...rest] = line.split('\t')
    if (i === 0 && Number.isNaN(Number(grade))) return // the header
    if (query === undefined || document === undefined || rest.length > 0 || !Number.isFinite(Number(grade ?? 'x')))
      throw new SelvageError(
        'invalid-argument',
        `${file}:${i + 1}: wanted "query-id<tab>corpus-id<tab>score", got "${line.slice(0, 80)}".`,
      )
    const judged = qrels.get(query) ?? new Map<string, number>()
    judged.set(document, Number(grade))
    qrels.set(query, judged)
  })
  return qrels
}

/**
 * Judgements at the level of pages for a corpus of sections: ids like "page#section" against labels like "page".
 * The ranking then counts a page at the rank of its first section.
 */
export function pageOf(id: string): string {
  const at = id.indexOf('#')
  return at < 0 ? id : id.slice(0, at)
}

/** True where the labels name pages while the corpus has sections. */
export function labelsArePages(qrels: ReadonlyMap<string, Judgements>, corpusIds: ReadonlySet<string>): boolean {
  const labels = [...qrels.values()].flatMap((judged) => [...judged.keys()])
  if (labels.length === 0 || labels.some((label) => label.includes('#'))) return false
  const pages = new Set([...corpusIds].filter((id) => id.includes('#')).map(pageOf))
  return labels.some((label) => pages.has(label))
}

type Row = ReadonlyMap<string, unknown>
type Fail = (what: string) => SelvageError

function parseJsonLines<T>(content: string, file: string, convert: (row: Row, fail: Fail) => T): T[] {
  const rows: T[] = []
  content.split('\n').forEach((line, i) => {
    if (line.trim() === '') return
    const fail: Fail = (what) => new SelvageError('invalid-argument', `${file}:${i + 1}: ${what}`)
    let json: unknown
    try {
      json = JSON.parse(line)
    } catch {
      throw fail('not a line of JSON.')
    }
    if (typeof json !== 'object' || json === null) throw fail('not a JSON object.')
    rows.push(convert(new Map<string, unknown>(Object.entries(json)), fail))
  })
  return rows
}

function idOf(row: Row, fail: Fail): string {
  const id = row.get('_id') ?? row.get('id')
  if (typeof id !== 'string' && typeof id !== 'number') throw fail('it has no "_id".')
  return String(id)
}

function textOf(row: Row, name: string): string {
  const value = row.get(name)
  return typeof value === 'string' ? value : ''
}

function urlOf(row: Row): Pick<LabelledDocument, 'url'> {
  const metadata = row.get('metadata')
  const inMetadata = typeof metadata === 'object' && metadata !== null && 'url' in metadata ? metadata.url : undefined
  const url = row.get('url') ?? inMetadata
  return typeof url === 'string' && url !== '' ? { url } : {}
}

function unique<T extends { readonly id: string }>(rows: T[], file: string): T[] {
  const seen = new Set<string>()
  for (const { id } of rows) {
    if (seen.has(id)) throw new SelvageError('invalid-argument', `${file}: the id "${id}" occurs twice.`)
    seen.add(id)
  }
  return rows
}
