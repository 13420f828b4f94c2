/**
 * A better beginning for a projection that has not been trained: the principal components of the model's own token vectors,
 * taken over texts of what it is to be trained on. Over 60 questions on Ray's documentation and 208 of its sections, all-MiniLM-L6-v2
 * untrained has an MRR of .529 by it at 96 numbers and .456 at 64, by a random one .411 and .383; by all 384 numbers .550. And
 * a random one spreads what few directions hold: the graph for wasm, in 8 bits, then keeps too little of the vectors.
 */
import type { Layouts } from '../encoder/layouts.ts'
import { SelvageError } from '../errors.ts'
import { seeded } from '../plaid/random.ts'
import { Bert } from './bert.ts'
import { encodeRows } from './encodeRows.ts'
import { principalProjection } from './projection.ts'
import { type Checkpoint, PROJECTION, type Tensor } from './types.ts'

/** Some tens of times the directions that are looked for: half a minute of one core. With 2000 the figures are .496 and .441. */
const TOKENS = 3000
/** Of each text every so many tokens, so that more texts are seen. */
const EVERY = 3

/** The checkpoint with another projection of the same width. @param texts documents: some hundreds; of them as many are drawn as are needed */
export async function withPrincipalProjection(
  checkpoint: Checkpoint,
  layouts: Layouts,
  texts: readonly string[],
  seed = 0,
): Promise<Checkpoint> {
  const { shape, weights } = checkpoint
  const dim = weights.get(PROJECTION)?.shape[0]
  if (dim === undefined) {
    throw new SelvageError('model-invalid', 'The checkpoint has no projection to put another in the place of.')
  }
  const random = seeded(seed)
  const shuffled = texts.map((text) => ({ text, key: random() })).sort((a, b) => a.key - b.key)
  const whole = { shape, weights: new Map(weights).set(PROJECTION, identity(shape.hidden)) }
  const vectors = await sample(
    whole,
    layouts,
    shuffled.map(({ text }) => text),
  )
  const projection = principalProjection(vectors, shape.hidden, dim, seed)
  return { shape, weights: new Map(weights).set(PROJECTION, projection) }
}

/** `[N, hidden]`: token vectors of the texts, as they are before any projection. */
async function sample(checkpoint: Checkpoint, layouts: Layouts, texts: readonly string[]): Promise<Float32Array> {
  const { hidden, positions } = checkpoint.shape
  const vectors = new Float32Array(TOKENS * hidden)
  const bert = new Bert(checkpoint)
  let taken = 0
  try {
    for (let from = 0; from < texts.length && taken < TOKENS; from += 16) {
      const group = texts.slice(from, from + 16).map((text) => layouts.document(text))
      for (const { data } of await encodeRows(group, bert, positions))
        for (let start = 0; start < data.length && taken < TOKENS; start += EVERY * hidden)
          vectors.set(data.subarray(start, start + hidden), taken++ * hidden)
    }
  } finally {
    bert.close()
  }
  return vectors.subarray(0, taken * hidden)
}

function identity(size: number): Tensor {
  const data = new Float32Array(size * size)
  for (let i = 0; i < size; i++) data[i * (size + 1)] = 1
  return { shape: [size, size], data }
}
