/**
 * Pages in, passages and their vectors out: what a live index needs of a model, in one call that can cross to the worker that
 * has it. Vectors are rounded to f16, as an index keeps them.
 */
import type { EncodeOptions, Encoder } from '../encoder/encoder.ts'
import { toHalves } from '../ops/half.ts'
import type { Page } from '../text/document.ts'
import type { CharRange } from '../types.ts'
import { passageTexts, planPage } from './plan.ts'

export interface EncodedPages {
  /** Per page and section: what of the section's text each passage is. */
  readonly passages: readonly (readonly (readonly CharRange[])[])[]
  /** f16 bits `[T, E]` of each passage, in order. */
  readonly halves: readonly Uint16Array[]
  readonly model: { readonly name: string; readonly hash: string; readonly dim: number }
}

/** The model as a live index sees it: near, or in another worker. */
export interface PageEncoder {
  /** Errors: `aborted`, and what encoders throw. `onDone` is told passages so far, and how many there are. */
  encodePages(
    pages: readonly Page[],
    options?: { readonly signal?: AbortSignal | undefined; readonly onDone?: (done: number, of: number) => void },
  ): Promise<EncodedPages>
}

/** Passages handed to the model at once: so long a question may have to wait. */
const PORTION = 8

export function pageEncoder(encoder: Encoder): PageEncoder {
  return {
    async encodePages(pages, { signal, onDone } = {}) {
      const planned = pages.map((page) => planPage(page, encoder))
      const texts = planned.flatMap(passageTexts)
      const halves: Uint16Array[] = []
      const options: EncodeOptions = signal ? { signal } : {}
      for (let from = 0; from < texts.length; from += PORTION) {
        const encoded = await encoder.encodeDocuments(texts.slice(from, from + PORTION), options)
        for (const { matrix } of encoded) halves.push(toHalves(matrix.data))
        onDone?.(halves.length, texts.length)
      }
      const { name, hash, dim } = encoder.model
      return { passages: planned.map(({ passages }) => passages), halves, model: { name, hash, dim } }
    },
  }
}
