/**
 * How often a model puts the right text first: over (query, positive, negative), the share in which the positive scores
 * higher, as PyLate's ColBERTTripletEvaluator has it (a tie is wrong). Forward runs only.
 */
import type { Layout, Layouts } from '../encoder/layouts.ts'
import { SelvageError } from '../errors.ts'
import { seeded } from '../plaid/random.ts'
import type { Bert } from './bert.ts'
import { encodeRows, type Rows } from './encodeRows.ts'
import type { Example } from './types.ts'

interface Triple {
  readonly query: string
  readonly positive: string
  readonly negative: string
}

/** Texts that are encoded together: so many vectors are in memory at once. */
const GROUP = 256

/** @param most positions that the model has */
export async function accuracy(held: readonly Example[], layouts: Layouts, bert: Bert, most: number): Promise<number> {
  const triples = triplesOf(held)
  const queries = await encode(
    [...new Set(triples.map(({ query }) => query))],
    (text) => layouts.query(text),
    bert,
    most,
  )
  const texts = [...new Set(triples.flatMap(({ positive, negative }) => [positive, negative]))]
  const documents = await encode(texts, (text) => layouts.document(text), bert, most)
  let right = 0
  for (const { query, positive, negative } of triples) {
    const [q, p, n] = [queries.get(query)!, documents.get(positive)!, documents.get(negative)!]
    if (maxSim(q, p) > maxSim(q, n)) right++
  }
  return right / triples.length
}

/** One for each negative. Where there is none, another example's positive stands for it. */
function triplesOf(held: readonly Example[]): Triple[] {
  if (held.length === 0) throw new SelvageError('invalid-argument', 'There is no example to measure by.')
  const random = seeded(1)
  const positives = [...new Set(held.map(({ positive }) => positive))]
  return held.flatMap(({ query, positive, negatives }) => {
    if (negatives.length > 0) return negatives.map((negative) => ({ query, positive, negative }))
    if (positives.length < 2) {
      throw new SelvageError(
        'invalid-argument',
        'To measure by examples without negatives, two with different positives are needed.',
      )
    }
    const own = positives.indexOf(positive)
    const other = (own + 1 + Math.floor(random() * (positives.length - 1))) % positives.length
    return [{ query, positive, negative: positives[other]! }]
  })
}

async function encode(
  texts: readonly string[],
  layoutOf: (text: string) => Layout,
  bert: Bert,
  most: number,
): Promise<Map<string, Rows>> {
  const rows = new Map<string, Rows>()
  for (let from = 0; from < texts.length; from += GROUP) {
    const group = texts.slice(from, from + GROUP)
    const encoded = await encodeRows(group.map(layoutOf), bert, most)
    for (const [i, text] of group.entries()) rows.set(text, encoded[i]!)
  }
  return rows
}

function maxSim(query: Rows, document: Rows): number {
  const dim = query.width
  let score = 0
  for (let q = 0; q < query.data.length; q += dim) {
    let best = Number.NEGATIVE_INFINITY
    for (let d = 0; d < document.data.length; d += dim) {
      let cosine = 0
      for (let e = 0; e < dim; e++) cosine += query.data[q + e]! * document.data[d + e]!
      if (cosine > best) best = cosine
    }
    score += best
  }
  return score
}
