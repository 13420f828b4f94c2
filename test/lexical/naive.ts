/** Keyword search as its formulas say it: over an array of passages, without postings, blocks or a table. */
import { wordsOf } from '../../src/lexical/tokenize.ts'

export interface Passage {
  readonly title: string
  readonly headings: string
  readonly text: string
  readonly code: string
  readonly weight: number
}

const FIELDS = ['title', 'headings', 'text', 'code'] as const
const BOOSTS = { title: 3, headings: 2, text: 1, code: 0.7 }
const B = { title: 0.8, headings: 0.8, text: 0.7, code: 0.7 }
const K1 = 3

/** Restricted Damerau–Levenshtein distance, by its recursive definition. */
export function naiveSlips(a: string, b: string): number {
  const known = new Map<string, number>()
  const distance = (i: number, j: number): number => {
    const memo = known.get(`${i},${j}`)
    if (memo !== undefined) return memo
    const ways = [i === 0 && j === 0 ? 0 : Number.POSITIVE_INFINITY]
    if (i > 0) ways.push(distance(i - 1, j) + 1)
    if (j > 0) ways.push(distance(i, j - 1) + 1)
    if (i > 0 && j > 0) ways.push(distance(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1))
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) ways.push(distance(i - 2, j - 2) + 1)
    const least = Math.min(...ways)
    known.set(`${i},${j}`, least)
    return least
  }
  return distance(a.length, b.length)
}

const termsIn = (text: string) => wordsOf(text).map(({ term }) => term)
const lengthOf = (text: string) => wordsOf(text).filter(({ kind }) => kind === 'word' || kind === 'part').length
const timesIn = (text: string, term: string) => termsIn(text).filter((other) => other === term).length

/** @param isRelated whether two words have the same stem. @returns a score for each passage */
export function naiveSearch(
  passages: readonly Passage[],
  query: string,
  isRelated: (a: string, b: string) => boolean,
): number[] {
  const vocabulary = [...new Set(passages.flatMap((passage) => FIELDS.flatMap((field) => termsIn(passage[field]))))]
  const has = (passage: Passage, term: string) => FIELDS.some((field) => timesIn(passage[field], term) > 0)
  const mean = (field: (typeof FIELDS)[number]) =>
    Math.max(1, passages.reduce((sum, passage) => sum + lengthOf(passage[field]), 0) / passages.length)

  const words = wordsOf(query)
  const end = Math.max(...words.map((word) => word.end))
  const isOpen = (term: string) => end === query.length && words.findLast((word) => word.term === term)!.end === end
  const asked = [...new Set(words.map(({ term }) => term))]
  const isCommon = (word: string) =>
    vocabulary.some(
      (term) =>
        isRelated(term, word) && passages.filter((passage) => has(passage, term)).length > 0.4 * passages.length,
    )

  /** Words of the index that the query's stands for, and what each counts. */
  const meantBy = (word: string): Map<string, number> => {
    const meant = new Map<string, number>()
    const isLongEnough = word.length >= 2 || word > '\x7f'
    for (const term of vocabulary) {
      if (term === word) meant.set(term, 1)
      else if (isRelated(term, word)) meant.set(term, 0.9)
      else if (isOpen(word) && isLongEnough && term.startsWith(word)) meant.set(term, 0.6 * (word.length / term.length))
    }
    if (meant.size > 0) return meant
    const allowed = word.length < 4 ? 0 : word.length < 8 ? 1 : 2
    const least = Math.min(...vocabulary.map((term) => naiveSlips(word, term)))
    if (allowed === 0 || least > allowed) return meant
    const nearest = vocabulary.filter((term) => naiveSlips(word, term) === least)
    for (const term of vocabulary)
      if (nearest.some((near) => near === term || isRelated(near, term))) meant.set(term, 0.5 ** least)
    return meant
  }

  const rare = asked.filter((word) => !isCommon(word)).map(meantBy)
  const counted = rare.some((meant) => meant.size > 0) ? rare : asked.map(meantBy)
  return passages.map((passage) => {
    let score = 0
    for (const meant of counted) {
      let frequency = 0
      for (const [term, weight] of meant)
        for (const field of FIELDS) {
          const length = lengthOf(passage[field])
          const norm = 1 - B[field] + (B[field] * length) / mean(field)
          frequency += (weight * BOOSTS[field] * timesIn(passage[field], term)) / norm
        }
      const found = passages.filter((other) => [...meant.keys()].some((term) => has(other, term))).length
      const idf = Math.log(1 + (passages.length - found + 0.5) / (found + 0.5))
      score += (idf * frequency * (K1 + 1)) / (frequency + K1)
    }
    return score * passage.weight
  })
}
