/**
 * Texts that differ in a negation, with questions that one of them answers: what a model can learn to hear a "not" from.
 *   npm run bench:contrast -- <pairs.jsonl.gz> … -o contrasts.jsonl.gz [--rows 3200] [--plain <pairs.jsonl.gz> …] [--without <labelled set>]
 * Of each file of {"query", "positive"} the texts are taken in turn; in a text a sentence is edited by the rules of
 * contrastRules.ts, and of the two texts each is the positive of its own question and the negative of the other's: nobody can
 * be right by preferring texts that have, or have no, negation. Words of the question are changed by turns, too. A quarter of
 * the rows are pairs as they stand, of the files of `--plain` or of the same ones, so that what the model knows of other questions
 * stays. `--without` leaves out texts that have a sentence in common with a set that will be measured.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseCorpus, wholeText } from '../../src/eval/dataset.ts'
import { readDataFiles, withTitle, writeDataFile } from '../../src/node/dataFiles.ts'
import { readEither } from '../../src/node/systems/readSet.ts'
import { seeded, shuffled } from '../../src/plaid/random.ts'
import { sentencesIn } from '../../src/text/sentences.ts'
import { readExamples } from '../../src/training/data.ts'
import type { Example } from '../../src/training/types.ts'
import type { CharRange } from '../../src/types.ts'
import { type Contrast, contrastsOf, questionOf, reworded, turnedQuestion } from './contrastRules.ts'

/** Of the rows. */
const PLAIN = 0.25
/** Of the words of a document: a model reads so much of it in training. */
const MOST_WORDS = 85
const FEWEST_WORDS = 6
const LONGEST_WORDS = 36
/** A sentence answers a question that has so many of its words in it. */
const ANSWERS = 0.5

interface Row {
  readonly query: string
  readonly positive: string
  readonly negative?: string
  readonly kind: string
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    output: { type: 'string', short: 'o' },
    rows: { type: 'string', default: '3200' },
    plain: { type: 'string', multiple: true },
    without: { type: 'string' },
    seed: { type: 'string', default: '0' },
  },
})
if (positionals.length === 0 || values.output === undefined)
  throw new Error('Give files of pairs and where contrasts go: npm run bench:contrast -- <pairs.jsonl.gz> … -o <file>')

const random = seeded(Number(values.seed))
const measured = values.without === undefined ? new Set<string>() : await sentencesOfSet(values.without)
const wanted = Number(values.rows)
const counts = new Map<string, number>()
const seen = new Set<string>()
const contrasts: Row[] = []
for (const { query, positive } of await inTurn(positionals, (_title, text) => text)) {
  if (contrasts.length >= wanted * (1 - PLAIN)) break
  takeContrast(query, positive)
}
const plain = (await inTurn(values.plain ?? positionals, withTitle)).slice(-Math.round(wanted * PLAIN))
const rows: Row[] = [...contrasts, ...plain.map(({ query, positive }) => ({ query, positive, kind: 'as it stands' }))]
await writeDataFile(
  values.output,
  [...shuffled(random, rows.length)].map((i) => rows[i]!),
)
process.stdout.write(`${rows.length} rows, ${plain.length} as they stand; pairs: ${JSON.stringify([...counts])}\n`)

/** One of each file, and again, each file in an order of its own, until one of them ends. */
async function inTurn(paths: readonly string[], titled: (title: string, text: string) => string): Promise<Example[]> {
  const files = (await readDataFiles(paths)).map((file) => {
    const { examples } = readExamples([file], { withTitle: titled })
    return [...shuffled(random, examples.length)].map((i) => examples[i]!)
  })
  const turns = Math.min(...files.map(({ length }) => length))
  return Array.from({ length: turns }, (_, turn) => files.map((examples) => examples[turn]!)).flat()
}

function takeContrast(question: string, text: string): void {
  const sentences = sentencesIn(text, { start: 0, end: text.length })
  const options = sentences.flatMap((sentence, place) => {
    const own = text.slice(sentence.start, sentence.end)
    const words = own.split(/\s+/u).length
    if (words < FEWEST_WORDS || words > LONGEST_WORDS || seen.has(own)) return []
    return contrastsOf(own).map((change) => ({ change, place, own }))
  })
  if (sentences.some(({ start, end }) => measured.has(text.slice(start, end).trim())) || options.length === 0) return
  // "not" fits almost any sentence: the others come first half of the time.
  const rare = options.filter(({ change }) => change.kind !== 'not')
  const from = rare.length > 0 && random() < 0.5 ? rare : options
  const { change, place, own } = from[Math.floor(random() * from.length)]!
  const asked = queriesFor(question, own, change)
  if (asked === undefined) return
  seen.add(own)
  const [original, edited] = [own, change.edited].map((sentence) => around(text, sentences, place, sentence))
  const kind = `${change.kind}, ${asked.by}`
  counts.set(kind, (counts.get(kind) ?? 0) + 1)
  contrasts.push(
    { query: reworded(asked.one, random), positive: original!, negative: edited!, kind },
    { query: reworded(asked.other, random), positive: edited!, negative: original!, kind },
  )
}

/** Both questions in one form: a person's, one made of the sentence, or the sentence itself. */
function queriesFor(question: string, sentence: string, change: Contrast) {
  const turned = overlap(question, sentence) >= ANSWERS ? turnedQuestion(question, change, sentence) : undefined
  if (turned !== undefined) return { one: question, other: turned, by: 'asked by a person' }
  const [form, word] = [random(), random()]
  const [one, other] = [sentence, change.edited].map((text) => questionOf(text, change.at, () => word))
  if (form < 0.8 && one !== undefined && other !== undefined) return { one, other, by: 'question' }
  return form > 0.6 ? { one: sentence, other: change.edited, by: 'statement' } : undefined
}

/** The sentence among its neighbours, as many as fit. */
function around(text: string, sentences: readonly CharRange[], place: number, sentence: string): string {
  const lengths = sentences.map(({ start, end }) => text.slice(start, end).split(/\s+/u).length)
  let [first, last, words] = [place, place, lengths[place]!]
  for (let grown = true; grown; ) {
    grown = false
    for (const next of [first - 1, last + 1]) {
      const more = lengths[next]
      if (more === undefined || words + more > MOST_WORDS) continue
      first = Math.min(first, next)
      last = Math.max(last, next)
      words += more
      grown = true
    }
  }
  const { start, end } = sentences[place]!
  return (text.slice(sentences[first]!.start, start) + sentence + text.slice(end, sentences[last]!.end)).trim()
}

function overlap(question: string, sentence: string): number {
  const wordsOf = (text: string) => new Set(text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [])
  const [asked, said] = [wordsOf(question), wordsOf(sentence)]
  return [...asked].filter((word) => said.has(word)).length / Math.max(1, asked.size)
}

async function sentencesOfSet(folder: string): Promise<Set<string>> {
  const [content, name] = await readEither(join(folder, 'corpus.jsonl'))
  return new Set(
    parseCorpus(content, name).flatMap((document) => {
      const text = wholeText(document)
      return sentencesIn(text, { start: 0, end: text.length }).map(({ start, end }) => text.slice(start, end).trim())
    }),
  )
}
