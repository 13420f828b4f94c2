/**
 * An encoder without a model: a token is a run of letters and digits, its vector depends on its letters only, so equal
 * words match with cosine 1 and others hardly. Enough to test everything around the encoder, exactly and at once.
 */
import type { Encoder } from '../../src/encoder/encoder.ts'
import type { EncodedText } from '../../src/types.ts'

export const FAKE_DIM = 16

export function fakeEncoder(options: { documentTokens?: number; hash?: string } = {}): Encoder {
  const documentTokens = options.documentTokens ?? 40
  return {
    model: {
      name: 'fake',
      hash: options.hash ?? 'f'.repeat(64),
      dim: FAKE_DIM,
      queryLength: 8,
      documentLength: documentTokens,
    },
    backend: 'node',
    device: 'none',
    refused: [],
    documentTokens,
    countTokens: (text) => words(text).length,
    encodeQuery: async (text) => encode(text, Number.POSITIVE_INFINITY),
    encodeDocuments: async (texts, encodeOptions) =>
      texts.map((text, i) => {
        encodeOptions?.signal?.throwIfAborted()
        encodeOptions?.onDone?.(i + 1)
        return encode(text, documentTokens)
      }),
    layoutDocument: (text) => encode(text, documentTokens),
    queryTokens: (text, { starts, ends }) =>
      Array.from(starts, (start, q) => ({ text: text.slice(start, ends[q]), isMask: false })),
    knownShare: () => 1,
    close: async () => {},
  }
}

function words(text: string) {
  return [...text.matchAll(/[\p{L}\p{N}]+/gu)]
}

function encode(text: string, limit: number): EncodedText {
  const tokens = words(text).slice(0, limit)
  const data = new Float32Array(tokens.length * FAKE_DIM)
  for (const [row, token] of tokens.entries()) data.set(wordVector(token[0].toLowerCase()), row * FAKE_DIM)
  return {
    matrix: { data, rows: tokens.length, dim: FAKE_DIM },
    tokenIds: Int32Array.from(tokens, (token) => hash(token[0].toLowerCase())),
    starts: Int32Array.from(tokens, (token) => token.index),
    ends: Int32Array.from(tokens, (token) => token.index + token[0].length),
  }
}

function wordVector(word: string): number[] {
  let state = hash(word)
  const values = Array.from({ length: FAKE_DIM }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32 - 0.5
  })
  const norm = Math.hypot(...values)
  return values.map((value) => value / norm)
}

/** FNV-1a, 31 bits. */
function hash(word: string): number {
  let value = 0x811c9dc5
  for (const character of word) value = Math.imul(value ^ character.codePointAt(0)!, 0x01000193)
  return value >>> 1
}
