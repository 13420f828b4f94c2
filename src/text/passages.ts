/**
 * A section as passages: the parts that are encoded, each within the model's limit.
 *
 * The limit is a promise: `countTokens` of every passage's text is at most `maxTokens`, whatever the text. Where a
 * section does not fit, it is parted like a paragraph into lines (Knuth and Plass 1981): of all ways to cut between
 * atoms, the one with the least total of cut prices and squared emptiness. So cuts fall at good places, passages are
 * well filled, and no crumb is left at the end. Passages do not overlap: in late interaction a passage is scored by
 * single tokens, so a repeated margin would cost space and find nothing new.
 */
import { SelvageError } from '../errors.ts'
import type { CharRange } from '../types.ts'
import { type Atom, atomsOf } from './atoms.ts'
import type { Section } from './document.ts'
import { paragraphsOf } from './paragraphs.ts'

export interface SplitOptions {
  /** The most tokens of a passage, at least 1: what the model takes less what the caller puts before it. */
  readonly maxTokens: number
  /** Tokens of a text, synchronous. A constant part (markers that it counts each time) is allowed. It is called a few
   *  times per character of the section in all, never in a loop over growing texts. */
  readonly countTokens: (text: string) => number
  /** BCP 47 tag of the text, for sentence ends. Default: rules that fit most languages. */
  readonly language?: string
}

/** Price of a passage that is empty, falling with the square of its filling. */
const EMPTY_PRICE = 100
/** Price of a passage as such: fewer is better. */
const PASSAGE_PRICE = 15

/**
 * Ranges of `section.text`, in order and apart from each other, that cover all of it but white space.
 * A section without text has none. A section without blocks is taken as paragraphs between blank lines.
 */
export function splitSection(section: Pick<Section, 'text' | 'blocks'>, options: SplitOptions): CharRange[] {
  const { maxTokens, countTokens, language } = checkOptions(options)
  const { text } = section
  const blocks = section.blocks.length > 0 ? section.blocks : paragraphsOf(text)
  const first = blocks[0]
  const last = blocks.at(-1)
  if (first === undefined || last === undefined) return []
  const whole = { start: first.start, end: last.end }
  const fits = (start: number, end: number) => countTokens(text.slice(start, end)) <= maxTokens
  if (fits(whole.start, whole.end)) return [whole]

  const constant = countTokens('')
  const measure = (start: number, end: number) => Math.max(0, countTokens(text.slice(start, end)) - constant)
  const atoms = atomsOf(text, blocks, { maxTokens: maxTokens - constant, measure, language })
  const row = { atoms, ...sizesOf(text, atoms, countTokens) }
  return partition(row, maxTokens - constant).flatMap((run) => fitRun(row, run, fits))
}

/** Atoms `[from, to)`. */
interface Run {
  readonly from: number
  readonly to: number
}

interface Row {
  readonly atoms: readonly Atom[]
  /** `sizes[i]`: tokens of all atoms before i, with the gaps after them. */
  readonly sizes: Float64Array
  /** `gaps[i]`: tokens of the white space after atom i. Some tokenizers count it, and estimates must know. */
  readonly gaps: Float64Array
}

function sizesOf(text: string, atoms: readonly Atom[], countTokens: (text: string) => number): Omit<Row, 'atoms'> {
  const sizes = new Float64Array(atoms.length + 1)
  const gaps = new Float64Array(atoms.length + 1)
  const known = new Map<string, number>([['', 0]])
  const alone = 2 * countTokens('a') - countTokens('')
  atoms.forEach((atom, i) => {
    const gap = text.slice(atom.end, atoms[i + 1]?.start ?? atom.end)
    const tokens = known.get(gap) ?? Math.max(0, countTokens(`a${gap}a`) - alone)
    known.set(gap, tokens)
    gaps[i] = tokens
    sizes[i + 1] = sizes[i]! + atom.tokens + tokens
  })
  return { sizes, gaps }
}

/** Estimate for the passage of a run. */
function sizeOf({ sizes, gaps }: Row, from: number, to: number): number {
  return sizes[to]! - sizes[from]! - gaps[to - 1]!
}

/** The cheapest partition: `best[end]` is the least price of the atoms before `end`, `cut[end]` where its last run starts. */
function partition(row: Row, budget: number): Run[] {
  const { atoms } = row
  const best = new Float64Array(atoms.length + 1).fill(Number.POSITIVE_INFINITY)
  const cut = new Int32Array(atoms.length + 1)
  best[0] = 0
  for (let end = 1; end <= atoms.length; end++) {
    for (let from = end - 1; from >= 0; from--) {
      const tokens = sizeOf(row, from, end)
      if (tokens > budget && from < end - 1) break
      const emptiness = Math.max(0, 1 - tokens / budget)
      const cutPrice = from === 0 ? 0 : atoms[from - 1]!.cutPrice
      const price = best[from]! + cutPrice + PASSAGE_PRICE + EMPTY_PRICE * emptiness * emptiness
      if (price < best[end]!) {
        best[end] = price
        cut[end] = from
      }
    }
  }
  const runs: Run[] = []
  for (let to = atoms.length; to > 0; to = cut[to]!) runs.push({ from: cut[to]!, to })
  return runs.reverse()
}

/** The sizes were sums of parts; here the run is counted as it is, and halved at its best cut where it is too long. */
function fitRun(row: Row, { from, to }: Run, fits: (start: number, end: number) => boolean): CharRange[] {
  const { atoms } = row
  const range = { start: atoms[from]!.start, end: atoms[to - 1]!.end }
  if (to - from === 1 || fits(range.start, range.end)) return [range]
  const size = sizeOf(row, from, to)
  let middle = from + 1
  let least = Number.POSITIVE_INFINITY
  for (let at = from + 1; at < to; at++) {
    const imbalance = Math.abs(sizeOf(row, from, at) / size - 0.5)
    const price = atoms[at - 1]!.cutPrice + EMPTY_PRICE * imbalance
    if (price < least) {
      least = price
      middle = at
    }
  }
  const halves = [
    { from, to: middle },
    { from: middle, to },
  ]
  return halves.flatMap((half) => fitRun(row, half, fits))
}

function checkOptions(options: SplitOptions): SplitOptions {
  const { maxTokens, countTokens } = options
  if (!Number.isInteger(maxTokens) || maxTokens < 1) {
    throw new SelvageError('invalid-argument', `maxTokens is ${maxTokens}, but must be a whole number of at least 1.`)
  }
  const constant = countTokens('')
  if (constant >= maxTokens) {
    throw new SelvageError(
      'invalid-argument',
      `maxTokens is ${maxTokens}, but countTokens gives ${constant} for no text at all: no passage can fit.`,
    )
  }
  return options
}
