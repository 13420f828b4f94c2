/**
 * Pages in, passages and their vectors out: what a live index needs of a model, in one call that can cross to the worker that
 * has it. Vectors are rounded to f16, as an index keeps them.
 */
import type { EncodeOptions, Encoder } from '../encoder/encoder.ts'
import { throwIfAborted } from '../errors.ts'
import { toHalves } from '../ops/half.ts'
import type { Page } from '../text/document.ts'
import type { CharRange, EncoderBackend } from '../types.ts'
import { type PlannedPage, passageTexts, planPage } from './plan.ts'

export interface EncodedPages {
  /** Per page and section: what of the section's text each passage is. */
  readonly passages: readonly (readonly (readonly CharRange[])[])[]
  /** f16 bits `[T, E]` of each passage, in order. */
  readonly halves: readonly Uint16Array[]
  readonly model: { readonly name: string; readonly hash: string; readonly dim: number }
}

/** The model as a live index sees it: near, or in another worker. */
export interface PageEncoder {
  model(): Promise<EncodedPages['model']>
  /** Errors: `aborted`, and what encoders throw. `onDone` is told passages so far, and how many there are. */
  encodePages(
    pages: readonly Page[],
    options?: { readonly signal?: AbortSignal | undefined; readonly onDone?: (done: number, of: number) => void },
  ): Promise<EncodedPages>
}

/**
 * Passages handed to the model at once: so long a question may have to wait. On wasm each is a run of its own that
 * blocks the thread, for 35 ms where passages are short; a GPU is faster with several.
 */
const PORTIONS: Readonly<Record<EncoderBackend, number>> = { webgpu: 8, wasm: 1, node: 8 }
/** So long pages are cut into passages without a look at what else there is to do. */
const PLANNING_MS = 30

export function pageEncoder(encoder: Encoder): PageEncoder {
  const { name, hash, dim } = encoder.model
  const portion = PORTIONS[encoder.backend]
  return {
    model: async () => ({ name, hash, dim }),
    async encodePages(pages, { signal, onDone } = {}) {
      const planned: PlannedPage[] = []
      let lastMs = performance.now()
      for (const page of pages) {
        planned.push(planPage(page, encoder))
        if (performance.now() - lastMs < PLANNING_MS) continue
        await letOthersIn(signal)
        lastMs = performance.now()
      }
      const texts = planned.flatMap(passageTexts)
      const halves: Uint16Array[] = []
      const options: EncodeOptions = signal ? { signal } : {}
      for (let from = 0; from < texts.length; from += portion) {
        if (from > 0) await letOthersIn(signal)
        const encoded = await encoder.encodeDocuments(texts.slice(from, from + portion), options)
        for (const { matrix } of encoded) halves.push(toHalves(matrix.data))
        onDone?.(halves.length, texts.length)
      }
      return { passages: planned.map(({ passages }) => passages), halves, model: { name, hash, dim } }
    },
  }
}

/**
 * Lets the thread look at its messages: where the model runs on it, a question or an abort is heard only now. A timer,
 * since what comes by another port is not sure to be heard before a message of one's own.
 */
async function letOthersIn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setTimeout(resolve))
  throwIfAborted(signal)
}
