/**
 * A head learned from pairs of a query and its right passages: steps of Adam (Kingma and Ba 2015) on the contrastive loss, held near
 * the identity by what it costs to leave it. Which rows match is looked up once a round and held for some steps in between, as
 * latent variables are (Felzenszwalb et al. 2010): looking up is nearly all of the work, and matches hardly change. How many
 * rounds are best, pairs say that are set aside for it; then all are learned from. The same pairs and seed give the same head.
 * Knows no search: passages that are easily taken for the right ones are given.
 */
import { seeded, shuffled } from '../plaid/random.ts'
import type { TokenMatrix } from '../types.ts'
import { type Head, identityHead, mapRows } from './head.ts'
import { type Candidate, contrastiveLoss, lookUp, type MappedQuery } from './headLoss.ts'

export interface HeadPair {
  readonly query: TokenMatrix
  /** Numbers of passages, at least one; any of them will do. */
  readonly right: readonly number[]
  /** Of those that come before it, or near to it, at present. The right ones of other pairs are wrong ones too. */
  readonly wrong: readonly number[]
}

/** How it is learned. test/bench/lesson.ts has what was measured. */
export interface HeadRecipe {
  /** What scores, sums of cosines, are divided by before the softmax. */
  readonly temperature: number
  /** Of Adam. */
  readonly rate: number
  /** Price of |W - I|², for a loss in nats. */
  readonly hold: number
  /** At most. */
  readonly rounds: number
  /** In a round, however many pairs there are. */
  readonly steps: number
  /** Right passages of other pairs that a query is held against in a round. */
  readonly others: number
  /** Share of the pairs that say when to stop, where they are enough for it; else half of the rounds are made. */
  readonly aside: number
}

export const HEAD_RECIPE: HeadRecipe = {
  temperature: 1,
  rate: 2e-3,
  hold: 0.3,
  rounds: 6,
  steps: 60,
  others: 8,
  aside: 0.2,
}

export interface HeadOptions extends Partial<HeadRecipe> {
  readonly seed: number
  /** Between two slices of work: throws where it is to be stopped. */
  readonly breathe?: () => Promise<void>
  /** Queries that were looked at, and that are to be looked at, at most. */
  readonly onProgress?: (done: number, total: number) => void
}

export interface LearnedHead extends Head {
  /** 0: it is the identity, since pairs set aside said that nothing was better. */
  readonly rounds: number
}

/** Fewer say nothing about when to stop. */
const LEAST_ASIDE = 4
/** Another round is better if it takes so much off the loss: less is not worth its time. */
const WORTH = 0.005
/** Rounds without a better one, after which there is no better one. */
const PATIENCE = 2
/** Queries of a step. */
const BATCH = 16

export async function trainHead(
  passages: readonly TokenMatrix[],
  pairs: readonly HeadPair[],
  { seed, breathe, onProgress, ...given }: HeadOptions,
): Promise<LearnedHead> {
  const recipe = { ...HEAD_RECIPE, ...given }
  const random = seeded(seed)
  const order = inOrder(pairs, random)
  const asideCount = Math.round(order.length * recipe.aside)
  const isTried = asideCount >= LEAST_ASIDE
  const total = recipe.rounds * order.length + (isTried ? recipe.rounds * order.length + asideCount : 0)
  let done = 0
  const pause = async (looked: number) => {
    onProgress?.(Math.min(done, total), total)
    done += looked
    await breathe?.()
  }
  const fitOf = (learnt: readonly HeadPair[]) => new Fit(passages, learnt, recipe, random, pause)
  const rounds = isTried
    ? await bestRounds(fitOf(order.slice(asideCount)), order.slice(0, asideCount), recipe.rounds)
    : Math.ceil(recipe.rounds / 2)
  const fit = fitOf(order)
  for (let round = 0; round < rounds; round++) await fit.round()
  onProgress?.(total, total)
  return { dim: fit.dim, weights: fit.weights, rounds }
}

async function bestRounds(fit: Fit, judges: readonly HeadPair[], most: number): Promise<number> {
  let best = 0
  let least = await fit.lossOf(judges)
  for (let round = 1; round <= most && round - best <= PATIENCE; round++) {
    await fit.round()
    const loss = await fit.lossOf(judges)
    if (loss < least * (1 - WORTH)) [least, best] = [loss, round]
  }
  return best
}

interface LookedUp {
  readonly mapped: MappedQuery
  readonly candidates: readonly Candidate[]
}

class Fit {
  readonly dim: number
  readonly weights: Float32Array
  readonly #passages: readonly TokenMatrix[]
  readonly #pairs: readonly HeadPair[]
  readonly #recipe: HeadRecipe
  readonly #random: () => number
  readonly #pause: (looked: number) => Promise<void>
  readonly #adam: Adam
  /** Right passages of all pairs. */
  readonly #answers: readonly number[]

  constructor(
    passages: readonly TokenMatrix[],
    pairs: readonly HeadPair[],
    recipe: HeadRecipe,
    random: () => number,
    pause: (looked: number) => Promise<void>,
  ) {
    this.dim = pairs[0]?.query.dim ?? 0
    this.weights = identityHead(this.dim).weights
    this.#passages = passages
    this.#pairs = pairs
    this.#recipe = recipe
    this.#random = random
    this.#pause = pause
    this.#adam = new Adam(this.weights.length, recipe.rate)
    this.#answers = [...new Set(pairs.flatMap(({ right }) => right))]
  }

  async round(): Promise<void> {
    const { steps, temperature, hold, others } = this.#recipe
    const looked: LookedUp[] = []
    for (const pair of this.#pairs) {
      await this.#pause(1)
      const more = Array.from(
        { length: others },
        () => this.#answers[Math.floor(this.#random() * this.#answers.length)]!,
      )
      looked.push(this.#lookUp(pair, more))
    }
    let batches: LookedUp[][] = []
    for (let step = 0; step < steps; step++) {
      await this.#pause(0)
      if (batches.length === 0) batches = batchesOf(inOrder(looked, this.#random))
      const batch = batches.pop()!
      const gradient = new Float64Array(this.weights.length)
      for (const { mapped, candidates } of batch) {
        mapRows(this.weights, mapped.query, mapped.units, mapped.lengths)
        contrastiveLoss(mapped, candidates, temperature, gradient)
      }
      for (let i = 0; i < gradient.length; i++) {
        const home = i % (this.dim + 1) === 0 ? 1 : 0
        gradient[i] = gradient[i]! / batch.length + 2 * hold * (this.weights[i]! - home)
      }
      this.#adam.step(this.weights, gradient)
    }
  }

  /** Mean over pairs that it does not learn from, against the passages that they come with. */
  async lossOf(pairs: readonly HeadPair[]): Promise<number> {
    let sum = 0
    for (const pair of pairs) {
      await this.#pause(1)
      const { mapped, candidates } = this.#lookUp(pair, [])
      sum += contrastiveLoss(mapped, candidates, this.#recipe.temperature)
    }
    return sum / pairs.length
  }

  #lookUp({ query, right, wrong }: HeadPair, more: readonly number[]): LookedUp {
    const mapped = { query, units: new Float32Array(query.data.length), lengths: new Float32Array(query.rows) }
    mapRows(this.weights, query, mapped.units, mapped.lengths)
    const candidates = [...new Set([...right, ...wrong, ...more])].map((number) => {
      const passage = this.#passages[number]!
      const positions = new Uint16Array(query.rows)
      lookUp(mapped.units, query.rows, passage, positions)
      return { passage, isRight: right.includes(number), positions }
    })
    return { mapped, candidates }
  }
}

/**
 * Adam with one mean of squares for all weights, where Adam has one for each (as Adam-mini has one a block: Zhang et al. 2024). With
 * its own each, a weight that only noise pulls at moves as far as one that all pairs agree on, and few pairs are learned by heart.
 */
class Adam {
  readonly #rate: number
  readonly #means: Float64Array
  #square = 0
  #steps = 0

  constructor(count: number, rate: number) {
    this.#rate = rate
    this.#means = new Float64Array(count)
  }

  step(weights: Float32Array, gradient: Float64Array): void {
    const [keep, keepSquare] = [0.9, 0.99]
    this.#steps++
    const square = gradient.reduce((sum, slope) => sum + slope * slope, 0) / gradient.length
    this.#square = keepSquare * this.#square + (1 - keepSquare) * square
    const size = Math.sqrt(this.#square / (1 - keepSquare ** this.#steps)) + 1e-12
    const rate = this.#rate / (1 - keep ** this.#steps) / size
    for (let i = 0; i < weights.length; i++) {
      this.#means[i] = keep * this.#means[i]! + (1 - keep) * gradient[i]!
      weights[i]! -= rate * this.#means[i]!
    }
  }
}

function batchesOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH))
}

/** In an order of its own. */
function inOrder<T>(items: readonly T[], random: () => number): T[] {
  return Array.from(shuffled(random, items.length), (i) => items[i]!)
}
