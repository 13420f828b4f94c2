/**
 * Finds a tokenizer's added tokens ([MASK], "[Q] ", <|endoftext|>) in a text, before anything else looks at it.
 * Leftmost, then longest; `lstrip`, `rstrip` and `single_word` as the Rust tokenizers treat them
 * (tokenizers 0.23, added_vocabulary.rs). The caller says in which text to look: the raw or the normalised one.
 */

export interface AddedToken {
  /** The token as it stands in the text that is searched. */
  readonly content: string
  readonly id: number
  /** Swallow the whitespace to the left, to the right. */
  readonly lstrip: boolean
  readonly rstrip: boolean
  /** Match only between non-word characters. */
  readonly singleWord: boolean
}

/** A stretch of the text: plain, or an added token; [contentFrom, contentTo) is the token without swallowed space. */
export interface Segment {
  readonly from: number
  readonly to: number
  readonly token?: { readonly id: number; readonly contentFrom: number; readonly contentTo: number }
}

export class AddedTokens {
  readonly #byContent: ReadonlyMap<string, AddedToken>
  readonly #pattern: RegExp | undefined

  constructor(tokens: readonly AddedToken[]) {
    const usable = tokens.filter((token) => token.content !== '')
    this.#byContent = new Map(usable.map((token) => [token.content, token]))
    this.#pattern = usable.length === 0 ? undefined : alternatives([...this.#byContent.keys()], 'g')
  }

  /** All of `text` in order, empty stretches left out. */
  split(text: string): Segment[] {
    if (this.#pattern === undefined) return text === '' ? [] : [{ from: 0, to: text.length }]
    const segments: Segment[] = []
    let done = 0
    for (const match of text.matchAll(this.#pattern)) {
      const contentFrom = match.index
      const contentTo = contentFrom + match[0].length
      const token = this.#byContent.get(match[0])
      // A match may have been swallowed as another one's space: some vocabularies have runs of spaces as tokens.
      if (token === undefined || contentFrom < done) continue
      if (token.singleWord && (isWord(text[contentFrom - 1]) || isWord(text[contentTo]))) continue
      let from = contentFrom
      let to = contentTo
      if (token.lstrip) while (from > done && isSpace(text[from - 1])) from--
      if (token.rstrip) while (to < text.length && isSpace(text[to])) to++
      if (from > done) segments.push({ from: done, to: from })
      segments.push({ from, to, token: { id: token.id, contentFrom, contentTo } })
      done = to
    }
    if (done < text.length) segments.push({ from: done, to: text.length })
    return segments
  }
}

/**
 * Whether one of the tokens, in any case, lies across place `at` of a text or ends against it: a text must not be cut
 * there. In any case, because a normaliser may lower both.
 */
export function spanFinder(contents: readonly string[]): (text: string, at: number) => boolean {
  const usable = contents.filter((content) => content !== '')
  if (usable.length === 0) return () => false
  const pattern = alternatives(usable, 'gi')
  const reach = Math.max(...usable.map((content) => content.length))
  return (text, at) => {
    const from = Math.max(0, at - reach)
    for (const match of text.slice(from, at + reach).matchAll(pattern)) {
      const start = from + match.index
      if (start < at && start + match[0].length >= at) return true
    }
    return false
  }
}

/** Matches any of the strings, the longest first. */
function alternatives(strings: readonly string[], flags: string): RegExp {
  const longestFirst = [...strings].sort((a, b) => b.length - a.length)
  return new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), flags)
}

const isSpace = (char: string | undefined): boolean => char !== undefined && /\s/.test(char)
const isWord = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{M}\p{N}\p{Pc}]/u.test(char)
