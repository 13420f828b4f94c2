/**
 * What would this sentence say with its negation undone, or with one put in? By rules on words, English only: an auxiliary takes or
 * loses its "not", a word becomes its opposite ("possible", "impossible"), the sides of "rather than" change places. And how would
 * one ask for it? The subject gives way to "what": "Copper is not magnetic." is asked for by "What is not magnetic?".
 * The kinds of edits are those of CondaQA (Ravichander, Gardner and Marasović 2022) less its paraphrases of whole sentences; knows
 * no passages and no model. What the words of a negation reach, negationRules.ts says.
 */
import type { Random } from '../../src/plaid/random.ts'

export interface Contrast {
  /** The sentence that says otherwise. */
  readonly edited: string
  /** Where the first change is, in both. */
  readonly at: number
  readonly kind: 'not' | 'word' | 'sides'
}

const CUE = /\b(?:no|not|never|none|nobody|nothing|neither|nor|without|cannot|hardly|rarely|seldom)\b|n['’]t\b/giu
const AUXILIARIES = 'is|are|was|were|has|have|had|can|could|will|would|does|do|did|should|may|might|must'
const AUXILIARY = new RegExp(`\\b(?:${AUXILIARIES})\\b`, 'giu')
const AUXILIARY_BEFORE = new RegExp(`\\b(?:${AUXILIARIES})\\s$`, 'iu')
/** "has" of "has been" helps, and that of "has a tail" does not. */
const PARTICIPLE =
  /^(?:\w{2,}(?:ed|wn|en)|been|become|made|had|led|found|held|set|kept|lost|left|met|built|come|begun|won)\b/u
/** Between an auxiliary and its "not". */
const ADVERB = /^\s(?:also|often|usually|generally|sometimes|typically|commonly|mostly|necessarily|always)\b/u

/** The second says the opposite of the first. Whole words. */
const OPPOSITES = (
  'possible impossible, legal illegal, known unknown, likely unlikely, common uncommon, usual unusual, successful unsuccessful, ' +
  'complete incomplete, direct indirect, directly indirectly, dependent independent, regular irregular, related unrelated, ' +
  'aware unaware, important unimportant, stable unstable, necessary unnecessary, official unofficial, effective ineffective, ' +
  'accurate inaccurate, sufficient insufficient, visible invisible, formal informal, correct incorrect, adequate inadequate, ' +
  'equal unequal, certain uncertain, clear unclear, popular unpopular, limited unlimited, affected unaffected, changed unchanged, ' +
  'available unavailable, published unpublished, able unable, familiar unfamiliar, relevant irrelevant, consistent inconsistent, ' +
  'significant insignificant, conscious unconscious, employed unemployed, married unmarried, occupied unoccupied, paid unpaid, ' +
  'expected unexpected, intentional unintentional, active inactive, capable incapable, willing unwilling, resolved unresolved, ' +
  'legally illegally, fair unfair, armed unarmed, supervised unsupervised, treated untreated, reliable unreliable, ' +
  'with without, always never, often rarely, usually seldom, everyone no_one, everything nothing, everywhere nowhere, still no_longer, ' +
  'succeeded_in failed_in, managed_to failed_to, allowed_to forbidden_to, agreed_to refused_to, accepted rejected, includes excludes, ' +
  'including except, present absent, because_of despite, due_to regardless_of, many few, at_least at_most, able_to unable_to'
)
  .split(', ')
  .map((pair) => {
    const [one, other] = pair.split(' ')
    return [one!.replace('_', ' '), other!.replace('_', ' ')] as const
  })
const OPPOSITE = new Map(
  OPPOSITES.flatMap(([one, other]): [string, string][] => [
    [one, other],
    [other, one],
  ]),
)
OPPOSITE.delete('with') // one in three sentences has it, and few of them say anything of it
const WORDS = new RegExp(`\\b(?:${[...OPPOSITE.keys()].sort((a, b) => b.length - a.length).join('|')})\\b`, 'giu')

/** All that the rules find; the sentence as it stands in its text. */
export function contrastsOf(sentence: string): Contrast[] {
  const cues = [...sentence.matchAll(CUE)]
  const found = [...oppositesIn(sentence), ...sidesIn(sentence)]
  if (cues.length === 1) found.push(...undone(sentence, cues[0]!))
  if (cues.length === 0) found.push(...negated(sentence))
  return found.filter(({ edited }) => edited !== sentence)
}

function oppositesIn(sentence: string): Contrast[] {
  return [...sentence.matchAll(WORDS)].flatMap(({ 0: word, index }): Contrast[] => {
    const other = OPPOSITE.get(word.toLowerCase())
    if (other === undefined) return []
    return [{ edited: replaced(sentence, index, word.length, cased(other, word)), at: index, kind: 'word' }]
  })
}

function sidesIn(sentence: string): Contrast[] {
  return [...sentence.matchAll(/([\p{L}\d-]{3,}) (but not|rather than|instead of|and not) ([\p{L}\d-]{3,})/giu)].map(
    ({ 0: all, 1: one, 2: between, 3: other, index }) => ({
      edited: replaced(sentence, index, all.length, `${other} ${between} ${one}`),
      at: index,
      kind: 'sides',
    }),
  )
}

/** With the one negation that it has taken out. */
function undone(sentence: string, { 0: cue, index }: RegExpExecArray): Contrast[] {
  const before = sentence.slice(0, index)
  const behind = sentence.slice(index + cue.length)
  const as = (edited: string): Contrast[] => [{ edited, at: index, kind: 'not' }]
  const word = cue.toLowerCase().replace('’', "'")
  if (word === 'cannot') return as(`${before}${cased('can', cue)}${behind}`)
  if (word === "n't") {
    const [whole = '', stem = ''] = /\b(ca|wo|sha|\w+)$/iu.exec(before) ?? []
    const full = { ca: 'can', wo: 'will', sha: 'shall' }[stem.toLowerCase()] ?? stem
    return as(`${before.slice(0, before.length - whole.length)}${full}${behind}`)
  }
  if ((word === 'not' && AUXILIARY_BEFORE.test(before)) || (word === 'never' && /\s$/u.test(before)))
    return as(`${before}${behind.trimStart()}`)
  const [noun] = /^\s[\p{L}-]+/u.exec(behind) ?? []
  if (word === 'no' && noun !== undefined && !/^\s(?:longer|one|more|doubt|matter)$/u.test(noun)) {
    const some = /s$/u.test(noun) ? 'some' : /^\s[aeiou]/iu.test(noun) ? 'an' : 'a'
    return as(`${before}${cased(some, cue)}${behind}`)
  }
  return []
}

/** With a "not" behind its first auxiliary. */
function negated(sentence: string): Contrast[] {
  for (const { 0: word, index } of sentence.matchAll(AUXILIARY)) {
    const end = index + word.length
    const behind = sentence.slice(end)
    if (index === 0 || !/^\s[a-z]/u.test(behind)) continue
    if (/^(?:has|have|had)$/iu.test(word) && !PARTICIPLE.test(behind.slice(1))) continue
    if (/^(?:do|does|did)$/iu.test(word)) continue // without a "not" it stands in a question, or is the verb
    const at = end + (ADVERB.exec(behind)?.[0].length ?? 0)
    const gap = at === end && word === 'can' ? '' : ' ' // "cannot"
    return [{ edited: `${sentence.slice(0, at)}${gap}not${sentence.slice(at)}`, at, kind: 'not' }]
  }
  return []
}

/** What no question can begin with "what" in place of. */
const NO_SUBJECT =
  /^(?:if|when|while|although|though|as|in|on|at|after|before|by|for|from|since|because|during|there|under|with|without|despite|to|and|but|or|both|that|what|who|which|how|why|where|thus|however|then|so|yet)\b/iu
const LONGEST_SUBJECT = 9
const FEWEST_WORDS = 4

/**
 * The question that a sentence answers and its edited twin does not, as far as the first clause behind the change. Undefined
 * where the subject is no plain one, or the change lies in it.
 */
export function questionOf(sentence: string, at: number, random: Random): string | undefined {
  const first = [...sentence.matchAll(AUXILIARY)][0]
  if (first === undefined || first.index === 0 || first.index > at) return undefined
  const subject = sentence.slice(0, first.index).trim()
  const words = subject.split(/\s+/u)
  if (/[,;:()"“]/u.test(subject) || NO_SUBJECT.test(subject) || words.length > LONGEST_SUBJECT) return undefined
  const predicate = clauseOf(sentence.slice(first.index), at - first.index)
  if (predicate.split(' ').length < FEWEST_WORDS) return undefined
  return `${askedWith(subject, words, random)} ${predicate}?`
}

function askedWith(subject: string, words: readonly string[], random: Random): string {
  if (/^(?:he|she|they|we|i|you)$/iu.test(subject)) return 'Who'
  const isPlainNoun = /^(?:the|this|these|some|many|most|a|an)$/iu.test(words[0]!) && words.length <= 3
  if (isPlainNoun && words.length > 1 && random() < 0.5) return `Which ${words.slice(1).join(' ')}`
  return /^\p{Lu}\p{Ll}+ \p{Lu}\p{Ll}+$/u.test(subject) && random() < 0.5 ? 'Who' : 'What'
}

/** Up to the end of the clause that the change is in. */
function clauseOf(text: string, at: number): string {
  const behind = at + 24 // the change and what it is about
  const end = text.slice(behind).search(/[,;:]| \(| (?:which|because|although|while|whereas)\b/u)
  return (end < 0 ? text : text.slice(0, behind + end)).replace(/[\s.!?"”)]+$/u, '')
}

/** A question asked by a person, for the edited twin of its answer: its first auxiliary negated, or its word turned. */
export function turnedQuestion(question: string, change: Contrast, sentence: string): string | undefined {
  if (change.kind === 'word') {
    const [was] = sentence.slice(change.at).match(/^[\p{L}]+(?: (?:of|to|in|one|longer|least|most)\b)?/u) ?? []
    const turned = oppositesIn(question).filter(({ at }) =>
      question
        .slice(at)
        .toLowerCase()
        .startsWith(was?.toLowerCase() ?? '\0'),
    )
    return turned.length === 1 ? turned[0]!.edited : undefined
  }
  const [asked] =
    /^(?:who|what|which(?: \p{L}+){1,2}) (?:is|are|was|were|can|could|will|would|should|has|have)\b/iu.exec(question) ??
    []
  if (change.kind !== 'not' || asked === undefined || /\bnot\b|n't\b/iu.test(question)) return undefined
  return `${asked} not${question.slice(asked.length)}`
}

/** The same said with other words of negation, by turns: who asks does not say it as the text does. */
export function reworded(query: string, random: Random): string {
  let said = query
  const turn = (share: number, otherwise: (text: string) => string) => {
    if (random() < share) said = otherwise(said)
  }
  turn(0.5, (text) => text.replace(/\b(is|are|was|were|be|been) not ([a-z]+)\b/u, withPrefix))
  turn(0.5, (text) => text.replace(/\b(is|are|was|were|be|been) ([a-z]+)\b/u, withoutPrefix))
  turn(0.3, (text) => text.replace(/\bdid not ([a-z]+)\b/u, 'failed to $1'))
  turn(0.4, (text) => text.replace(/\b(is|are|was|were|does|did|has|have|had|could|would|should) not\b/u, "$1n't"))
  turn(0.4, (text) => text.replace(/\bcannot\b/u, "can't"))
  turn(0.4, (text) => text.replace(/\bwithout\b/u, 'with no'))
  turn(0.3, (text) => text.replace(/\bnever\b/u, 'at no time'))
  turn(0.4, (text) => text.replace(/\brather than\b/u, 'and not'))
  return said
}

/** "is not possible": "is impossible", where one word is the other with a prefix. */
function withPrefix(all: string, verb: string, word: string): string {
  const other = OPPOSITE.get(word)
  return other?.endsWith(word) ? `${verb} ${other}` : all
}

/** "is impossible": "is not possible". */
function withoutPrefix(all: string, verb: string, word: string): string {
  const other = OPPOSITE.get(word)
  return other !== undefined && word.endsWith(other) ? `${verb} not ${other}` : all
}

/** With "a" and "an" as the new word wants them. */
function replaced(sentence: string, at: number, length: number, by: string): string {
  const before = sentence.slice(0, at)
  const article = /\b(a)n?\s$/iu.exec(before)
  const fitting = article ? `${article[1]}${/^[aeiou]/iu.test(by) ? 'n' : ''} ` : ''
  return `${article ? before.slice(0, article.index) + fitting : before}${by}${sentence.slice(at + length)}`
}

function cased(word: string, as: string): string {
  return /^\p{Lu}/u.test(as) ? word.charAt(0).toUpperCase() + word.slice(1) : word
}
