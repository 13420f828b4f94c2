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
import type { StoredPassage } from '../../src/engine/texts.ts'
import { fileStore, makeFolder } from '../../src/node/fileStore.ts'
import { createOps } from '../../src/ops/create.ts'
import type { PlaidOptions } from '../../src/plaid/builder.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const SOURCES = [
  { path: 'guide/cats.md', content: '# Cats\n\nA cat sleeps.\n\n## Food\n\nCats eat fish.\n\n## Toys\n' },
  { path: 'rivers.txt', content: 'A river carries water.\n\nFish live in the river, as stones do.\n' },
  { path: 'guide/code.md', content: '# Code\n\n```js\nconst answer = 42\n```\n\nThe answer is in the code.\n' },
]
const QUESTIONS = ['cats eat fish', 'river water', 'toys', 'the answer']
/** What a version can hold in more than one way has a fixture for each: pooled indexes say which row a token went into. */
const KINDS: Readonly<Record<string, PlaidOptions>> = {
  plain: {},
  pooled: { pool: 2, bits: 4, clustering: 'tokens' },
}
const folderOf = (version: number, kind: string) =>
  join(import.meta.dirname, `../fixtures/index-v${version}${kind === 'plain' ? '' : `-${kind}`}`)
const ANSWERS = 'answers.json'

const headingsOf = ({ section }: StoredPassage) => section.headings.join(' > ')

async function answersOf(folder: string) {
  const ops = await createOps({ backend: 'wasm' })
  const engine = await Engine.open(fileStore(folder))
  await engine.loadVectors(ops)
  const answers: Record<string, unknown> = {}
  for (const question of QUESTIONS) {
    const { matrix } = await fakeEncoder().encodeQuery(question)
    const { hits } = await engine.search({ text: question, matrix, k: 3, mode: 'semantic' })
    answers[question] = hits.map(({ passage, score, matches }) => ({
      section: headingsOf(passage),
      score,
      positions: [...(matches?.positions ?? [])],
      ...(passage.rowOf && { rowOf: passage.rowOf }),
    }))
  }
  // Scores of words may be tuned; that they are found is the format's matter.
  for (const question of engine.hasKeywords ? QUESTIONS : []) {
    const { hits } = await engine.search({ text: question, k: 1, mode: 'keyword' })
    answers[`words: ${question}`] = hits.map(({ passage }) => headingsOf(passage))
  }
  engine.close()
  ops.close()
  return answers
}

test.runIf(process.env['MAKE_FIXTURES']).each(Object.keys(KINDS))(
  'write the fixture of the version at hand: %s',
  async (kind) => {
    const folder = folderOf(FORMAT_VERSION, kind)
    await makeFolder(folder)
    const store = fileStore(folder)
    for (const file of await store.list()) await rm(join(folder, file))
    const ops = await createOps({ backend: 'wasm' })
    const assign = ops.assignCentroids.bind(ops)
    await buildIndex({ sources: SOURCES, encoder: fakeEncoder(), store, assign, plaid: KINDS[kind] })
    ops.close()
    writeFileSync(join(folder, ANSWERS), `${JSON.stringify(await answersOf(folder), null, 1)}\n`)
  },
)

test.each([
  [1, 'plain'],
  [1, 'pooled'],
  [2, 'plain'],
  [2, 'pooled'],
])('an index of format version %i opens, and answers as it did: %s', async (version, kind) => {
  const folder = folderOf(version, kind)
  const want: unknown = JSON.parse(readFileSync(join(folder, ANSWERS), 'utf8'))
  expect(await answersOf(folder)).toEqual(want)
})
