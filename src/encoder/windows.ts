/**
 * Cuts a long text into windows that can be tokenized one after the other with the same tokens as in one go, so that
 * the first 256 tokens of a 2 MB text cost as much as those of a page. A window ends where every tokenizer of its
 * kind starts anew: before a single space between two words; for BERT before any whitespace, ASCII punctuation or
 * Chinese character.
 *
 * A run without such a place is followed to its end for BERT, whose cost is linear there and which makes one [UNK] of
 * a word over 100 characters. For merging tokenizers (BPE, Unigram) it is cut after RUN_LIMIT characters: tokens next
 * to that cut may differ from the ones of the whole run, which truncation leaves out for any model with a limit below
 * RUN_LIMIT tokens.
 */
import { isChinese } from './normalizer.ts'

/** Longest window in UTF-16 units where no good end is found. */
export const RUN_LIMIT = 16_384

export interface WindowRules {
  /** Words end at whitespace, punctuation and Chinese characters and are looked up on their own (BERT). */
  readonly independentWords: boolean
  /** Whether an added token lies across or against the place, so that it must not be an end. */
  spansToken(text: string, at: number): boolean
}

/** Windows [from, to) over [start, end), each of about `size` units. */
export function* windows(
  text: string,
  start: number,
  end: number,
  size: number,
  rules: WindowRules,
): Generator<{ from: number; to: number }> {
  let from = start
  while (from < end) {
    const to = from + size >= end ? end : nextEnd(text, from, from + size, end, rules)
    yield { from, to }
    from = to
  }
}

function nextEnd(text: string, from: number, target: number, end: number, rules: WindowRules): number {
  const limit = rules.independentWords ? end : Math.min(end, Math.max(target, from + RUN_LIMIT))
  for (let at = target; at < limit; at++) {
    if (isFreshStart(text, at, rules) && !rules.spansToken(text, at)) return at
  }
  // Never between the halves of a surrogate pair.
  return limit < end && /[\udc00-\udfff]/.test(text.charAt(limit)) ? limit + 1 : limit
}

function isFreshStart(text: string, at: number, rules: WindowRules): boolean {
  const char = text.charAt(at)
  if (rules.independentWords) {
    return /[\s!-/:-@[-`{-~]/.test(char) || (char >= '\u3400' && isChinese(codePointAt(text, at)))
  }
  return char === ' ' && /\S/.test(text.charAt(at - 1)) && /\S/.test(text.charAt(at + 1))
}

const codePointAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at) ?? 0)
