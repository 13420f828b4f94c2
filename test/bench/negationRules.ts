/**
 * Which words of a text stand under a negation? By rules in the style of NegEx (Chapman, Bridewell, Hanbury, Cooper and Buchanan
 * 2001, "A simple algorithm for identifying negated findings and diseases in discharge summaries", doi:10.1006/jbin.2001.1029):
 * a cue negates the few words behind it, or before it, up to a word that ends its reach; phrases that only look like a cue do
 * nothing. Two cues over one word undo each other ("did not fail to"). English only; it knows no model.
 */
import { sentencesIn } from '../../src/text/sentences.ts'
import type { CharRange } from '../../src/types.ts'

export interface MarkedWord extends CharRange {
  readonly word: string
  /** It negates others, or has the negation in itself ("unsuccessful"). */
  readonly isCue: boolean
  /** An odd number of cues reaches it. */
  readonly isNegated: boolean
}

/** How far a cue reaches: NegEx's five words, or all of the clause on both sides. */
export type Reach = 'words' | 'clause'

const NEGEX_WORDS = 5

const list = (words: string) => words.split(',').map((phrase) => phrase.trim().split(' '))

const PSEUDO = list(
  'no increase, no change, no further, not only, not just, not necessarily, no doubt, without doubt, nothing but, not least, no matter, gram negative',
)
const BEFORE = list(
  'no, not, never, without, none, nobody, nothing, nowhere, neither, nor, cannot, non, lacks, lack, lacking, lacked, absence of, ' +
    'absent, free of, free from, negative for, denies, denied, deny, denying, declines, declined, refuse, refuses, refused, ' +
    'fail, fails, failed, failing, failure to, unable, inability, impossible to, hardly, scarcely, barely, rarely, seldom, few, ' +
    'little, rules out, rule out, ruled out, excludes, exclude, excluding, except, instead of, rather than, prevent, prevents, ' +
    'prevented, avoid, avoids, avoided, stop, stops, stopped, cease, ceased, discontinued, no longer, off, unlike, against, illegal to',
)
const BEHIND = list(
  'ruled out, is excluded, was excluded, be excluded, excluded, negative, unlikely, absent, none, discontinued, failed, never, stopped',
)
const ENDS = list(
  'but, however, although, though, nevertheless, yet, except, aside from, apart from, which, who, because, since, while, whereas, unless, until, reports, and reports',
)
/** Where "un-", "non-", "-less" and the like negate the word that remains. */
const AFFIX = /^(?:un|non|dis|in|im|ir|il)(?=\p{L}{4})/u

export interface RuleOptions {
  readonly reach: Reach
  /** Words of the collection: what remains of "unhappy" must be one of them, "under" leaves none. */
  readonly vocabulary: ReadonlySet<string>
}

export function wordsIn(text: string): (CharRange & { word: string })[] {
  return [...text.matchAll(/[\p{L}\p{N}]+(?:['’]\p{L}+)?/gu)].map(({ 0: word, index }) => ({
    word: word.toLowerCase().replace('’', "'"),
    start: index,
    end: index + word.length,
  }))
}

export function markNegation(text: string, { reach, vocabulary }: RuleOptions): MarkedWord[] {
  return sentencesIn(text, { start: 0, end: text.length }).flatMap((sentence) => {
    const words = wordsIn(text.slice(sentence.start, sentence.end)).map(({ word, start, end }) => ({
      word,
      start: start + sentence.start,
      end: end + sentence.start,
    }))
    return markSentence(text, words, reach, vocabulary)
  })
}

function markSentence(
  text: string,
  words: readonly (CharRange & { word: string })[],
  reach: Reach,
  vocabulary: ReadonlySet<string>,
): MarkedWord[] {
  const cues = new Array<number>(words.length).fill(0)
  const isCue = new Array<boolean>(words.length).fill(false)
  const most = reach === 'clause' ? words.length : NEGEX_WORDS
  /** Where a clause ends: before a word that begins another one, and at what stands between two words. */
  const isEnd = (at: number, gap: number) =>
    phraseAt(ENDS, words, at) > 0 || /[;:()—]/.test(text.slice(words[gap - 1]!.end, words[gap]!.start))
  const forwards = (from: number) => {
    for (let at = from; at < Math.min(words.length, from + most) && !isEnd(at, at); at++) cues[at]!++
  }
  const backwards = (from: number) => {
    for (let at = from; at > Math.max(-1, from - most) && !isEnd(at, at + 1); at--) cues[at]!++
  }
  for (let at = 0; at < words.length; ) {
    const pseudo = phraseAt(PSEUDO, words, at)
    const [behind, before] = [phraseAt(BEHIND, words, at), beforeAt(words, at)]
    const affix = hasAffix(words[at]!.word, vocabulary) ? 1 : 0
    const length = pseudo || before || behind || affix
    if (length > 0 && pseudo === 0) {
      // "excluded" may stand on either side: at the end of a sentence it speaks of what was before.
      const isBehind = behind > 0 && (before === 0 || at + behind >= words.length - 1)
      isCue.fill(true, at, at + length)
      if (reach === 'clause' || isBehind) backwards(at - 1)
      if (reach === 'clause' || (before > 0 && !isBehind)) forwards(at + length)
    }
    at += Math.max(1, length)
  }
  return words.map((word, i) => ({ ...word, isCue: isCue[i]!, isNegated: cues[i]! % 2 === 1 }))
}

/** Words of the longest of the phrases that begins there, 0 where none does. */
function phraseAt(phrases: readonly (readonly string[])[], words: readonly { word: string }[], at: number): number {
  const isThere = (phrase: readonly string[]) => phrase.every((word, i) => words[at + i]?.word === word)
  return phrases.reduce((most, phrase) => (phrase.length > most && isThere(phrase) ? phrase.length : most), 0)
}

function beforeAt(words: readonly { word: string }[], at: number): number {
  return phraseAt(BEFORE, words, at) || Number(words[at]!.word.endsWith("n't"))
}

function hasAffix(word: string, vocabulary: ReadonlySet<string>): boolean {
  const rest = word.endsWith('less') ? word.slice(0, -4) : AFFIX.test(word) ? word.replace(AFFIX, '') : ''
  // "in-" and "dis-" begin many words that negate nothing: "inform", "discover".
  const isSure = /^(?:un|non)/.test(word) || word.endsWith('less')
  return rest.length >= (isSure ? 4 : 6) && vocabulary.has(rest)
}
