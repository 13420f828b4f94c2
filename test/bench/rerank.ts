/**
 * Where does the time go when texts are ranked without an index? 100 passages of 150 tokens with the default model: the shares
 * of encoding and of scoring, in Node with each of its two runtimes, and in a real Chromium with the files of dist/browser.
 *   npm run bench:rerank -- [--passages 100] [--tokens 150] [--rounds 3] [--scorer wasm]
 * The passages are cut from the guide of Vue in demo/content, to the token.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { openNodeEncoder } from '../../src/node/model.ts'
import type { Reranking } from '../../src/rankTypes.ts'
import type { Reranker } from '../../src/worker/reranker.ts'
import { launch } from '../support/page.ts'
import { serveFolder } from '../support/staticServer.ts'
import { median } from './page.ts'

const { values } = parseArgs({
  options: {
    passages: { type: 'string', default: '100' },
    tokens: { type: 'string', default: '150' },
    rounds: { type: 'string', default: '3' },
    scorer: { type: 'string', default: 'wasm' },
  },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
const rounds = Number(values.rounds)
const QUESTION = 'how do I keep a component alive when switching tabs?'

type Times = Reranking['elapsedMs']

const passages = await cutPassages(Number(values.passages), Number(values.tokens))
say(
  `${cpus()[0]?.model}, ${cpus().length} cores; ${passages.length} passages of ${values.tokens} tokens, ${rounds} rounds`,
)
const rows: Record<string, ReturnType<typeof rowOf>> = {}
for (const [name, options] of [
  ['Node, one thread', { threads: 1 }],
  ['Node, all cores', {}],
  ["Node, a page's runtime", { encoder: 'wasm' }],
] as const)
  rows[name] = rowOf(await inNode(options))
const { times, version } = await inBrowser()
rows[`Chromium ${version}`] = rowOf(times)
console.table(rows)

/** The package as published. */
async function inNode(options: object): Promise<Times[]> {
  const { openReranker }: typeof import('../../src/node/rerank.ts') = await import(
    pathToFileURL(join(root, 'dist/node/index.js')).href
  )
  const reranker = await openReranker(options)
  try {
    await reranker.rerank(QUESTION, passages.slice(0, 16)) // what is started for the first call is not counted
    const times: Times[] = []
    for (let round = 0; round < rounds; round++) times.push((await reranker.rerank(QUESTION, passages)).elapsedMs)
    return times
  } finally {
    await reranker.close()
  }
}

async function inBrowser(): Promise<{ times: Times[]; version: string }> {
  const site = await serveFolder(root)
  const browser = await launch()
  try {
    const page = await browser.newPage()
    await page.goto(`${site.url}test/bench/rerank.html`)
    const asked = { texts: passages, question: QUESTION, count: rounds, scorer: values.scorer }
    const times = await page.evaluate(async ({ texts, question, count, scorer }) => {
      const library = new URL('../../dist/browser/selvage.js', location.href).href
      const opening: { Reranker: typeof Reranker } = await import(library)
      const options = { encoder: 'wasm', scorer: scorer === 'webgpu' ? 'webgpu' : 'wasm', storage: 'none' } as const
      const reranker = await opening.Reranker.open({ model: '../../public/models/selvage-mini/', ...options })
      await reranker.rerank(question, texts.slice(0, 4))
      const all = []
      for (let round = 0; round < count; round++) all.push((await reranker.rerank(question, texts)).elapsedMs)
      return all
    }, asked)
    return { times, version: browser.version() }
  } finally {
    await browser.close()
    site.close()
  }
}

/** Running text of the guide, without code, one piece after the other. */
async function cutPassages(count: number, tokens: number): Promise<string[]> {
  const folder = join(root, 'demo/content/vue/guide')
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'))
  const text = files.sort().map((name) => readFileSync(join(folder, name), 'utf8').replace(/```[\s\S]*?```/g, ''))
  const words = text.join(' ').split(/\s+/)
  const encoder = await openNodeEncoder({ threads: 1 })
  const found: string[] = []
  let from = 0
  while (found.length < count && from < words.length) {
    let to = from
    let length = 0
    while (to < words.length && length < tokens) length += encoder.countTokens(words[to++]!)
    found.push(words.slice(from, to).join(' '))
    from = to
  }
  await encoder.close()
  return found
}

function rowOf(times: readonly Times[]) {
  const of = (step: keyof Times) => median(times.map((one) => one[step]))
  const share = (ms: number) => `${((100 * ms) / of('total')).toFixed(1)} %`
  return {
    'total ms': Math.round(of('total')),
    'encode ms': Math.round(of('encode')),
    'score ms': Number(of('score').toFixed(1)),
    encoding: share(of('encode')),
    scoring: share(of('score')),
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
