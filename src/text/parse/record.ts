/**
 * Documents whose fields are told apart already: lines of JSONL, and what a program adds. The names of fields are ours;
 * BEIR's `_id` and `metadata.url` are understood beside them, and fields that nothing is known of are passed over, since
 * data files carry more than what is searched. Knows no files: `where` is only a name for messages.
 */
import { SelvageError } from '../../errors.ts'
import { orList } from '../../util.ts'
import type { DocumentRecord, Page } from '../document.ts'
import { readOutline } from './formats.ts'
import { checkOptions, type ParseOptions } from './options.ts'
import { toPage } from './page.ts'
import { recordUrl } from './url.ts'

const FORMATS = ['plain', 'markdown', 'mdx', 'html'] as const

/**
 * The page of a record. What the record says goes before what its text says of itself (front matter, `<meta>`). Undefined
 * where the text keeps itself out of search, as parsePage has it.
 */
export async function pageOfRecord(record: DocumentRecord, options: ParseOptions = {}): Promise<Page | undefined> {
  const { anchors, baseUrl } = checkOptions(options)
  const { id, text, format = 'plain', url = recordUrl(id, baseUrl) } = record
  const outline = await readOutline(format, text, anchors)
  if (outline === undefined) return undefined
  const heading = outline.items.find((item) => item.type === 'heading')
  const merged = {
    ...outline,
    title: record.title ?? outline.title,
    fallbackTitle: outline.fallbackTitle ?? (heading?.type === 'heading' ? heading.title : undefined),
    language: record.language ?? outline.language,
    weight: record.weight ?? outline.weight,
    meta: { ...outline.meta, ...record.meta },
    filters: { ...outline.filters, ...record.filters },
    sort: { ...outline.sort, ...record.sort },
    isMarked: undefined, // a mark chooses among the pages of a site; a record was chosen by whoever wrote it down
  }
  const page = toPage(merged, url, id)
  return id === url ? page : { id, ...page }
}

/** Errors: `unreadable-document`, naming `where` and the field that is wrong. */
export function parseRecordLine(line: string, where: string): DocumentRecord {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (cause) {
    throw unreadable(where, `not JSON (${cause instanceof Error ? cause.message : cause})`, { cause })
  }
  return checkRecord(value, where)
}

/** A copy with the fields that are known. Errors: as parseRecordLine. */
export function checkRecord(data: unknown, where: string): DocumentRecord {
  if (!isObject(data)) throw unreadable(where, `${kindOf(data)}, but a record must be an object`)
  const { text } = data
  if (typeof text !== 'string') throw wrong(where, 'text', text, 'a string')
  const id = scalar(data['id'] ?? data['_id'], 'id', where)
  if (id === undefined) throw wrong(where, 'id', data['id'] ?? data['_id'], 'a string or a number, and not empty')
  const url = scalar(data['url'] ?? fieldsOf(data['metadata'])['url'], 'url', where)
  const title = scalar(data['title'], 'title', where)
  const language = scalar(data['language'], 'language', where)
  return {
    id,
    text,
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(language === undefined ? {} : { language }),
    ...(isMissing(data['format']) ? {} : { format: formatOf(data['format'], where) }),
    ...(isMissing(data['weight']) ? {} : { weight: weightOf(data['weight'], where) }),
    ...(isMissing(data['meta']) ? {} : { meta: scalars(data['meta'], 'meta', where) }),
    ...(isMissing(data['sort']) ? {} : { sort: scalars(data['sort'], 'sort', where) }),
    ...(isMissing(data['filters']) ? {} : { filters: lists(data['filters'], where) }),
  }
}

/** `null` is how many programs write a field that is not there. */
function isMissing(value: unknown): value is undefined | null {
  return value === undefined || value === null
}

/** A number or a truth value is what a program wrote without quotes. Undefined for what is missing or empty. */
function scalar(value: unknown, field: string, where: string): string | undefined {
  if (isMissing(value)) return undefined
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    throw wrong(where, field, value, 'a string or a number')
  return String(value).trim() === '' ? undefined : String(value).trim()
}

function scalars(value: unknown, field: string, where: string): Record<string, string> {
  if (!isObject(value)) throw wrong(where, field, value, 'an object of strings')
  const entries = Object.entries(value).map(([key, given]) => [key, scalar(given, `${field}.${key}`, where)] as const)
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function lists(value: unknown, where: string): Record<string, readonly string[]> {
  if (!isObject(value)) throw wrong(where, 'filters', value, 'an object of strings or lists of strings')
  const entries = Object.entries(value).map(([key, given]) => {
    const texts = [given].flat().map((one: unknown) => scalar(one, `filters.${key}`, where))
    return [key, [...new Set(texts.filter((text) => text !== undefined))]] as const
  })
  return Object.fromEntries(entries.filter(([, texts]) => texts.length > 0))
}

function formatOf(value: unknown, where: string): (typeof FORMATS)[number] {
  const format = FORMATS.find((known) => known === value)
  if (format === undefined) throw wrong(where, 'format', value, orList(FORMATS))
  return format
}

function weightOf(value: unknown, where: string): number {
  if (typeof value !== 'number' || !(value > 0)) throw wrong(where, 'weight', value, 'a number above 0')
  return value
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {}
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function kindOf(value: unknown): string {
  if (isMissing(value)) return 'missing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : JSON.stringify(value).slice(0, 40)
}

function wrong(where: string, field: string, value: unknown, wanted: string): SelvageError {
  return unreadable(where, `"${field}" is ${kindOf(value)}, but must be ${wanted}`)
}

function unreadable(where: string, reason: string, options?: { cause: unknown }): SelvageError {
  return new SelvageError('unreadable-document', `${where}: ${reason}. Correct the record, or leave it out.`, options)
}
