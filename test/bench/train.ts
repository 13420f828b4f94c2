/**
 * What a step of training costs: a model of MiniLM's shape with random weights (6 layers, H 384, 30,522 words, E 64), triples
 * of texts that fill their places, the time of each step and the most memory.
 *   npm run bench:train -- [triples=8] [documentTokens=64] [steps=4] [threads: as many as cores]
 */
import { fileURLToPath } from 'node:url'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { TrainPool, trainThreads } from '../../src/node/trainPool.ts'
import { seeded } from '../../src/plaid/random.ts'
import { weightShapes } from '../../src/training/bertShape.ts'
import { Trainer } from '../../src/training/trainer.ts'
import { type BertShape, type Checkpoint, type Example, PROJECTION, type Tensor } from '../../src/training/types.ts'
import { formatBytes } from '../../src/util.ts'

const [triples = 8, documentTokens = 64, steps = 4, threads = trainThreads()] = process.argv.slice(2).map(Number)
const MODEL = fileURLToPath(new URL('../../public/models/selvage-mini', import.meta.url))
const shape: BertShape = {
  layers: 6,
  hidden: 384,
  heads: 12,
  intermediate: 1536,
  vocabulary: 30524,
  positions: 512,
  segments: 2,
  normEpsilon: 1e-12,
}

/** Each is one token. */
const WORDS =
  'the of and in to was he is as for on with that it his by at from her she you had an were but be this are not my'.split(
    ' ',
  )

const random = seeded(1)
const layouts = await loadLayouts(folderFiles(MODEL))
const examples = Array.from({ length: triples * steps }, (): Example => {
  const text = () => Array.from({ length: documentTokens }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')
  return { query: text().slice(0, 60), positive: text(), negatives: [text()] }
})
const options = { batchSize: triples, documentTokens, queryTokens: layouts.queryTokens }
const pool = new TrainPool(shape, threads)
const trainer = await Trainer.create(randomCheckpoint(), layouts, examples, options, undefined, pool)
console.log(
  `${triples} triples a step, queries of ${layouts.queryTokens} tokens, documents of ${documentTokens}, ${threads} threads`,
)
while (trainer.step < trainer.steps) {
  const before = process.cpuUsage()
  const { step, loss, elapsedMs } = await trainer.next()
  const { user, system } = process.cpuUsage(before)
  const { rss } = process.memoryUsage()
  console.log(
    `step ${step}: ${(elapsedMs / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s of CPU, loss ${loss.toFixed(4)}, memory ${formatBytes(rss)}`,
  )
}
console.log(`most memory ${formatBytes(process.resourceUsage().maxRSS * 1024)}`)

function randomCheckpoint(): Checkpoint {
  const weights = new Map<string, Tensor>()
  for (const [name, size] of [...weightShapes(shape), [PROJECTION, [64, shape.hidden]] as const]) {
    const data = new Float32Array(size.reduce((a, b) => a * b, 1))
    const isScale = name.endsWith('LayerNorm.weight')
    for (let i = 0; i < data.length; i++) data[i] = isScale ? 1 : 0.07 * (random() - 0.5)
    weights.set(name, { shape: size, data })
  }
  return { shape, weights }
}
