/**
 * Indexes travel between Selvage, next-plaid and fast-plaid: each system searches what another wrote, and they agree.
 * `npm run test:interop` runs this; it needs cargo, and a Python (PYTHON, else python3) with `pip install fast-plaid`.
 * MAKE_FIXTURES=1 writes what CI holds our own writer to: test/fixtures/exchange/selvage.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { folderSource } from '../../src/node/fileStore.ts'
import { createOps } from '../../src/ops/create.ts'
import { PLAID_BITS, type PlaidBits } from '../../src/ops/ops.ts'
import { type PlaidData, toIndex } from '../../src/plaid/data.ts'
import { readNextPlaid, writeNextPlaid } from '../../src/plaid/exchange/nextPlaid.ts'
import { queryBatch } from '../../src/plaid/search.ts'
import { expectAgreement, roundingTolerance, type TheirHits } from '../support/agreement.ts'
import { exchangeCorpus, exchangeIndex } from '../support/exchangeCorpus.ts'
import { tokFile } from '../support/tokFile.ts'

const PEER_SOURCE = join(import.meta.dirname, '../bench/peers/next-plaid')
const FIXTURES = join(import.meta.dirname, '../fixtures/exchange')
const K = 10
const DEEP = ['4096', '32'] // candidates and probes: more than these small indexes have

const work = mkdtempSync(join(tmpdir(), 'selvage-interop-'))
afterAll(() => rmSync(work, { recursive: true }))
const ops = await createOps({ backend: 'wasm' })
afterAll(() => ops.close())

function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', env, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
  return stdout
}

let peer: string
beforeAll(() => {
  // Beside the temporary folders, not in one: the build takes minutes, and cargo does it once.
  const target = join(tmpdir(), 'selvage-interop-cargo')
  run('cargo', ['build', '--release', '--manifest-path', join(PEER_SOURCE, 'Cargo.toml')], {
    ...process.env,
    CARGO_TARGET_DIR: target,
  })
  peer = join(target, 'release/peer')
}, 900_000)

const corpus = exchangeCorpus()
const { dim } = corpus
const at = (name: string) => join(work, name)
writeFileSync(at('queries.tok'), tokFile(corpus.queries, dim))
writeFileSync(at('documents.tok'), tokFile(corpus.passages, dim))

const SYSTEMS: Readonly<Record<string, (folder: string, build?: PlaidBits) => TheirHits>> = {
  'next-plaid': (folder, build) => {
    // Without documents it can only open what is there.
    const documents = build ? at('documents.tok') : '/nonexistent'
    run(peer, [documents, at('queries.tok'), folder, String(build ?? 2), String(K), ...DEEP, at('ids'), at('scores')])
    return { ids: JSON.parse(readFileSync(at('ids'), 'utf8')), scores: JSON.parse(readFileSync(at('scores'), 'utf8')) }
  },
  'fast-plaid': (folder, build) => {
    const documents = build ? [at('documents.tok'), String(build)] : []
    const script = join(import.meta.dirname, 'fastPlaid.py')
    return JSON.parse(
      run(process.env['PYTHON'] ?? 'python3', [script, folder, at('queries.tok'), String(K), ...documents]),
    )
  },
}

async function write(data: PlaidData, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  await writeNextPlaid(data, async (name, bytes) => writeFileSync(join(folder, name), bytes))
}

describe.each(Object.keys(SYSTEMS))('%s', (name) => {
  const search = SYSTEMS[name]!

  test.each(PLAID_BITS)('searches what we write, %i bits', { timeout: 120_000 }, async (bits) => {
    const data = await exchangeIndex(ops, bits)
    const folder = at(`ours-${name}-${bits}`)
    await write(data, folder)
    expectAgreement(await ours(data), search(folder), (b) => roundingTolerance(corpus.queries[b]!, data))
  })

  test.each(PLAID_BITS)('writes what we search, %i bits', { timeout: 120_000 }, async (bits) => {
    const folder = at(`theirs-${name}-${bits}`)
    const theirs = search(folder, bits)
    const data = await readNextPlaid(folderSource(folder))
    expect(data.bits).toBe(bits)
    expectAgreement(await ours(data), theirs, (b) => roundingTolerance(corpus.queries[b]!, data))
  })
})

async function ours(data: PlaidData) {
  const loaded = await ops.loadPlaid(toIndex(data))
  const hits = []
  for (const query of corpus.queries)
    hits.push(
      (await ops.searchPlaid(queryBatch(query), loaded, { k: corpus.passages.length, candidates: Infinity })).hits[0]!,
    )
  loaded.release()
  return hits
}

const making = { timeout: 120_000 }
test.runIf(process.env['MAKE_FIXTURES'])(
  'write the fixture of our own writer, and what they answer',
  making,
  async () => {
    const folder = join(FIXTURES, 'selvage')
    rmSync(folder, { recursive: true, force: true })
    await write(await exchangeIndex(ops, 2), folder)
    // They make caches beside what they open: on a copy.
    const answers = Object.fromEntries(
      await Promise.all(
        Object.entries(SYSTEMS).map(async ([name, search]) => {
          const copy = at(`fixture-${name}`)
          await write(await exchangeIndex(ops, 2), copy)
          return [name, search(copy)]
        }),
      ),
    )
    writeFileSync(join(FIXTURES, 'selvage.json'), `${JSON.stringify(answers)}\n`)
  },
)
