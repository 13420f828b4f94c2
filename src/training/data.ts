/**
 * Training data: lines of JSON to examples, checked so that a fault costs a message and not an afternoon, and a part of them
 * kept apart to measure by. Each line is {"query", "positive"} with "negative" or "negatives" perhaps, a "title" of the
 * positive, a teacher's "scores" of the positive and then of each negative, and "doc", the positive's id in a corpus.
 * Opens no files, and does not know what a title is to a model: `withTitle` says.
 */
import { SelvageError } from '../errors.ts'
import type { Example } from './types.ts'

export interface DataFile {
  /** For messages. */
  readonly name: string
  readonly content: string
}

export interface DataOptions {
  /** What the examples are for: distillation needs a negative and scores. Default 'contrastive'. */
  readonly loss?: 'contrastive' | 'distillation' | undefined
  /** Each is a batch of its own: it needs a negative. Default false. */
  readonly isAlone?: boolean
  /** A document with its title, as an index has it. */
  readonly withTitle: (title: string, text: string) => string
}

export interface TrainingData {
  readonly examples: readonly Example[]
  /** Of each example: the positive's id in the corpus it is from, where its line says one. */
  readonly documents: readonly (string | undefined)[]
  /** Lines that said the same as an earlier one, and were left out. */
  readonly doubled: number
}

type Row = ReadonlyMap<string, unknown>

/** A line's fault, without its place. */
class Fault extends Error {}

/** Lines named in one message. */
const MOST_NAMED = 5

/** Errors: `invalid-argument` with file and line of the first fault and the places of more. */
export function readExamples(files: readonly DataFile[], options: DataOptions): TrainingData {
  const examples: Example[] = []
  const documents: (string | undefined)[] = []
  const seen = new Set<string>()
  const faults: { readonly place: string; readonly what: string }[] = []
  let doubled = 0
  for (const { name, content } of files) {
    content.split('\n').forEach((line, i) => {
      if (line.trim() === '') return
      try {
        const row = rowOf(line)
        const example = exampleOf(row, options)
        const key = JSON.stringify([example.query, example.positive, example.negatives])
        if (seen.has(key)) {
          doubled++
          return
        }
        seen.add(key)
        examples.push(example)
        documents.push(idOf(row))
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        faults.push({ place: `${name}:${i + 1}`, what: error.message })
      }
    })
  }
  const [first, ...more] = faults
  if (first) {
    const places = more.slice(0, MOST_NAMED).map(({ place }) => place)
    const others = more.length > places.length ? `${places.join(', ')} and ${more.length - places.length} more` : places
    const rest = more.length === 0 ? '' : ` Wrong too: ${typeof others === 'string' ? others : others.join(', ')}.`
    throw new SelvageError('invalid-argument', `${first.place}: ${first.what}${rest}`)
  }
  if (examples.length === 0)
    throw new SelvageError(
      'invalid-argument',
      `${files.map(({ name }) => name).join(', ')}: no line with an example. Wanted lines like {"query": "...", "positive": "...", "negative": "..."}.`,
    )
  return { examples, documents, doubled }
}

function rowOf(line: string): Row {
  let json: unknown
  try {
    json = JSON.parse(line)
  } catch {
    throw new Fault('not a line of JSON. A file of lines is wanted, an object each.')
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new Fault('not a JSON object.')
  return new Map(Object.entries(json))
}

function exampleOf(row: Row, { loss = 'contrastive', isAlone = false, withTitle }: DataOptions): Example {
  const query = textOf(row, 'query')
  const title = row.get('title') ?? ''
  if (typeof title !== 'string') throw new Fault(`"title" is ${shown(title)}, wanted a text.`)
  const titled = (text: string, of: string) => (of.trim() === '' ? text : withTitle(of, text))
  const positive = titled(textOf(row, 'positive'), title)
  // Other tools number them: one that is passed over unseen would be missed in the model only.
  const stray = [...row.keys()].find((key) => /^neg/i.test(key) && key !== 'negative' && key !== 'negatives')
  if (stray !== undefined) throw new Fault(`"${stray}" is not known. Give "negative", or "negatives" with several.`)
  const negatives = negativesOf(row).map(({ text, title: of }) => titled(text, of))
  checkApart(positive, negatives)
  const scores = scoresOf(row, negatives.length)
  if (isAlone && negatives.length === 0)
    throw new Fault(
      'no negative, and in a batch of one no other text stands against it. Give "negative" or "negatives", or a larger batch.',
    )
  if (loss === 'distillation') {
    if (negatives.length === 0)
      throw new Fault(
        'no negative. Distillation compares texts: give "negative" or "negatives", or let "selvage mine" find some.',
      )
    if (scores === undefined)
      throw new Fault(
        'no "scores". Distillation learns from a teacher\'s: give one of the positive and one of each negative.',
      )
  }
  return { query, positive, negatives, ...(scores && { scores }) }
}

function textOf(row: Row, key: string): string {
  const value = row.get(key)
  if (value === undefined)
    throw new Fault(`no "${key}". Its fields are ${[...row.keys()].map((name) => `"${name}"`).join(', ') || 'none'}.`)
  return checked(value, `"${key}"`)
}

function checked(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Fault(`${what} is ${shown(value)}, wanted a text.`)
  if (value.trim() === '') throw new Fault(`${what} is empty. Leave the line out, or give the text.`)
  return value
}

/** A text, or one with a title: a positive with a title against texts without would be told apart by that alone. */
function negativesOf(row: Row): { readonly text: string; readonly title: string }[] {
  const several = row.get('negatives') ?? []
  if (!Array.isArray(several)) throw new Fault(`"negatives" is ${shown(several)}, wanted a list of texts.`)
  const single = row.get('negative')
  const given: [value: unknown, what: string][] = [
    ...(single === undefined || single === null ? [] : [[single, '"negative"'] satisfies [unknown, string]]),
    ...several.map((value: unknown, i): [unknown, string] => [value, `"negatives"[${i}]`]),
  ]
  return given.map(([value, what]) => {
    if (typeof value !== 'object' || value === null) return { text: checked(value, what), title: '' }
    const fields: Row = new Map(Object.entries(value))
    const title = fields.get('title') ?? ''
    if (typeof title !== 'string') throw new Fault(`the title of ${what} is ${shown(title)}, wanted a text.`)
    return { text: checked(fields.get('text'), `the text of ${what}`), title }
  })
}

/** A model cannot learn that one text is better than itself. */
function checkApart(positive: string, negatives: readonly string[]): void {
  const before = new Map([[plain(positive), -1]])
  negatives.forEach((negative, i) => {
    const same = before.get(plain(negative))
    if (same === -1) throw new Fault(`negative ${i + 1} of ${negatives.length} is the positive again. Leave it out.`)
    if (same !== undefined) throw new Fault(`negative ${i + 1} is negative ${same + 1} again. Leave one of them out.`)
    before.set(plain(negative), i)
  })
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function scoresOf(row: Row, negatives: number): readonly number[] | undefined {
  const scores: unknown = row.get('scores')
  if (scores === undefined || scores === null) return undefined
  if (!Array.isArray(scores)) throw new Fault(`"scores" is ${shown(scores)}, wanted a list of numbers.`)
  const numbers = scores.map((score: unknown, i) => {
    if (typeof score === 'number' && Number.isFinite(score)) return score
    throw new Fault(`"scores"[${i}] is ${shown(score)}, wanted a number.`)
  })
  if (numbers.length === negatives + 1) return numbers
  throw new Fault(
    `${numbers.length} scores for ${negatives + 1} texts. Give one of the positive and then one of each negative.`,
  )
}

/** Errors are not worth it here: only `mine` asks for it, and finds the positive by its text as well. */
function idOf(row: Row): string | undefined {
  const id = row.get('doc')
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? String(value)
  return json.length > 40 ? `${json.slice(0, 40)}...` : json
}

export interface HeldOut {
  readonly training: readonly Example[]
  readonly held: readonly Example[]
}

/**
 * A share of the examples, at most `most`, kept apart by their queries, all of one query together. Which they are follows from
 * seed and query alone: more data, or in another order, moves none that was trained on among those that measure, but for
 * the few at the edge of the share.
 */
export function holdOut(examples: readonly Example[], share: number, seed: number, most: number): HeldOut {
  const wanted = Math.min(Math.round(examples.length * share), most)
  const sizes = new Map<string, number>()
  for (const { query } of examples) sizes.set(query, (sizes.get(query) ?? 0) + 1)
  const drawn = [...sizes.keys()]
    .map((query) => ({ query, place: hashOf(`${seed}\n${query}`) }))
    .sort((a, b) => a.place - b.place || (a.query < b.query ? -1 : 1))
  const chosen = new Set<string>()
  let count = 0
  for (const { query } of drawn) {
    const size = sizes.get(query) ?? 0
    if (count + size > wanted) break
    chosen.add(query)
    count += size
  }
  return parted(examples, chosen)
}

/** So many of the examples, in their order; which ones follows from seed and texts alone. */
export function drawn(examples: readonly Example[], most: number, seed: number): readonly Example[] {
  if (examples.length <= most) return examples
  const places = examples.map(({ query, positive }, i) => ({ i, place: hashOf(`${seed}\n${query}\n${positive}`) }))
  const chosen = places.sort((a, b) => a.place - b.place || a.i - b.i).slice(0, most)
  return chosen
    .map(({ i }) => i)
    .sort((a, b) => a - b)
    .flatMap((i) => examples[i] ?? [])
}

/** Examples whose queries are among those held out are not trained on: the figures would be of what was learned by heart. */
export function without(examples: readonly Example[], held: readonly Example[]): readonly Example[] {
  return parted(examples, new Set(held.map(({ query }) => query))).training
}

function parted(examples: readonly Example[], held: ReadonlySet<string>): HeldOut {
  return {
    training: examples.filter(({ query }) => !held.has(query)),
    held: examples.filter(({ query }) => held.has(query)),
  }
}

/** FNV-1a over UTF-16 units, stirred at the end (MurmurHash3's finaliser): near texts lie far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
