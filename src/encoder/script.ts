/**
 * Does the model know the script that a text is written in? No model says so; its vocabulary does. A script that a model was
 * trained on has pieces of words in the vocabulary; of others there are at most the single letters (BERT) or bytes (byte-level
 * BPE), or nothing ([UNK]). So a letter is known where its token
 *   is not [UNK], and
 *   stands for two letters at least, or for a whole word of one letter; or
 *   is Latin: abbreviations and names fall into letters in any vocabulary (`k8s`); or
 *   is a Chinese character with a token to itself, in a vocabulary that has at least LEAST_HAN of them: they are words, in the
 *   vocabularies of models that know Chinese and Japanese by the thousand; selvage-mini's English one has 247.
 * What is no letter (digits, punctuation, emoji) says nothing of a script and is not counted.
 *
 * Measured with selvage-mini (English): 1 for English, German, French and Vietnamese questions; 0 to .15 for Russian, Greek,
 * Chinese, Japanese, Korean, Arabic, Hebrew, Hindi and Thai ones; between for mixed ones, by their letters
 * (test/encoder/script.test.ts).
 */
import type { Tokenizer } from './tokenizer.ts'

/** Of 8,105 common characters a vocabulary for Chinese has most; bert-base-multilingual has all that CJK blocks hold. */
const LEAST_HAN = 2000
/** Letters of a text that are looked at: a query is short, and a long one is in the same script further on. */
const MOST_CHARS = 2048

/** Without marks: a letter with its vowel sign is one. */
const LETTER = /\p{L}/u
const LATIN = /\p{Script=Latin}/u
const HAN = /\p{Script=Han}/u
const SPACE_OR_END = /[^\p{L}\p{M}\p{N}]|^$/u

/** Share of the text's letters that the model knows, 0 .. 1; 1 where there are none. */
export function knownShare(text: string, tokenizer: Tokenizer): number {
  const length = Math.min(text.length, MOST_CHARS)
  const { ids, starts, ends } = tokenizer.tokenize(text, 0, length, MOST_CHARS)
  /** Per UTF-16 unit: tokens that stand for it, and the letters of the longest. */
  const tokens = new Uint16Array(length)
  const letters = new Uint16Array(length)
  for (const [i, id] of ids.entries()) {
    const [start, end] = [starts[i]!, ends[i]!]
    if (start < 0 || id === tokenizer.unknownId) continue
    const own = [...text.slice(start, end)].filter((char) => LETTER.test(char)).length
    for (let at = start; at < Math.min(end, length); at++) {
      tokens[at]!++
      letters[at] = Math.max(letters[at]!, own)
    }
  }
  let known = 0
  let all = 0
  for (let at = 0; at < length; ) {
    const char = String.fromCodePoint(text.codePointAt(at)!)
    if (LETTER.test(char)) {
      all++
      if (tokens[at]! > 0 && isKnown(char, at)) known++
    }
    at += char.length
  }
  return all === 0 ? 1 : known / all

  function isKnown(char: string, at: number): boolean {
    if (LATIN.test(char) || letters[at]! >= 2) return true
    if (tokens[at]! > 1) return false // bytes
    if (HAN.test(char)) return tokenizer.hanCount >= LEAST_HAN
    return SPACE_OR_END.test(text.charAt(at - 1)) && SPACE_OR_END.test(text.charAt(at + char.length))
  }
}
