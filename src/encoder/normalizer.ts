/**
 * Normalisers that keep source ranges. BERT's is written out here, code point by code point as the Rust tokenizers
 * do it (which PyLate runs): the JavaScript library differs from them for Greek final sigma and for Chinese beyond
 * U+FFFF. Any other normaliser is the library's own, run on the whole text for its result and on small clusters to
 * find out which source characters each part of the result stands for.
 *
 * Source: tokenizers 0.23, normalizers/bert.rs. Checked against it for every code point; where the two differ, the
 * character is newer than the Unicode 8 tables there.
 */
import { type AlignedText, Rewriter } from './aligned.ts'

export type AlignedNormalizer = (input: AlignedText) => AlignedText

/** One normaliser of the library: its entry in tokenizer.json and what it does. */
export interface PlainNormalizer {
  readonly config: {
    readonly type: string
    readonly clean_text?: boolean | null | undefined
    readonly handle_chinese_chars?: boolean | null | undefined
    readonly strip_accents?: boolean | null | undefined
    readonly lowercase?: boolean | null | undefined
  }
  normalize(text: string): string
}

/** The aligned twin of normalisers that are run one after the other. */
export function alignedNormalizer(normalizers: readonly PlainNormalizer[]): AlignedNormalizer {
  const steps = normalizers.map((normalizer) => {
    const { type, clean_text, handle_chinese_chars, strip_accents, lowercase } = normalizer.config
    if (type !== 'BertNormalizer') return byClusters((text) => normalizer.normalize(text))
    return bertNormalizer({
      cleanText: clean_text ?? true,
      spaceChinese: handle_chinese_chars ?? true,
      lowerCase: lowercase ?? true,
      stripAccents: strip_accents ?? lowercase ?? true,
    })
  })
  return (input) => steps.reduce((text, step) => step(text), input)
}

export interface BertNormalizerOptions {
  /** Drop control characters and make every whitespace a space. */
  readonly cleanText: boolean
  /** Put spaces around CJK ideographs. */
  readonly spaceChinese: boolean
  readonly stripAccents: boolean
  readonly lowerCase: boolean
}

export function bertNormalizer(options: BertNormalizerOptions): AlignedNormalizer {
  const rewriteOne = (char: string): string => {
    let out = char
    if (options.cleanText) {
      if (char === '\0' || char === '\ufffd') return ''
      if (/[\t\n\r]/.test(char) || /\p{Zs}|\p{Zl}|\p{Zp}/u.test(char)) out = ' '
      else if (/\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}/u.test(char)) return ''
    }
    if (options.stripAccents) out = out.normalize('NFD').replace(/\p{Mn}/gu, '')
    return options.lowerCase ? out.toLowerCase() : out
  }
  // Regular expressions per character are slow; texts have few distinct ones.
  const cache = new Map<string, string>()
  return (input) => {
    const { text } = input
    if (/^[ -~]*$/.test(text)) {
      return options.lowerCase ? { ...input, text: text.toLowerCase() } : input
    }
    const rewriter = new Rewriter(input)
    let at = 0
    for (const char of text) {
      const out = cache.get(char) ?? rewriteOne(char)
      cache.set(char, out)
      const end = at + char.length
      if (options.spaceChinese && isChinese(char)) {
        rewriter.insert(at, ' ')
        rewriter.write(at, end, out)
        rewriter.insert(end, ' ')
      } else if (out === '' && /\p{Mn}/u.test(char)) {
        rewriter.absorb(at, end)
      } else {
        rewriter.write(at, end, out)
      }
      at = end
    }
    return rewriter.finish()
  }
}

/** The blocks bert.rs lists; it leaves out U+2B820 to U+2B91F, and so must we. */
export function isChinese(char: string): boolean {
  const code = char.codePointAt(0) ?? 0
  return (
    code >= 0x3400 &&
    ((code >= 0x4e00 && code <= 0x9fff) ||
      code <= 0x4dbf ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0x20000 && code <= 0x2a6df) ||
      (code >= 0x2a700 && code <= 0x2b81f) ||
      (code >= 0x2b920 && code <= 0x2ceaf) ||
      (code >= 0x2f800 && code <= 0x2fa1f))
  )
}

/** Python's and JavaScript's lower-casing of a whole text, final sigma included; 'İ' becomes two characters. */
export function lowerCased(input: AlignedText): AlignedText {
  const lower = input.text.toLowerCase()
  if (lower.length === input.text.length) return { ...input, text: lower }
  const rewriter = new Rewriter(input)
  let from = 0
  let at = 0
  for (const char of input.text) {
    const length = char.toLowerCase().length
    rewriter.write(from, from + char.length, lower.slice(at, at + length))
    from += char.length
    at += length
  }
  return rewriter.finish()
}

/**
 * A normaliser whose effect stays within a base character and its marks (Unicode forms, lower case, accents) is
 * followed exactly. One that looks further (runs of spaces, prefixes) is noticed by the result and followed by
 * comparing the two texts.
 */
function byClusters(normalize: (text: string) => string): AlignedNormalizer {
  return (input) => {
    const whole = normalize(input.text)
    if (whole === input.text) return input
    const rewriter = new Rewriter(input)
    let written = 0
    for (const match of input.text.matchAll(CLUSTER)) {
      const cluster = match[0]
      const out = normalize(cluster)
      if (!whole.startsWith(out, written)) return byComparison(input, whole)
      rewriter.write(match.index, match.index + cluster.length, out)
      written += out.length
    }
    return written === whole.length ? rewriter.finish() : byComparison(input, whole)
  }
}

/** What normalisation may join: conjoining Hangul letters, or one character, each with the marks that follow. */
const CLUSTER = /(?:[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]+|\P{M})?\p{M}*/gsu

/** How far a dropped or an inserted run may reach before both sides count as replaced one for one. */
const LOOKAHEAD = 16

/** Follows the rewritten text through the old one: equal characters match, the shorter skip explains the rest. */
function byComparison(input: AlignedText, whole: string): AlignedText {
  const { text } = input
  const rewriter = new Rewriter(input)
  const fold = (char: string | undefined): string | undefined => char?.toUpperCase()
  let from = 0
  for (let at = 0; at < whole.length; at++) {
    const wanted = fold(whole[at])
    let dropped = 0
    let inserted = 0
    while (dropped <= LOOKAHEAD && fold(text[from + dropped]) !== wanted) dropped++
    while (inserted <= LOOKAHEAD && fold(whole[at + inserted]) !== fold(text[from])) inserted++
    if (from >= text.length || (inserted < dropped && inserted <= LOOKAHEAD)) {
      rewriter.insert(from, whole.charAt(at))
      continue
    }
    // As likely dropped as inserted: normalisers rather shorten (runs of spaces) than lengthen.
    if (dropped <= inserted && dropped <= LOOKAHEAD) from += dropped
    rewriter.write(from, from + 1, whole.charAt(at))
    from++
  }
  return rewriter.finish()
}
