/**
 * What `selvage eval --compare` says of negation where the set has pairs.jsonl: a table of all systems, and for a few pairs where
 * the late-interaction model's two scores differ, token by token. How pairs are judged is eval/'s matter.
 */
import { join } from 'node:path'
import { SelvageError } from '../../errors.ts'
import { wholeText } from '../../eval/dataset.ts'
import type { LabelledSet } from '../../eval/labelled.ts'
import { type ContrastPair, type JudgedPair, parsePairs, type Verdict } from '../../eval/pairs.ts'
import { pairLines, pairsOfRuns, pairsTable, type RunPairs } from '../../eval/pairsReport.ts'
import type { Cell, ExtraTable } from '../../eval/report/extras.ts'
import { signed } from '../../eval/report/format.ts'
import type { Comparable } from '../../eval/runs.ts'
import { type Contrast, contrast, differingParts, type TokenContrast } from '../../search/contrast.ts'
import { openNodeEncoder } from '../model.ts'
import { readIfThere } from './readSet.ts'

/** Undefined where the set has none. Errors: those of parsePairs; `invalid-argument` where pages are ranked. */
export async function readPairs(
  folder: string,
  { corpus, queries, ranked }: LabelledSet,
): Promise<ContrastPair[] | undefined> {
  const found = await readIfThere(join(folder, 'pairs.jsonl'))
  if (found && ranked === 'pages')
    throw new SelvageError(
      'invalid-argument',
      `${found[1]} is of documents, and the judgements are of pages. Give judgements of documents, or take the pairs away.`,
    )
  const idsOf = (rows: readonly { readonly id: string }[]) => new Set(rows.map(({ id }) => id))
  return found && parsePairs(...found, { queries: idsOf(queries), documents: idsOf(corpus) })
}

export interface Negation extends RunPairs {
  readonly names: readonly string[]
  readonly table: ExtraTable
  /** A line of JSON for each pair. */
  readonly lines: string
}

/** Errors: those of pairsOfRuns. */
export function negationOf(pairs: readonly ContrastPair[], { runs }: Pick<Comparable, 'runs'>): Negation {
  const judged = pairsOfRuns(pairs, runs)
  const names = runs.map(({ name }) => name)
  return { ...judged, names, table: pairsTable(judged, names, pairs.length), lines: pairLines(judged, names) }
}

/** Systems whose scores are MaxSim: what the tables say of tokens holds for them. */
const LATE_INTERACTION = /^(exact|plaid)\b/
/** One pair of each is shown: the one with the shortest texts, which is the easiest to read. */
const SHOWN: readonly Verdict[] = ['right', 'same text', 'both wrong']
/** Tokens with a row of their own. */
const ROWS = 8

export interface ExplainOptions {
  readonly set: LabelledSet
  readonly pairs: Pick<Negation, 'names' | 'figures'>
  readonly model: string
}

/** None where no system is late interaction. Errors: those of openNodeEncoder. */
export async function explainPairs({ set, pairs, model }: ExplainOptions): Promise<ExtraTable[]> {
  const { names } = pairs
  const system = names.findIndex((name) => LATE_INTERACTION.test(name))
  const figures = pairs.figures[system]
  if (figures === undefined) return []
  const textOf = new Map(set.corpus.map((document) => [document.id, wholeText(document)]))
  const questionOf = new Map(set.queries.map(({ id, text }) => [id, text]))
  const lengthOf = ({ pair }: JudgedPair) => (textOf.get(pair.doc1)?.length ?? 0) + (textOf.get(pair.doc2)?.length ?? 0)
  const shown = SHOWN.flatMap((verdict) => {
    const [shortest] = figures.each.filter((one) => one.verdict === verdict).sort((a, b) => lengthOf(a) - lengthOf(b))
    return shortest ? [shortest] : []
  })
  const encoder = await openNodeEncoder({ model, threads: 1 })
  try {
    const tables: ExtraTable[] = []
    for (const { pair, first, verdict } of shown) {
      // Of a pair with one text for both, the question that it is wrong for.
      const isFirst = verdict !== 'same text' || first === 'other'
      const [query, own, other] = isFirst ? [pair.q1, pair.doc1, pair.doc2] : [pair.q2, pair.doc2, pair.doc1]
      const [question, left, right] = [questionOf.get(query) ?? '', textOf.get(own) ?? '', textOf.get(other) ?? '']
      const [leftEncoded, rightEncoded] = await encoder.encodeDocuments([left, right])
      if (!leftEncoded || !rightEncoded) continue
      const found = contrast(
        { text: question, encoded: await encoder.encodeQuery(question) },
        { text: left, encoded: leftEncoded },
        { text: right, encoded: rightEncoded },
      )
      tables.push(
        tableOf(found, { pair: pair.id, system: names[system] ?? '', question, verdict, texts: [left, right] }),
      )
    }
    return tables
  } finally {
    await encoder.close()
  }
}

interface Told {
  readonly pair: string
  readonly system: string
  readonly question: string
  readonly verdict: Verdict
  readonly texts: readonly [own: string, other: string]
}

function tableOf({ left, right, tokens }: Contrast, { pair, system, question, verdict, texts }: Told): ExtraTable {
  const words = tokens
    .filter(({ isPadding }) => !isPadding)
    .sort((a, b) => Math.abs(b.difference) - Math.abs(a.difference))
  const padding = tokens.filter(({ isPadding }) => isPadding)
  const word = ({ token, word, left, right, difference }: TokenContrast): Cell[] => [
    ...[token === word ? token : `${token} (${word})`, left.word || 'marker', left.cosine],
    ...[right.word || 'marker', right.cosine, signed(difference, 3)],
  ]
  const rest = (name: string, some: readonly TokenContrast[]): Cell[][] => {
    const sum = some.reduce((all, { difference }) => all + difference, 0)
    return some.length === 0 ? [] : [[`${some.length} ${name}`, '', null, '', null, signed(sum, 3)]]
  }
  const [own, other] = differingParts(...texts)
  const preferred =
    left === right ? 'Neither is preferred' : `${left > right ? 'Its own' : 'The other'} text is preferred`
  return {
    title: `Negation, where the scores differ: “${question}”`,
    columns: ['token', 'in its own text', 'cosine', 'in the other text', 'cosine', 'difference'],
    rows: [
      ...words.slice(0, ROWS).map(word),
      ...rest('other tokens', words.slice(ROWS)),
      ...rest('markers and padding', padding),
      ['in all', '', null, '', null, signed(left - right, 3)],
    ],
    note:
      `Pair ${pair}, ${SAID[verdict]} for ${system}. Its own text says ${quoted(own)}, the other ${quoted(other)}; all else is the same. ` +
      `${preferred}: ${left.toFixed(3)} against ${right.toFixed(3)}, by float vectors; the last column says where the difference comes from.`,
  }
}

const SAID: Readonly<Record<Verdict, string>> = {
  right: 'right',
  'same text': 'the same text for both questions',
  'both wrong': 'both questions wrong',
  undecided: 'undecided',
}

function quoted(part: string): string {
  if (part === '') return 'nothing there'
  return part.length > 200 ? `“${part.slice(0, 200).trimEnd()} …”` : `“${part}”`
}
