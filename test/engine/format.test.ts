/**
 * An index of every released format version stays readable: it lies in test/fixtures/ and is opened here.
 * `MAKE_FIXTURES=1 npx vitest run --project node test/engine/format.test.ts` writes that of the version at hand.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { FORMAT_VERSION } from '../../src/engine/manifest.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import { createOps } from '../../src/ops/create.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const SOURCES = [
  { path: 'guide/cats.md', content: '# Cats\n\nA cat sleeps.\n\n## Food\n\nCats eat fish.\n\n## Toys\n' },
  { path: 'rivers.txt', content: 'A river carries water.\n\nFish live in the river, as stones do.\n' },
  { path: 'guide/code.md', content: '# Code\n\n```js\nconst answer = 42\n```\n\nThe answer is in the code.\n' },
]
const QUESTIONS = ['cats eat fish', 'river water', 'toys', 'the answer']
const folderOf = (version: number) => join(import.meta.dirname, `../fixtures/index-v${version}`)
const ANSWERS = 'answers.json'

async function answersOf(folder: string) {
  const ops = await createOps({ backend: 'wasm' })
  const engine = await Engine.open(fileStore(folder), ops)
  const answers: Record<string, unknown> = {}
  for (const question of QUESTIONS) {
    const { hits } = await engine.search((await fakeEncoder().encodeQuery(question)).matrix, 3)
    answers[question] = hits.map(({ passage, score, positions }) => ({
      section: passage.section.headings.join(' > '),
      score,
      positions: [...positions],
    }))
  }
  engine.close()
  ops.close()
  return answers
}

test.runIf(process.env['MAKE_FIXTURES'])('write the fixture of the version at hand', async () => {
  const folder = folderOf(FORMAT_VERSION)
  const store = fileStore(folder)
  for (const file of await store.list()) await rm(join(folder, file))
  const ops = await createOps({ backend: 'wasm' })
  await buildIndex({ sources: SOURCES, encoder: fakeEncoder(), store, assign: ops.assignCentroids.bind(ops) })
  ops.close()
  writeFileSync(join(folder, ANSWERS), `${JSON.stringify(await answersOf(folder), null, 1)}\n`)
})

test.each([1])('an index of format version %i opens, and answers as it did', async (version) => {
  const folder = folderOf(version)
  const want: unknown = JSON.parse(readFileSync(join(folder, ANSWERS), 'utf8'))
  expect(await answersOf(folder)).toEqual(want)
})
