/**
 * The indexes of the demo: of which documents each is made, and how. They are built by the command line, as anybody's are;
 * this file writes the documents down as JSONL and says what the command is told. It does not know whether an index is up to
 * date: the command does.
 */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type DocsPage, NAMES, readPages } from './pages.ts'

export interface IndexBuild {
  /** The folder of the index, below that of all indexes. */
  readonly name: string
  /** A folder or a file of documents. */
  readonly input: string
  readonly args: readonly string[]
}

export const BITS = [1, 2, 4, 8] as const
export const POOLS = [1, 2, 3] as const

/** The part of Vue's guide that the playground searches: enough for questions, small enough to be built twelve times. */
const LAB = /^guide\/(essentials|components|built-ins)\//

/** Writes the documents into `folder`, and returns all that is to be built, one after the other. */
export async function planIndexes(root: string, folder: string): Promise<readonly IndexBuild[]> {
  const vue = await readPages(root, 'vue')
  const react = await readPages(root, 'react')
  const docs = await writeRecords(join(folder, 'docs.jsonl'), [...vue, ...react], '../../')
  const lab = await writeRecords(
    join(folder, 'lab.jsonl'),
    vue.filter(({ path }) => LAB.test(path)),
    '../../../',
  )
  return [
    { name: 'docs', input: docs, args: ['--anchors', 'vitepress'] },
    { name: 'check', input: 'demo/content/check/corpus.jsonl.gz', args: [] },
    ...BITS.flatMap((bits) =>
      POOLS.map((pool) => ({
        name: `lab/${bits}-${pool}`,
        input: lab,
        args: ['--anchors', 'vitepress', '--bits', String(bits), '--pool', String(pool)],
      })),
    ),
  ]
}

/** One line a page. `up` leads from the index's folder to the demo's, so that the index can lie below any path. */
async function writeRecords(file: string, pages: readonly DocsPage[], up: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, pages.map((page) => `${JSON.stringify(recordOf(page, up))}\n`).join(''))
  return file
}

export function recordOf({ docs, path, address, kind, source }: DocsPage, up: string) {
  return {
    id: `${docs}/${path}`,
    url: `${up}${address}`,
    text: source,
    format: docs === 'vue' ? ('markdown' as const) : ('mdx' as const),
    language: 'en',
    filters: { docs: [NAMES[docs]], kind: [kind] },
  }
}

/**
 * What the playground says of its indexes before it opens one: `lab.json`, an object with a list `variants`, each with the
 * folder's `name`, `bits` and `pool`, how many `pages`, `passages` and `vectors` it has, its `bytes`, and `packs`: bytes by
 * what is in them.
 */
export async function describeLab(folder: string): Promise<string> {
  const variants = []
  for (const bits of BITS)
    for (const pool of POOLS) {
      const name = `${bits}-${pool}`
      const { pages, passages, tokens, bytes, packs } = await inspect(join(folder, name))
      variants.push({
        ...{ name, bits, pool, pages, passages, vectors: tokens, bytes },
        packs: Object.fromEntries(packs.map((pack) => [pack.kind, pack.bytes])),
      })
    }
  return `${JSON.stringify({ variants }, undefined, 2)}\n`
}

interface Inspected {
  readonly pages: number
  readonly passages: number
  readonly tokens: number
  readonly bytes: number
  readonly packs: readonly { readonly kind: string; readonly bytes: number }[]
}

async function inspect(index: string): Promise<Inspected> {
  const { stdout } = await promisify(execFile)(process.execPath, ['dist/node/main.js', 'inspect', index, '--json'])
  return JSON.parse(stdout)
}
