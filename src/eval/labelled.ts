/**
 * Do the three files of a labelled set belong together? What no measurement could make sense of is an error that names file and
 * line; what only makes it poorer is a warning with a count, and the measurement goes on. It is given what dataset.ts parsed.
 */
import { SelvageError } from '../errors.ts'
import {
  type Judgement,
  type LabelledDocument,
  type LabelledQuery,
  labelsArePages,
  pageOf,
  qrelsOf,
} from './dataset.ts'
import { hasRelevant, type Judgements } from './metrics.ts'

export interface LabelledParts {
  readonly corpus: readonly LabelledDocument[]
  readonly queries: readonly LabelledQuery[]
  readonly judgements: readonly Judgement[]
  /** Names for messages. */
  readonly files: { readonly corpus: string; readonly queries: string; readonly qrels: string }
}

export interface LabelledSet {
  readonly corpus: readonly LabelledDocument[]
  /** Those that can be asked: with words, and with a relevant document. In the order of their file. */
  readonly queries: readonly LabelledQuery[]
  readonly qrels: ReadonlyMap<string, Judgements>
  /** What a rank counts: labels may name the pages of sections. */
  readonly ranked: 'documents' | 'pages'
  readonly warnings: readonly string[]
}

/** Documents that are asked for, for metrics at 10 and at 100; more where they are joined into pages. */
export const DEPTH = { documents: [10, 100], pages: [40, 400] } as const

/** What a ranking of documents is called by in the judgements: each document, or each page where its first section stands. */
export function rankedNames(
  numbers: readonly number[],
  { corpus, ranked }: Pick<LabelledSet, 'corpus' | 'ranked'>,
): string[] {
  const names = numbers.map((i) => corpus[i]!.id)
  return ranked === 'pages' ? [...new Set(names.map(pageOf))] : names
}

/**
 * Errors: `no-documents` where a file holds nothing; `invalid-argument` where judgements are of other queries or of other
 * documents altogether, or none of them says that a document is relevant.
 */
export function labelledSet({ corpus, queries, judgements, files }: LabelledParts): LabelledSet {
  for (const [rows, file] of [
    [corpus, files.corpus],
    [queries, files.queries],
    [judgements, files.qrels],
  ] as const)
    if (rows.length === 0) throw new SelvageError('no-documents', `${file} is empty: there is nothing to measure.`)

  const documentIds = new Set(corpus.map(({ id }) => id))
  const queryIds = new Set(queries.map(({ id }) => id))
  const qrels = qrelsOf(judgements)
  const ranked = labelsArePages(qrels, documentIds) ? 'pages' : 'documents'
  const known = ranked === 'pages' ? new Set([...documentIds].map(pageOf)) : documentIds

  const strays = judgements.filter(({ document }) => !known.has(document))
  const unasked = judgements.filter(({ query }) => !queryIds.has(query))
  const at = ({ line }: Judgement) => `${files.qrels}:${line}`
  const [stray, foreign] = [strays[0], unasked[0]]
  if (stray && strays.length === judgements.length)
    throw new SelvageError(
      'invalid-argument',
      `${at(stray)}: there is no document "${stray.document}" in ${files.corpus}, nor any other that is judged. ` +
        'Give judgements of this corpus.',
    )
  if (foreign && unasked.length === judgements.length)
    throw new SelvageError(
      'invalid-argument',
      `${at(foreign)}: there is no query "${foreign.query}" in ${files.queries}, nor any other that is judged. ` +
        'Give judgements of these queries.',
    )

  const isJudged = ({ id }: LabelledQuery) => qrels.has(id)
  const hasWords = ({ text }: LabelledQuery) => text.trim() !== ''
  const judged = queries.filter(isJudged)
  const relevant = judged.filter(({ id }) => hasRelevant(qrels.get(id)))
  const asked = relevant.filter(hasWords)
  if (asked.length === 0)
    throw new SelvageError(
      'invalid-argument',
      `${files.qrels}: of ${judged.length} judged queries none has both words and a document with a grade above 0.`,
    )

  const unjudged = queries.filter((query) => !isJudged(query))
  const irrelevant = judged.filter(({ id }) => !hasRelevant(qrels.get(id)))
  const wordless = relevant.filter((query) => !hasWords(query))
  const empty = corpus.filter(({ title, text }) => `${title}${text}`.trim() === '')
  const out = (why: string, some: readonly LabelledQuery[], all: readonly unknown[]) =>
    some.length === 0 ? [] : [`Left out, ${why}: ${share(some, all)} queries, the first is "${some[0]?.id}".`]
  return {
    corpus,
    queries: asked,
    qrels,
    ranked,
    warnings: [
      ...(stray
        ? [
            `${files.corpus} has no document for ${share(strays, judgements)} judgements, the first is "${stray.document}" ` +
              `(${at(stray)}). No system can find what is not there, so they count as not found.`,
          ]
        : []),
      ...(foreign
        ? [
            `${files.queries} has no query for ${share(unasked, judgements)} judgements, the first is "${foreign.query}" ` +
              `(${at(foreign)}). They are left out.`,
          ]
        : []),
      ...out('without judgements', unjudged, queries),
      ...out('without a relevant document', irrelevant, judged),
      ...out('without words', wordless, relevant),
      ...(empty[0]
        ? [`Without text, and never found: ${share(empty, corpus)} documents, the first is "${empty[0].id}".`]
        : []),
    ],
  }
}

function share(some: readonly unknown[], all: readonly unknown[]): string {
  return `${some.length.toLocaleString('en')} of ${all.length.toLocaleString('en')}`
}
