/** Whether examples can be learned from at all, said before a run starts; and whether they are those of an earlier one. */
import { SelvageError } from '../errors.ts'
import { sha256Hex } from '../util.ts'
import type { TrainOptions } from './options.ts'
import type { Example } from './types.ts'

export function checkExamples(examples: readonly Example[], { loss, batchSize }: Required<TrainOptions>): void {
  const wrong = (i: number, what: string): SelvageError =>
    new SelvageError('invalid-argument', `Example ${i + 1} ${what}`)
  if (examples.length === 0) throw new SelvageError('invalid-argument', 'There is no example to learn from.')
  for (const [i, { query, positive, negatives, scores }] of examples.entries()) {
    if ([query, positive, ...negatives].some((text) => text.trim() === ''))
      throw wrong(i, 'has an empty text. Leave it out.')
    if (negatives.includes(positive)) throw wrong(i, 'has its positive among the negatives. Take it out of them.')
    if (loss === 'contrastive') {
      const alone = batchSize === 1 || examples.length === 1
      if (!alone || negatives.length > 0) continue
      throw wrong(i, 'has no negative, and no other example is in its batch. Give it one, or a batchSize of 2 or more.')
    }
    if (negatives.length === 0)
      throw wrong(i, 'has no negative, which distillation compares with. Give it at least one.')
    if (scores?.length !== 1 + negatives.length || !scores.every(Number.isFinite)) {
      const got = scores === undefined ? 'no scores' : `the scores [${scores}]`
      throw wrong(
        i,
        `has ${got}; distillation wants ${1 + negatives.length} numbers: of the positive, then of each negative.`,
      )
    }
    if (new Set(negatives).size < negatives.length) throw wrong(i, 'has a negative twice. Take it out once.')
  }
}

export function hashOf(examples: readonly Example[]): Promise<string> {
  const plain = examples.map(({ query, positive, negatives, scores }) => [query, positive, negatives, scores ?? null])
  return sha256Hex(new TextEncoder().encode(JSON.stringify(plain)))
}
