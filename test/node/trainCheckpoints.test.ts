/** A training run's checkpoints: what is read is what was written, two are kept, and what a kill leaves does no harm. */
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { isCheckpointName, readLastRun, type StoredRun, writeRun } from '../../src/node/trainCheckpoints.ts'
import type { Weights } from '../../src/training/types.ts'
import { temporaryFolder } from '../support/command.ts'

const place = temporaryFolder('selvage-checkpoints-')

function stored(step: number): StoredRun {
  const weights = (scale: number): Weights =>
    new Map([
      ['encoder.layer.0.bias', { shape: [3], data: Float32Array.of(scale / 3, -0, 1e-42) }],
      ['projection', { shape: [2, 2], data: Float32Array.of(scale, -scale, Math.fround(0.1), 3.4e38) }],
    ])
  const options = {
    ...({
      loss: 'contrastive',
      temperature: 0.05,
      batchSize: 2,
      accumulate: 1,
      epochs: 1,
      learningRate: 3e-6,
    } as const),
    ...{
      projectionRate: 3e-5,
      warmupShare: 0.1,
      weightDecay: 0.01,
      clipNorm: 1,
      keepStart: 0,
      seed: 7,
      queryTokens: 32,
    },
    documentTokens: 180,
  }
  return {
    state: {
      ...{ step, options, examplesHash: 'ab' },
      ...{ weights: weights(step), firstMoments: weights(step / 7), secondMoments: weights(step / 11) },
    },
    record: {
      identity: { model: 'x' },
      heldOut: '0.05',
      threads: 2,
      losses: [1 / 3, 0.1],
      accuracies: [],
      seconds: 1.5,
    },
  }
}

const told: string[] = []
const read = () => {
  told.length = 0
  return readLastRun(place.folder, (why) => told.push(why))
}
const bitsOf = (weights: Weights) =>
  [...weights].map(([name, { shape, data }]) => [name, shape, ...new Uint32Array(data.buffer)])

test('what is read is what was written, to the bit', async () => {
  await writeRun(place.folder, stored(3))
  const [got, wanted] = [await read(), stored(3)]
  expect(got?.record).toEqual(wanted.record)
  const { weights, firstMoments, secondMoments, ...rest } = wanted.state
  expect(got?.state).toMatchObject(rest)
  for (const [name, part] of Object.entries({ weights, firstMoments, secondMoments }))
    expect(bitsOf(got?.state[name as 'weights'] ?? new Map()), name).toEqual(bitsOf(part))
})

test('the last two are kept, and what a killed run was writing goes with the next', async () => {
  await writeRun(place.folder, stored(9))
  await writeFile(place.at('step-00000010.safetensors.77-0.tmp'), 'half')
  await writeFile(place.at('step-00000010.safetensors'), 'whole, without its .json')
  await writeFile(place.at('notes.txt'), 'not ours')
  expect((await read())?.state.step).toBe(9)
  expect(told).toEqual([])
  for (const step of [10, 11]) await writeRun(place.folder, stored(step))
  expect((await readdir(place.folder)).sort()).toEqual(
    ['notes.txt'].concat([10, 11].flatMap((step) => [`step-000000${step}.json`, `step-000000${step}.safetensors`])),
  )
  expect((await read())?.state.step).toBe(11)
})

test.each<[what: string, harm: (json: string, tensors: string) => Promise<unknown>, why: RegExp]>([
  ['cut', (_, tensors) => truncate(tensors, 100), /is not what was written/],
  ['gone', (_, tensors) => rm(tensors), /ENOENT/],
  ['a .json file that is none', (json) => writeFile(json, '{"format":'), /JSON/],
  [
    'of a later version',
    async (json) => writeFile(json, (await readFile(json, 'utf8')).replace('"version":1', '"version":2')),
    /of format selvage-training 2/,
  ],
])('%s: the one before it is read, and it is told why', async (_, harm, why) => {
  for (const step of [1, 2]) await writeRun(place.folder, stored(step))
  await harm(place.at('step-00000002.json'), place.at('step-00000002.safetensors'))
  expect((await read())?.state.step).toBe(1)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(why)
  await writeFile(place.at('step-00000001.safetensors'), '')
  await expect(read()).rejects.toMatchObject({ code: 'model-invalid', message: expect.stringMatching(/None of the 2/) })
})

test('none at all', async () => {
  expect(await read()).toBeUndefined()
  expect(await readLastRun(place.at('nowhere'), () => {})).toBeUndefined()
  expect(['step-00000002.json', 'step-2.json', 'manifest.json'].map(isCheckpointName)).toEqual([true, false, false])
})
