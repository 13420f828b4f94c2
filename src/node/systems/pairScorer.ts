/**
 * A cross-encoder: query and text are read together, and one number says how well they go together. Any sequence classifier
 * with one output will do, or with two, of which the second speaks for a match. It keeps nothing of the documents.
 */
import { SelvageError } from '../../errors.ts'
import { checkKind, readModelFolder, wrongKind } from './modelFolder.ts'
import type { ModelSpec } from './spec.ts'
import { inRuns, openGraph } from './transformers.ts'

export interface PairScorer {
  readonly description: string
  /** One for each text, higher is better: the logit, or the second's less the first's. */
  score(query: string, texts: readonly string[], onDone?: (done: number) => void): Promise<Float32Array>
  close(): Promise<void>
}

/** Errors: those of readModelFolder and openGraph; `invalid-argument` where the model is of another kind. */
export async function openPairScorer(spec: ModelSpec, threads?: number): Promise<PairScorer> {
  const model = await readModelFolder(spec)
  checkKind(model, 'cross-encoder')
  const graph = await openGraph(model, threads)
  const score: PairScorer['score'] = async (query, texts, onDone) => {
    const inputs = texts.map((text) => graph.tokenize(query, text))
    const scores = new Float32Array(texts.length)
    let done = 0
    for (const run of inRuns(inputs)) {
      const { outputs } = await graph.run(run.map((i) => inputs[i]!))
      const logits = outputs.find(({ name }) => name === 'logits')
      const labels = logits?.dims.length === 2 ? logits.dims[1] : undefined
      if (!logits || (labels !== 1 && labels !== 2))
        throw new SelvageError(
          'invalid-argument',
          `cross-encoder: the model in ${model.folder} gives ${labels === undefined ? 'no f32 logits of one text' : `${labels} numbers for a pair`}; wanted 1, or 2 for no and yes.`,
        )
      run.forEach((text, i) => {
        scores[text] = labels === 1 ? logits.data[i]! : logits.data[2 * i + 1]! - logits.data[2 * i]!
      })
      done += run.length
      onDone?.(done)
    }
    return scores
  }
  try {
    if (!graph.outputs.includes('logits')) throw wrongKind(model.folder, 'bi-encoder', 'cross-encoder')
    await score('probe', ['probe']) // its number of labels is known once it has run
  } catch (error) {
    await graph.close()
    throw error
  }
  return {
    description: `${model.name}, ${model.graph}: reads query and text together, ${model.maxLength} tokens at most`,
    score,
    close: () => graph.close(),
  }
}
