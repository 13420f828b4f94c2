/**
 * `selvage cost`: what vectors take, by arithmetic, for a collection that is only thought of or for the passages of an index
 * that is there. What is computed is plaid/cost.ts's business, what is measured costMeasure.ts's, how it looks costTable.ts's.
 */
import { readManifest } from '../engine/manifest.ts'
import { SelvageError } from '../errors.ts'
import { biEncoderCost, colbertCost, costs, evenCollection, plaidCost } from '../plaid/cost.ts'
import { measureIndex } from './costMeasure.ts'
import { type Claim, claimLines, costLines, measuredLines } from './costTable.ts'
import { EXIT } from './exit.ts'
import { placeSource } from './place.ts'

export interface CostOptions {
  /** Folder or http(s) address of an index: its passages are counted, and its packs weighed. */
  readonly index?: string
  /** Without an index. Default 1,000,000 passages of 200 tokens, and the dimensions of the model that ships. */
  readonly passages?: number
  /** In the mean. */
  readonly tokens?: number
  readonly dim?: number
  /** Of the one vector a passage to compare with. Default 384, as all-MiniLM-L6-v2 has. */
  readonly biEncoderDim?: number
  readonly json: boolean
}

export const COST_DEFAULTS = { passages: 1_000_000, tokens: 200, dim: 64, biEncoderDim: 384 } as const

export async function costCommand({ index, json, ...given }: CostOptions): Promise<number> {
  const { passages, tokens, dim, biEncoderDim } = { ...COST_DEFAULTS, ...given }
  const print = (value: unknown, lines: () => readonly string[]) =>
    process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${lines().join('\n')}\n`)
  if (index === undefined) {
    const collection = evenCollection(passages, tokens)
    const told = { ...collection, dim, biEncoderDim, costs: costs(collection, dim, biEncoderDim) }
    const claim = claimed()
    print({ ...told, claim }, () => [...costLines(told), ...claimLines(claim)])
    return EXIT.ok
  }
  refuseCounts(index, given)
  const measured = await measureIndex(index, await readManifest(placeSource(index)))
  const { lengths: _, ...collection } = measured.collection
  const all = costs(measured.collection, measured.dim, biEncoderDim)
  const told = { ...collection, dim: measured.dim, biEncoderDim, costs: all }
  const { bits, pool } = measured
  const marked = { bits, pool, note: '<- this index' }
  print({ ...told, measured: { ...measured, collection } }, () => [
    ...measuredLines(measured),
    ...costLines(told, marked),
  ])
  return EXIT.ok
}

function refuseCounts(index: string, given: Partial<CostOptions>): void {
  const name = (['passages', 'tokens', 'dim'] as const).find((one) => given[one] !== undefined)
  if (name !== undefined)
    throw new SelvageError(
      'invalid-argument',
      `cost: --${name} is for a collection that is not there yet; the index at ${index} has its own. Leave one of the two out.`,
    )
}

/**
 * What comes to 3 GB for a million documents as single vectors and to 100 GB as a vector a token: BERT's 768 dimensions, and
 * ColBERT's 128 for 200 tokens, all in f32. Then the same as an index, and with the dimensions of the model that ships.
 */
function claimed(): Claim {
  const tokensEach = 200
  const collection = evenCollection(1_000_000, tokensEach)
  const index = (dim: number, pool: number) => plaidCost(collection, { dim, bits: 2, pool })
  const [single, several, ours] = [768, 128, COST_DEFAULTS.dim]
  const kept = [biEncoderCost(collection, single, 'f32'), colbertCost(collection, several, 'f32')]
  return {
    passages: collection.passages,
    tokensEach,
    costs: [...kept, index(several, 1), index(several, 2), index(ours, 1), index(ours, 2)],
  }
}
