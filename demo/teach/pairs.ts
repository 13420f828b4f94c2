/**
 * What the search is taught from: a question, and the address of the section that answers it. Reads them from lines that somebody
 * pasted: question, tab, address; or JSON. Lines that cannot be read are named by their number and the others kept. It does not
 * know whether the index has such a section: the engine says so when it is taught.
 */
import { formatCount } from '../format.ts'

export interface Pair {
  readonly query: string
  /** As hits have it: absolute, and without a text fragment. */
  readonly url: string
  /** Of the section, to be read in a list; empty where nobody said it. */
  readonly title: string
}

/** A line that was left out. Numbers count from 1. */
export interface WrongLine {
  readonly line: number
  /** The rest of a sentence that begins with the line. */
  readonly why: string
}

export interface ReadPairs {
  readonly pairs: readonly Pair[]
  readonly wrong: readonly WrongLine[]
}

/** What is longer is no question, and the model reads less. */
const MOST_CHARS = 1000
/** Addresses that hits may have: pages, and files of the visitor's. */
const SCHEMES: ReadonlySet<string> = new Set(['http:', 'https:', 'own:'])
/** The first line of a table may name its columns. */
const COLUMNS = /^(?:query|question)s?\s*\t\s*(?:url|address|link)s?\s*$/i

/** @param base what relative addresses start from */
export function readPairs(text: string, base: string): ReadPairs {
  const pairs: Pair[] = []
  const wrong: WrongLine[] = []
  for (const [i, raw] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    const line = raw.trim()
    if (line === '' || (pairs.length === 0 && COLUMNS.test(line))) continue
    const read = line.startsWith('{') || line.startsWith('[') ? fromJson(line) : fromText(line)
    const pair = typeof read === 'string' ? read : pairOf(read, base)
    if (typeof pair === 'string') wrong.push({ line: i + 1, why: pair })
    else pairs.push(pair)
  }
  return { pairs, wrong }
}

/** Of two with the same key one is enough. */
export function keyOf({ query, url }: Pick<Pair, 'query' | 'url'>): string {
  return `${tidy(query).toLocaleLowerCase('en')}\n${url}`
}

/** White space is no part of a question. */
export function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

/** A pair, or why it is none. */
function pairOf({ query, url, title }: Pair, base: string): Pair | string {
  const asked = tidy(query)
  if (!/[\p{L}\p{N}]/u.test(asked)) return 'has no question'
  if (asked.length > MOST_CHARS)
    return `has a question of ${formatCount(asked.length)} characters; ${formatCount(MOST_CHARS)} may be`
  if (url.trim() === '') return 'has no address'
  const address = addressOf(url.trim(), base)
  if (address === undefined) return `has no address of a page: “${shortened(url.trim())}”`
  return { query: asked, url: address, title: tidy(title) }
}

function addressOf(text: string, base: string): string | undefined {
  try {
    const { protocol, href } = new URL(text, base)
    // Copied from a result that was opened, it leads on to a sentence; the section is meant.
    return SCHEMES.has(protocol) ? href.replace(/#?:~:.*$/s, '') : undefined
  } catch {
    return undefined
  }
}

/** Question and address at a tab, or, as nobody types a tab in a page, at the last space before an address. */
function fromText(line: string): Pair | string {
  const tab = line.lastIndexOf('\t')
  if (tab >= 0) return { query: line.slice(0, tab), url: line.slice(tab + 1), title: '' }
  const [, query, url] = /^(.*\S)\s+(\S*[/#:.]\S*)$/s.exec(line) ?? []
  if (query !== undefined && url !== undefined && /[/#:]|\.html?$/.test(url)) return { query, url, title: '' }
  return 'has no tab between a question and an address'
}

function fromJson(line: string): Pair | string {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return 'begins like JSON, and is none'
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'is a list; a line is one object, {"query": "…", "url": "…"}'
  const query = 'query' in value ? value.query : undefined
  const url = 'url' in value ? value.url : undefined
  const title = 'title' in value ? value.title : undefined
  if (typeof query !== 'string') return 'has no text as “query”'
  if (typeof url !== 'string') return 'has no text as “url”'
  return { query, url, title: typeof title === 'string' ? title : '' }
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}
