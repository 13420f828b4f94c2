/** `selvage cost`: the table and its claim, and indexes that were built of real texts beside what is told of them. */
import { cp, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { commitManifest, readManifest } from '../../src/engine/manifest.ts'
import { run } from '../../src/node/cli.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import { createOps } from '../../src/ops/create.ts'
import { PLAID_BITS } from '../../src/ops/ops.ts'
import type { PlaidOptions } from '../../src/plaid/builder.ts'
import { POOLS } from '../../src/plaid/cost.ts'
import { plaidPacks, readPlaidData, writePlaid } from '../../src/plaid/format.ts'
import { commandLine } from '../support/command.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'
import { serveFolder } from '../support/staticServer.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const cli = commandLine('selvage-cost-')
const { at, clear } = cli

const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())

test('a million passages: the table, and the claim that it answers', async () => {
  expect(await run(['cost'])).toBe(0)
  expect(cli.out).toBe(
    `1,000,000 passages of 200 tokens: 384 dimensions for a passage, or 64 for each of its tokens.

                            bytes a passage   in all  times  in memory  at least
bi-encoder  f32                       1,536   1.5 GB    1.0     1.5 GB
            int8                        384   384 MB   0.25     384 MB
ColBERT     f32                      51,200  51.2 GB     33    51.2 GB
            f32, pool 2              25,600  25.6 GB     17    25.6 GB
            f32, pool 3              17,152  17.2 GB     11    17.2 GB
            f16                      25,600  25.6 GB     17    25.6 GB
            f16, pool 2              12,800  12.8 GB    8.3    12.8 GB
            f16, pool 3               8,576   8.6 GB    5.6     8.6 GB
PLAID       8 bits                   13,611  13.6 GB    8.9    13.6 GB    842 MB
            8 bits, pool 2            6,811   6.8 GB    4.4     6.8 GB    442 MB
            8 bits, pool 3            4,428   4.4 GB    2.9     4.4 GB    167 MB
            4 bits                    7,211   7.2 GB    4.7     7.2 GB    842 MB
            4 bits, pool 2            3,611   3.6 GB    2.4     3.6 GB    442 MB
            4 bits, pool 3            2,284   2.3 GB    1.5     2.3 GB    167 MB
            2 bits                    4,011   4.0 GB    2.6     4.0 GB    842 MB  <- selvage build
            2 bits, pool 2            2,010   2.0 GB    1.3     2.0 GB    442 MB
            2 bits, pool 3            1,212   1.2 GB   0.79     1.2 GB    167 MB
            1 bit                     2,410   2.4 GB    1.6     2.4 GB    842 MB
            1 bit, pool 2             1,210   1.2 GB   0.79     1.2 GB    442 MB
            1 bit, pool 3               676   676 MB   0.44     678 MB    167 MB

Vectors only: texts and keywords take the same whatever vectors there are. "times": as many as the first row.
"in memory": while a CPU searches it; "at least": where residuals are read from the store as they are needed.
"pool 2": about one vector for two tokens.

A million documents, 3 GB as single vectors and 100 GB as a vector for each token: the first two rows say what that assumes.
The others are the same documents in an index, the last two with as many dimensions as the model that ships has.

                                                         bytes a passage  in all  times
bi-encoder  f32, 768 dimensions                                    3,072  3.1 GB    1.0
ColBERT     f32, 128 dimensions x 200 tokens                     102,400  102 GB     33
PLAID       2 bits, 128 dimensions x 200 tokens                    7,219  7.2 GB    2.3
PLAID       2 bits, pool 2, 128 dimensions x 200 tokens            3,619  3.6 GB    1.2
PLAID       2 bits, 64 dimensions x 200 tokens                     4,011  4.0 GB    1.3
PLAID       2 bits, pool 2, 64 dimensions x 200 tokens             2,010  2.0 GB   0.65
`,
  )
  expect(cli.err).toBe('')
})

describe('what it is told', () => {
  test('passages, a mean, dimensions; for programs', async () => {
    const told = ['--passages', '50000', '--tokens', '116.3', '--dim', '96', '--bi-encoder-dim', '768']
    expect(await run(['cost', ...told, '--json'])).toBe(0)
    const { costs, claim, ...counts } = JSON.parse(cli.out)
    expect(counts).toEqual({ passages: 50_000, tokens: 5_815_000, dim: 96, biEncoderDim: 768 })
    expect(costs).toHaveLength(20)
    expect(costs[0]).toEqual({
      ...{ system: 'bi-encoder', precision: 'f32', pool: 1, dim: 768, vectors: 50_000 },
      bytes: 153_600_000,
    })
    expect(costs.at(-1)).toMatchObject({ system: 'plaid', precision: 1, pool: 3, dim: 96 })
    expect(claim.costs.map(({ bytes }: { bytes: number }) => bytes).slice(0, 2)).toEqual([3.072e9, 1.024e11])
  })

  test('dimensions that some or all indexes cannot have: their rows are not there, and why is said', async () => {
    expect(await run(['cost', '--dim', '100'])).toBe(0)
    expect(cli.out).toContain('There is no index of 1 bit: for 100 dimensions they fill no whole bytes.\n')
    expect(cli.out).not.toContain('            1 bit ')
    clear()
    expect(await run(['cost', '--dim', '768'])).toBe(0)
    expect(cli.out).toContain('There is no index of 768 dimensions: 256 are the most.\n')
  })

  test.each([
    [['--passages', '0'], /must be a whole number from 1 on/],
    [['--tokens', 'many'], /must be a number from 1 on/],
    [['--tokens', '70000'], /tokens: got 70000 a passage, wanted 1 to 65535/],
    [['--passages', '5000000000'], /passages: got 5000000000/],
    [[join(FIXTURES, 'index-v2'), '--tokens', '9'], /--tokens is for a collection that is not there yet/],
    [[join(FIXTURES, 'text')], /There is no index at/],
  ])('%j is refused', async (args, message) => {
    expect(await run(['cost', ...args])).toBe(1)
    expect(cli.err).toMatch(message)
    expect(cli.out).toBe('')
  })
})

interface Both {
  readonly measured: number
  readonly computed: number
}

async function costOf(place: string) {
  clear()
  expect(await run(['cost', place, '--json'])).toBe(0)
  const { measured, costs, tokens } = JSON.parse(cli.out)
  const bytes: Record<string, Both> = measured.bytes
  return { measured, costs, tokens, bytes }
}

/** Of pages of real documentations, cut as a build cuts them. */
async function build(name: string, plaid: PlaidOptions, pages: string, wanted: RegExp) {
  const folder = join(FIXTURES, pages)
  const files = (await readdir(folder)).filter((file) => wanted.test(file))
  const sources = await Promise.all(
    files.map(async (path) => ({ path, content: await readFile(join(folder, path), 'utf8') })),
  )
  await mkdir(at(name))
  const assign = ops.assignCentroids.bind(ops)
  const { manifest } = await buildIndex({ sources, encoder: fakeEncoder(), store: fileStore(at(name)), assign, plaid })
  return manifest
}

describe('an index', () => {
  test.each(PLAID_BITS)('of a few pages, %i bits, pooled or not: measured is computed, to the byte', async (bits) => {
    for (const pool of POOLS) {
      const manifest = await build(`index-${pool}`, { bits, pool }, 'text', /^(react|vitepress)/)
      const { measured, bytes, tokens: told } = await costOf(at(`index-${pool}`))
      const { passages, tokens } = manifest.vectors
      expect(measured).toMatchObject({ bits, pool, vectors: tokens, collection: { passages } })
      expect(measured.collection.tokens).toBe(told)
      const found = Object.values(bytes).map((both) => both.measured)
      expect(Object.values(bytes).map((both) => both.computed)).toEqual(found)
      // As the files are.
      const sizes = await Promise.all(
        plaidPacks(manifest.vectors).map(async ({ file }) => (await stat(at(`index-${pool}/${file}`))).size),
      )
      const manifestBytes = JSON.stringify(manifest.vectors).length
      expect(sum(found)).toBe(sum(sizes) + manifestBytes)
    }
  })

  test('pooled: the table is of its tokens, not of the rows that were kept', async () => {
    await build('whole', {}, 'text', /^react/)
    await build('pooled', { pool: 3 }, 'text', /^react/)
    const [whole, pooled] = [await costOf(at('whole')), await costOf(at('pooled'))]
    expect(pooled.costs).toEqual(whole.costs)
    expect(pooled.measured.vectors).toBeLessThan(whole.measured.vectors / 2)
  })

  test('large enough for cells: all but the centroids to the byte, and why is said', async () => {
    await build('large', { bits: 4 }, 'sites/plain/essentials', /html$/)
    const { bytes, measured } = await costOf(at('large'))
    const { centroids, manifest, ...exact } = bytes
    for (const both of Object.values(exact)) expect(both.measured).toBe(both.computed)
    expect(measured.centroids.computed).toBe(1024)
    expect(measured.centroids.measured).not.toBe(1024)
    expect(centroids!.measured).toBe(16 * measured.centroids.measured)
    expect(Math.abs(manifest!.measured - manifest!.computed)).toBeLessThan(8)
    clear()
    expect(await run(['cost', at('large')])).toBe(0)
    expect(cli.out).toContain('A build aims at 1,024 centroids, and each of its cells rounds: this index has ')
  })

  test('for a person', async () => {
    expect(await run(['cost', join(FIXTURES, 'index-v2-pooled')])).toBe(0)
    expect(cli.out.split('\n').slice(0, 22).join('\n')).toBe(`Index at ${join(FIXTURES, 'index-v2-pooled')}
5 passages, 19 vectors of 16 dimensions and 4 bits, pooled by 2 from 34 tokens.

             measured  computed  difference
codes              38        38           0
residuals         152       152           0
lengths            10        10           0
centroids         304       304           0
codec             224       224           0
manifest          775       775           0
all vectors     1,503     1,503           0

79.1 bytes a vector, 301 a passage.
Beside vectors: texts 361 B, pages 55 B, keywords 342 B.

5 passages of 6.8 tokens: 384 dimensions for a passage, or 16 for each of its tokens.

                            bytes a passage  in all  times  in memory  at least
bi-encoder  f32                       1,536  7.7 kB    1.0     7.7 kB
            int8                        384  1.9 kB   0.25     1.9 kB
ColBERT     f32                         435  2.2 kB   0.28     2.2 kB
            f32, pool 2                 243  1.2 kB   0.16     1.2 kB`)
    expect(cli.out).toMatch(/\n {12}4 bits, pool 2 .* <- this index\n/)
    expect(cli.out).not.toContain('selvage build')
    expect(cli.out).not.toContain('A million documents')
  })

  test('of an older format, and one that came from another system and keeps its centroids as they were', async () => {
    for (const { measured, computed } of Object.values((await costOf(join(FIXTURES, 'index-v1'))).bytes))
      expect(measured).toBe(computed)
    const store = fileStore(at('.'))
    const data = await readPlaidData(fileStore(join(FIXTURES, 'index-v1')), (await manifestOf('index-v1')).vectors)
    const manifest = { ...(await manifestOf('index-v1')), vectors: await writePlaid(store, data) }
    for (const { file } of manifest.texts.packs) await cp(join(FIXTURES, 'index-v1', file), at(file))
    await commitManifest(store, manifest)
    const { bytes } = await costOf(cli.folder)
    expect(bytes['originals']).toEqual({ measured: 4 * 16 * 34, computed: 4 * 16 * 34 })
    for (const { measured, computed } of Object.values(bytes)) expect(measured).toBe(computed)
  })

  test('behind an address', async () => {
    const site = await serveFolder(join(FIXTURES, 'index-v2'))
    try {
      const { bytes, measured } = await costOf(site.url)
      expect(measured.location).toBe(site.url)
      expect(bytes).toEqual((await costOf(join(FIXTURES, 'index-v2'))).bytes)
    } finally {
      site.close()
    }
  })

  test('with a pack that is missing', async () => {
    await cp(join(FIXTURES, 'index-v2'), at('index'), { recursive: true })
    const { file } = (await manifestOf('index-v2')).vectors.residuals[0]!
    await rm(at(`index/${file}`))
    clear()
    expect(await run(['cost', at('index')])).toBe(1)
    expect(cli.err).toContain(`${file} of the index at ${at('index')} is missing. Build the index again`)
  })
})

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function manifestOf(fixture: string) {
  return readManifest(fileStore(join(FIXTURES, fixture)))
}
