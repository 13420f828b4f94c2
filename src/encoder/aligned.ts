/**
 * A text that remembers where it came from: every UTF-16 unit of `text` has the range of the source text it stands
 * for. Normalisers rewrite it piece by piece and the ranges follow, so that a token found in the normalised text leads
 * back to the characters a reader sees. It knows nothing of tokenizers.
 *
 * The idea is the `NormalizedString` of Hugging Face's tokenizers, with plain arrays and without its byte offsets.
 */

export interface AlignedText {
  readonly text: string
  /** `[text.length]`, never decreasing. Inserted units have empty ranges. */
  readonly starts: Int32Array
  readonly ends: Int32Array
}

/** The stretch [start, end) of a source text, unchanged. */
export function fromSource(source: string, start: number, end: number): AlignedText {
  return identity(source.slice(start, end), start)
}

/** A text whose units stand one by one for the source from `start` on. */
export function identity(text: string, start: number): AlignedText {
  const starts = new Int32Array(text.length)
  const ends = new Int32Array(text.length)
  for (let i = 0; i < text.length; i++) {
    starts[i] = start + i
    ends[i] = start + i + 1
  }
  return { text, starts, ends }
}

export function slice(input: AlignedText, from: number, to: number): AlignedText {
  return {
    text: input.text.slice(from, to),
    starts: input.starts.subarray(from, to),
    ends: input.ends.subarray(from, to),
  }
}

/** Source range of the units [from, to); undefined for none. */
export function sourceRange(input: AlignedText, from: number, to: number): { start: number; end: number } | undefined {
  const start = input.starts[from]
  const end = input.ends[to - 1]
  return start === undefined || end === undefined || to <= from ? undefined : { start, end }
}

/** Writes a rewritten copy of an aligned text from left to right; what is not written is left out. */
export class Rewriter {
  readonly #input: AlignedText
  readonly #parts: string[] = []
  readonly #starts: number[] = []
  readonly #ends: number[] = []

  constructor(input: AlignedText) {
    this.#input = input
  }

  /** The input's units [from, to) become `out`: one for one where they are the same, else all for all. */
  write(from: number, to: number, out: string): void {
    const { text, starts, ends } = this.#input
    this.#parts.push(out)
    const isSame = text.startsWith(out, from) && out.length === to - from
    for (let i = 0; i < out.length; i++) {
      this.#starts.push((isSame ? starts[from + i] : starts[from]) ?? 0)
      this.#ends.push((isSame ? ends[from + i] : ends[to - 1]) ?? 0)
    }
  }

  /** A unit that stands for no text, placed before the input's unit `at`. */
  insert(at: number, out: string): void {
    const place = this.#input.starts[at] ?? this.#input.ends[at - 1] ?? 0
    this.#parts.push(out)
    for (let i = 0; i < out.length; i++) {
      this.#starts.push(place)
      this.#ends.push(place)
    }
  }

  /** The letter written last also stands for [from, to), which is left out: a stripped accent belongs to it. */
  absorb(from: number, to: number): void {
    const last = this.#ends.length - 1
    const isSpace = this.#parts.at(-1) === ' '
    if (last < 0 || isSpace || this.#ends[last] !== this.#input.starts[from]) return
    this.#ends[last] = this.#input.ends[to - 1] ?? 0
  }

  finish(): AlignedText {
    return {
      text: this.#parts.join(''),
      starts: Int32Array.from(this.#starts),
      ends: Int32Array.from(this.#ends),
    }
  }
}
