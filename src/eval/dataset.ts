/**
 * A labelled set in BEIR's layout, parsed from its lines: corpus.jsonl `{_id, title, text}`, queries.jsonl `{_id, text}`,
 * qrels.tsv `query-id <tab> corpus-id <tab> score` with a header line. Files are opened elsewhere: `file` is a name for messages.
 * Each file is looked at by itself here; whether they belong together is labelled.ts's matter.
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
  return parseJsonLines(content, file, (row, id) => ({
    id,
    title: textOf(row, 'title'),
    text: textOf(row, 'text'),
    ...urlOf(row),
  }))
}

/** Errors: as parseCorpus. */
export function parseQueries(content: string, file: string): LabelledQuery[] {
  return parseJsonLines(content, file, (row, id) => ({ id, text: textOf(row, 'text') }))
}

/** One line of the judgements. */
export interface Judgement {
  readonly query: string
  readonly document: string
  readonly grade: number
  /** From 1. */
  readonly line: number
}

/** Errors: `invalid-argument` with file and line number, also where a document is judged twice and not alike. */
export function parseJudgements(content: string, file: string): Judgement[] {
  const judgements: Judgement[] = []
  const before = new Map<string, Judgement>()
  content.split(/\r?\n/).forEach((text, i) => {
    if (text.trim() === '') return
    const [query = '', document = '', grade = '', ...rest] = text.split('\t')
    const line = i + 1
    if (i === 0 && Number.isNaN(Number(grade))) return // the header
    const isWhole = query !== '' && document !== '' && grade.trim() !== '' && rest.length === 0
    if (!isWhole || !Number.isFinite(Number(grade)))
      throw new SelvageError(
        'invalid-argument',
        `${file}:${line}: wanted "query-id<tab>corpus-id<tab>score", got "${text.slice(0, 80)}".`,
      )
    const judgement = { query, document, grade: Number(grade), line }
    const key = `${query}\t${document}`
    const other = before.get(key)
    if (other && other.grade !== judgement.grade)
      throw new SelvageError(
        'invalid-argument',
        `${file}:${line}: document "${document}" has ${judgement.grade} for query "${query}", and ${other.grade} in line ${other.line}. ` +
          'Leave one of them.',
      )
    if (other) return
    before.set(key, judgement)
    judgements.push(judgement)
  })
  return judgements
}

/** Query id → document id → grade. Errors: as parseJudgements. */
export function parseQrels(content: string, file: string): Map<string, Map<string, number>> {
  return qrelsOf(parseJudgements(content, file))
}

export function qrelsOf(judgements: readonly Judgement[]): Map<string, Map<string, number>> {
  const qrels = new Map<string, Map<string, number>>()
  for (const { query, document, grade } of judgements) {
    const judged = qrels.get(query) ?? new Map<string, number>()
    judged.set(document, grade)
    qrels.set(query, judged)
  }
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
export type Fail = (what: string) => SelvageError

/** One line is one thing with an id of its own. */
function parseJsonLines<T>(content: string, file: string, convert: (row: Row, id: string) => T): T[] {
  const lineOf = new Map<string, number>()
  const rows: T[] = []
  eachJsonLine(content, file, (row, line, fail) => {
    const id = idOf(row, fail)
    const before = lineOf.get(id)
    if (before !== undefined) throw fail(`the id "${id}" is that of line ${before} already. Give each line its own.`)
    lineOf.set(id, line)
    rows.push(convert(row, id))
  })
  return rows
}

/** Objects, a line each, with the number of the line and what says of it that something is wrong. Errors: as parseCorpus. */
export function eachJsonLine(content: string, file: string, take: (row: Row, line: number, fail: Fail) => void): void {
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
    take(new Map<string, unknown>(Object.entries(json)), i + 1, fail)
  })
}

/** A document as one text, as models of vectors read it. */
export function wholeText({ title, text }: Pick<LabelledDocument, 'title' | 'text'>): string {
  return title === '' ? text : `${title} ${text}`
}

function idOf(row: Row, fail: Fail): string {
  const id = row.get('_id') ?? row.get('id')
  if ((typeof id !== 'string' && typeof id !== 'number') || id === '') throw fail('it has no "_id".')
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
