/** `selvage train` through the command line, with a tiny model: what it writes, when it stops, what it says of bad input. */
import { cpSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { beforeEach, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import type { TrainReport } from '../../src/node/trainRun.ts'
import { commandLine } from '../support/command.ts'
import { asLines, contentsOf, isThere, triples, writeTinyModel } from './trainSupport.ts'

/** Called at each line of progress. */
let onErr: (text: string) => void = () => {}
const cli = commandLine('selvage-train-', (text) => onErr(text))
const { at, write } = cli

const SMALL = [
  '--batch-size',
  '6',
  '--document-tokens',
  '24',
  '--query-tokens',
  '12',
  '--learning-rate',
  '0.002',
  '--threads',
  '1',
]

beforeEach(async () => {
  onErr = () => {}
  vi.stubEnv('SELVAGE_CACHE_DIR', at('cache'))
  vi.stubEnv('CI', '1') // lines of progress, whatever the tests run in
  writeTinyModel(at('model'))
  await write('triples.jsonl', asLines(triples(24)))
})

const train = (output: string, ...options: string[]) => trainOn('triples.jsonl', output, ...options)
const trainOn = (data: string, output: string, ...options: string[]) =>
  run(['train', at(data), '--model', at('model'), '-o', at(output), ...SMALL, ...options])

const reportOf = async (output: string): Promise<TrainReport> =>
  JSON.parse(await readFile(at(`${output}/report.json`), 'utf8'))

/** Runs it, and ends it as Ctrl-C does when a line of progress begins so. */
async function trainUntil(line: string, output: string, ...options: string[]): Promise<number> {
  const controller = new AbortController()
  onErr = (text) => text.startsWith(line) && controller.abort()
  const args = ['train', at('triples.jsonl'), '--model', at('model'), '-o', at(output), ...SMALL, ...options]
  const exit = await run(args, controller.signal)
  onErr = () => {}
  return exit
}

/** The model's files, without what tells how long it took. */
function modelOf(output: string): Map<string, string> {
  const files = contentsOf(at(output))
  files.delete('report.json')
  return files
}

test('a model that answers better, a report, and nothing else; the model that it began with is as it was', async () => {
  const before = contentsOf(at('model'))
  expect(await train('out', '--epochs', '3', '--held-out', '0.25', '--json')).toBe(0)
  expect(contentsOf(at('model'))).toEqual(before)
  const report = await reportOf('out')
  expect(JSON.parse(cli.out)).toEqual(report)
  expect(report).toMatchObject({
    dim: 16,
    data: { files: ['triples.jsonl'], examples: 18, heldOut: 6, doubled: 0, shared: 0 },
    steps: { done: 9, planned: 9 },
    options: { batchSize: 6, epochs: 3, learningRate: 0.002, loss: 'contrastive', documentTokens: 24 },
  })
  const { losses, accuracy } = report
  expect(losses).toHaveLength(9)
  expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0))
  expect(accuracy?.during.map(({ step }) => step)).toEqual([3, 5, 7])
  expect(accuracy?.after).toBeGreaterThan(accuracy?.before ?? 1)
  expect((await readdir(at('out'))).sort()).toEqual(
    ['1_Dense', 'config.json', 'config_sentence_transformers.json', 'model.safetensors', 'modules.json', 'onnx'].concat(
      [
        ...['probe.json', 'report.json', 'selvage.json', 'sentence_bert_config.json', 'tokenizer.json'],
        'tokenizer_config.json',
      ],
    ),
  )
  expect(cli.err).toMatch(
    /^Accuracy on 6 held-out examples, before: 0\.\d{4}\nStep 1 of 9, loss \d\.\d{3}, rate \S+, [\d.]+ examples\/s, .* left\n/,
  )
})

test('stopped, made a model of half-way, damaged and resumed: the very files of a run that was not stopped', async () => {
  const how = ['--epochs', '2', '--held-out', '0.1', '--checkpoint-every', '2', '--evaluate-every', '4']
  expect(await train('whole/out', ...how)).toBe(0)
  expect(await trainUntil('Step 3 of 8', 'parts/out', ...how)).toBe(130)
  expect(cli.err).toMatch(/\nStopping after this step; once more ends at once\.\n/)
  expect(cli.err).toMatch(
    /\nStopped after step 3 of 8\. Its checkpoint is in .*checkpoints\. Say the same with --resume/,
  )
  const kept = await readdir(at('parts/out/checkpoints'))
  expect(kept.sort()).toEqual([2, 3].flatMap((n) => [`step-0000000${n}.json`, `step-0000000${n}.safetensors`]))
  expect(await readdir(at('parts/out'))).toEqual(['checkpoints'])

  cli.clear()
  expect(await train('parts/out')).toBe(1)
  expect(cli.err).toMatch(/holds a run that was stopped\. Go on with it with --resume/)
  expect(await train('parts/out', '--resume', '--minutes', '0')).toBe(0)
  expect(await reportOf('parts/out')).toMatchObject({ steps: { done: 3, planned: 8 } })
  expect(isThere(at('parts/out/onnx/wasm.onnx'))).toBe(true)

  // A disk that lost the end of the newest: the one before it is taken.
  const newest = at('parts/out/checkpoints/step-00000003.safetensors')
  await writeFile(newest, (await readFile(newest)).fill(0, 5000))
  expect(await train('parts/out', '--resume', ...how)).toBe(0)
  expect(cli.err).toMatch(/step-00000003\.json cannot be used: .*is not what was written\n/)
  expect(cli.err).toMatch(/\nResumed after step 2 of 8\.\n/)
  expect(modelOf('parts/out')).toEqual(modelOf('whole/out'))
  const [whole, parts] = [await reportOf('whole/out'), await reportOf('parts/out')]
  expect(parts.losses).toEqual(whole.losses)
  expect(parts.accuracy?.after).toEqual(whole.accuracy?.after)

  cli.clear()
  expect(await train('parts/out', '--resume')).toBe(1)
  expect(cli.err).toMatch(/holds a run that is finished: there is nothing to resume/)
})

test('a run goes on with its own data, model and options only', async () => {
  expect(await trainUntil('Step 1', 'out')).toBe(130)
  const refused = async (message: RegExp, ...args: string[]) => {
    cli.clear()
    expect(await train('out', '--resume', ...args)).toBe(1)
    expect(cli.err).toMatch(message)
  }
  await refused(/batchSize is 3, but the run to go on with has 6/, '--batch-size', '3')
  await refused(/another held-out: 0\.05, and now it is 0\.5/, '--held-out', '0.5')
  await write('triples.jsonl', asLines(triples(25)))
  await refused(/had other examples/)
  await write('triples.jsonl', asLines(triples(24)))
  cpSync(at('model'), at('spare'), { recursive: true })
  const weights = await readFile(at('model/1_Dense/model.safetensors'))
  weights.writeFloatLE(0.5, weights.length - 4)
  await writeFile(at('model/1_Dense/model.safetensors'), weights)
  await refused(/another model/)
  expect(await readdir(at('out/checkpoints'))).toHaveLength(2)
})

test('a loss that is no number is told, and the checkpoint before it makes a model', async () => {
  expect(await trainUntil('Step 1', 'out', '--held-out', '0')).toBe(130)
  const path = at('out/checkpoints/step-00000001.json')
  const stored = await readFile(path, 'utf8')
  await writeFile(path, stored.replace('"temperature":1,', '"temperature":1e-44,')) // scores become infinite
  expect(await train('out', '--resume')).toBe(1)
  expect(cli.err).toMatch(
    /In step 2 of 4.*is (NaN|Infinity).*The checkpoint of step 1 is whole: --resume --minutes 0 makes a model of it/,
  )
  expect(await train('out', '--resume', '--minutes', '0')).toBe(0)
  expect(await reportOf('out')).toMatchObject({ steps: { done: 1 } })
  expect(cli.out).toMatch(/nothing was held out/)
})

test('a bi-encoder gets a projection and markers', async () => {
  for (const path of ['1_Dense', 'modules.json', 'config_sentence_transformers.json'])
    await rm(at(`model/${path}`), { recursive: true })
  const how = ['--dim', '24', '--held-out', '0', '--limit', '13', '--seed', '5', '--threads', '2']
  expect(await trainUntil('Step 1', 'out', ...how)).toBe(130)
  // As it was begun, without saying so again; and stopped with nothing left to do but to write the model.
  expect(await trainUntil('Step 3 of 3', 'out', '--resume', '--threads', '1')).toBe(130)
  expect(cli.err).toMatch(/The run had 2 threads and now has 1: the model will differ by rounding\./)
  expect(isThere(at('out/model.safetensors'))).toBe(false)
  expect(await train('out', '--resume')).toBe(0)
  expect(await readdir(at('out'))).not.toContain('checkpoints')
  expect(await reportOf('out')).toMatchObject({ dim: 24, data: { examples: 13, heldOut: 0 }, options: { seed: 5 } })
  const config = JSON.parse(await readFile(at('out/config_sentence_transformers.json'), 'utf8'))
  expect(config).toMatchObject({ query_length: 12, document_length: 180, query_prefix: '[Q] ' })
  expect(config).toMatchObject({ do_query_expansion: false })
})

test('what is kept of the start is kept by a run that was stopped, too', async () => {
  const how = ['--limit', '12', '--keep-start', '0.5']
  expect(await train('whole/out', ...how)).toBe(0)
  expect(await trainUntil('Step 2', 'parts/out', ...how)).toBe(130)
  expect(await train('parts/out', '--resume')).toBe(0)
  expect(modelOf('parts/out')).toEqual(modelOf('whole/out'))
  expect(await train('all/out', '--limit', '12')).toBe(0)
  expect(modelOf('all/out')).not.toEqual(modelOf('whole/out'))
  await rm(at('model/1_Dense'), { recursive: true })
  await rm(at('model/modules.json'))
  expect(await train('none', ...how)).toBe(1)
  expect(cli.err).toMatch(/--keep-start is 0\.5, but .*model has no projection yet/)
})

test('queries are padded as the model has it, or as it is said, and a run goes on as it began', async () => {
  const paddingOf = async (path: string) =>
    JSON.parse(await readFile(at(`${path}/config_sentence_transformers.json`), 'utf8')).do_query_expansion
  const short = triples(24).map((row, i) => ({ ...row, query: `the ${i}` })) // with place for padding
  await write('triples.jsonl', asLines(short))
  const few = ['--limit', '8', '--held-out', '0'] // two steps
  expect(await train('as-it-was', ...few)).toBe(0)
  expect(await paddingOf('as-it-was')).toBe(true)
  expect(await trainUntil('Step 1', 'out', ...few, '--no-query-padding')).toBe(130)
  expect(await train('out', ...few, '--resume', '--query-padding')).toBe(1)
  expect(cli.err).toMatch(/the run to resume had another query padding: /)
  expect(await train('out', '--resume')).toBe(0)
  expect(await paddingOf('out')).toBe(false)
  expect(await paddingOf('model')).toBe(true)
  const [padded, bare] = [await reportOf('as-it-was'), await reportOf('out')]
  expect(bare.losses[0]).not.toBe(padded.losses[0])
})

test('examples of a file are held out, and not trained on; doubled lines count once', async () => {
  const rows = triples(12)
  await write('triples.jsonl', asLines([...rows, ...rows.slice(0, 3)]))
  await write('held.jsonl', asLines(rows.slice(0, 2)))
  expect(await train('out', '--held-out', at('held.jsonl'))).toBe(0)
  expect(await reportOf('out')).toMatchObject({ data: { examples: 10, heldOut: 2, doubled: 3, shared: 2 } })
  expect(cli.out).toMatch(
    /3 lines said the same as an earlier one and were left out\n {2}2 examples have queries of the held-out/,
  )
})

test('few pairs are all trained on; a file that nothing can be measured by is refused', async () => {
  const pairs = triples(8).map(({ query, positive }) => ({ query, positive }))
  await write('pairs.jsonl', asLines(pairs))
  expect(await trainOn('pairs.jsonl', 'out', '--held-out', '0.15')).toBe(0)
  expect(cli.err).toMatch(/^Of 8 examples too few would be held out to measure by: all are trained on\./)
  expect(await reportOf('out')).toMatchObject({ data: { examples: 8, heldOut: 0 } })
  await write('held.jsonl', asLines(pairs.slice(0, 1)))
  expect(await trainOn('pairs.jsonl', 'other', '--held-out', at('held.jsonl'))).toBe(1)
  expect(cli.err).toMatch(/held\.jsonl: nothing can be measured by it/)
})

test('a folder that is not empty is left alone, and with --force what is not ours', async () => {
  await write('out/notes.txt', 'mine')
  expect(await train('out')).toBe(1)
  expect(cli.err).toMatch(/out is not empty \(notes\.txt\)\. Nothing was written\./)
  expect(await train('out', '--force', '--held-out', '0')).toBe(0)
  expect(await readFile(at('out/notes.txt'), 'utf8')).toBe('mine')
  expect(isThere(at('out/model.safetensors'))).toBe(true)
})

test('distillation learns from scores, and wants them', async () => {
  await write('scored.jsonl', asLines(triples(12).map((row, i) => ({ ...row, scores: [9 - (i % 3), 4 + (i % 2)] }))))
  expect(await trainOn('scored.jsonl', 'out', '--loss', 'distillation', '--held-out', '0')).toBe(0)
  expect(await reportOf('out')).toMatchObject({ options: { loss: 'distillation' } })
  cli.clear()
  expect(await train('other', '--loss', 'distillation')).toBe(1)
  expect(cli.err).toMatch(/triples\.jsonl:1: no "scores"/)
})

test.each<[what: string, options: () => string[], message: RegExp]>([
  ['data that is not there', () => [at('none.jsonl')], /neither .*none\.jsonl nor .*none\.jsonl\.gz/],
  ['a folder of data', () => [at('model')], /model is a folder\. Give the \.jsonl/],
  ['a model that is not there', () => ['--model', at('none')], /none has no config\.json/],
  ['the model as output', () => ['-o', at('model')], /the model that is trained from is never written to/],
  ['an output within the model', () => ['-o', at('model/trained')], /or one is in the other/],
  ['a share above all', () => ['--held-out', '1.5'], /--held-out is 1\.5, wanted a share/],
  ['a held-out file that is not there', () => ['--held-out', at('none.jsonl')], /neither .*none\.jsonl/],
  ['a held-out file with all queries', () => ['--held-out', at('triples.jsonl')], /every query of the data is in/],
  ['another width than the model has', () => ['--dim', '8'], /--dim is 8, but .*model has a projection to 16/],
  ['more tokens than the model reads', () => ['--document-tokens', '1000'], /documentTokens is 1000, wanted \d+ to 64/],
  ['a rate that is none', () => ['--learning-rate', 'high'], /must be a number above 0/],
  ['minutes below none', () => ['--minutes', '-1'], /must be a number from 0 on/],
])('%s is refused, and nothing is written', async (_, options, message) => {
  const before = contentsOf(at(''))
  const args = options()
  const data = args[0]?.startsWith('-') ? [at('triples.jsonl'), ...args] : args
  expect(await run(['train', '--model', at('model'), '-o', at('out'), ...SMALL, ...data])).toBe(1)
  expect(cli.err).toMatch(message)
  expect(cli.err).not.toMatch(/\n {4}at /)
  expect(contentsOf(at(''))).toEqual(before)
  expect(isThere(at('out'))).toBe(false)
})

test('a model of another architecture is refused by the field that says so', async () => {
  const config = JSON.parse(await readFile(at('model/config.json'), 'utf8'))
  await write('model/config.json', JSON.stringify({ ...config, model_type: 'modernbert' }))
  expect(await train('out')).toBe(1)
  expect(cli.err).toMatch(/"model_type" is "modernbert", wanted "bert"/)
  expect(isThere(at('out'))).toBe(false)
})

test('two runs in one folder: the second is refused, the first goes on', async () => {
  const first = train('out', '--held-out', '0')
  await vi.waitUntil(() => isThere(at('out/build.lock')), { timeout: 20_000 })
  expect(await train('out', '--force')).toBe(1)
  expect(cli.err).toMatch(/is writing .*out/)
  expect(await first).toBe(0)
})
