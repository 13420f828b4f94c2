/**
 * PyLate loads what training exports, and encodes as our encoder does: a late-interaction model read from PyTorch's weights, one
 * read from 8-bit graphs, and a bi-encoder that became one. `npm run test:interop` runs this; it needs a Python (PYTHON, else
 * python3) with `pip install pylate==1.6.0`, on the CPU.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { loadLayouts } from '../../src/encoder/layouts.ts'
import { loadEncoder } from '../../src/encoder/load.ts'
import { cosineOf } from '../../src/encoder/probe.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { folderFiles } from '../../src/node/modelFiles.ts'
import { nodeRuntime } from '../../src/node/session.ts'
import { readCheckpoint } from '../../src/training/checkpointFiles.ts'
import { exportModel } from '../../src/training/exportModel.ts'
import { toLateInteraction } from '../../src/training/lateInteraction.ts'
import { withQueryPadding } from '../../src/training/queryPadding.ts'
import type { Checkpoint } from '../../src/training/types.ts'
import type { EncodedText } from '../../src/types.ts'
import { tinyBiEncoder, tinyFiles } from '../training/support.ts'

const work = mkdtempSync(join(tmpdir(), 'selvage-pylate-'))
afterAll(() => rmSync(work, { recursive: true }))

const TEXTS = {
  queries: ['how do I rename a column?', 'What is the capital, of "France"?', '', 'naïve café résumé', '如何安装'],
  documents: [
    'The patient has no history of cardiac disease.',
    'def f(x):\n    return x ** 2  # square\n',
    'x'.repeat(300),
    'a. b. c.',
  ],
}

interface Theirs {
  readonly version: string
  readonly missing: readonly string[]
  readonly queries: readonly Encoded[]
  readonly documents: readonly Encoded[]
}

interface Encoded {
  readonly ids: readonly number[]
  readonly attention: readonly number[]
  readonly vectors: readonly (readonly number[])[]
}

const open = (files: ModelFiles) => loadEncoder({ files, inference: nodeRuntime() })

interface Made {
  readonly checkpoint: Checkpoint
  readonly files: ModelFiles
}
const read = async (files: ModelFiles): Promise<Made> => ({ checkpoint: await readCheckpoint(files), files })

test.each<[string, () => Promise<Made>, least: number]>([
  ["from PyTorch's weights", () => read(tinyFiles()), 0.9999],
  // Weights that came from 8 bits are packed to the same again: what differs is the order of sums in f32.
  ['the default model, from its 8-bit graphs', () => read(folderFiles(DEFAULT_MODEL)), 0.99999],
  [
    'a bi-encoder that became one',
    async () => {
      const { checkpoint, files } = await read(tinyBiEncoder())
      return toLateInteraction(checkpoint, files, { dim: 16 })
    },
    0.9999,
  ],
  [
    'one whose queries are not padded',
    async () => {
      const { checkpoint, files } = await read(tinyFiles())
      return { checkpoint, files: await withQueryPadding(files, false) }
    },
    0.9999,
  ],
])('%s', { timeout: 300_000 }, async (name, make, least) => {
  const { checkpoint, files } = await make()
  const folder = join(work, name.replace(/\W+/g, '-'))
  for (const [path, bytes] of await exportModel(checkpoint, files, { name: 'exported', open })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), bytes)
  }
  const theirs = encodeInPyLate(folder)
  expect(theirs.missing).toEqual([])

  const layouts = await loadLayouts(folderFiles(folder))
  const encoder = await open(folderFiles(folder))
  const ours: EncodedText[] = []
  for (const text of TEXTS.queries) ours.push(await encoder.encodeQuery(text))
  ours.push(...(await encoder.encodeDocuments(TEXTS.documents)))
  await encoder.close()

  for (const [i, text] of TEXTS.queries.entries()) expect([...layouts.query(text).ids]).toEqual(theirs.queries[i]!.ids)
  for (const [i, text] of TEXTS.documents.entries())
    expect([...layouts.document(text).ids]).toEqual(theirs.documents[i]!.ids)
  let worst = 1
  let rows = 0
  for (const [i, { vectors }] of [...theirs.queries, ...theirs.documents].entries()) {
    const { matrix } = ours[i]!
    expect(matrix.rows).toBe(vectors.length)
    for (const [row, vector] of vectors.entries()) {
      worst = Math.min(worst, cosineOf(matrix.data.subarray(row * matrix.dim, (row + 1) * matrix.dim), vector))
      rows++
    }
  }
  console.log(`${name}: PyLate ${theirs.version}, ${rows} rows, worst cosine ${worst.toFixed(7)}`)
  expect(rows).toBeGreaterThan(80) // all that there are; fewest where queries are not padded
  expect(worst).toBeGreaterThan(least)
})

function encodeInPyLate(folder: string): Theirs {
  const texts = join(work, 'texts.json')
  writeFileSync(texts, JSON.stringify(TEXTS))
  const script = join(import.meta.dirname, 'pylateEncode.py')
  const python = process.env['PYTHON'] ?? 'python3'
  const { status, stdout, stderr, error } = spawnSync(python, [script, folder, texts], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(`${python} ${script} failed: ${error?.message ?? stderr}`)
  return JSON.parse(stdout.slice(stdout.lastIndexOf('{"version"')))
}
