/** A site for tests: a page with one script, and an index of some forty packs that is built anew whenever a test says so. */
import { createServer, type ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { buildIndex } from '../../../src/engine/build.ts'
import { type Manifest, packsOf } from '../../../src/engine/manifest.ts'
import { createOps } from '../../../src/ops/create.ts'
import { assemblyScript } from '../../../src/ops/wasm/plugin.ts'
import type { BlocksHeader } from '../../../src/store/blocks.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { type PackRef, readPack, writePack } from '../../../src/store/packs.ts'
import { MANIFEST_KEY, type SharedStore } from '../../../src/store/store.ts'
import { concat } from '../../../src/util.ts'
import { fakeEncoder } from '../../support/fakeEncoder.ts'

export interface Site {
  /** Of the page. The index is in `index/`. */
  readonly url: string
  /** The same pages, in another index. */
  deploy(): void
  readonly manifest: Manifest
  /** Files of the index that are answered in another way, for as long as they are in here. */
  readonly answers: Map<string, (response: ServerResponse) => void>
  close(): void
}

const PAGES = 160
const VERSIONS = 3
/** A pack takes as long as over a fast line. */
const ANSWER_MS = 6

/** Ids of its pages are p0, p1, …; each has a word of its own: `page0`, … @param page the file of its script, in this folder */
export async function serveSite(page: string): Promise<Site> {
  const script = await bundle(fileURLToPath(new URL(page, import.meta.url)))
  const versions = await Promise.all(Array.from({ length: VERSIONS }, (_, version) => buildVersion(version)))
  let deployed = 0
  const answers = new Map<string, (response: ServerResponse) => void>()
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (path === '/') return response.setHeader('content-type', 'text/html').end('<!doctype html><title>Faults</title>')
    if (path === '/page.js') return response.setHeader('content-type', 'text/javascript').end(script)
    if (path === '/deploy') deployed++
    const file = path.replace(/^\/index\//, '')
    const answer = answers.get(file)
    if (answer) return answer(response)
    // As hosts that deploy files one by one: packs of other versions are there still.
    const bytes =
      file === MANIFEST_KEY
        ? versions[deployed % VERSIONS]!.files.get(file)
        : versions.map(({ files }) => files.get(file)).find((found) => found)
    const headers = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' }
    setTimeout(() => response.writeHead(bytes || path === '/deploy' ? 200 : 404, headers).end(bytes), ANSWER_MS)
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return {
    url: `http://localhost:${address.port}/`,
    deploy() {
      deployed++
    },
    get manifest() {
      return versions[deployed % VERSIONS]!.manifest
    },
    answers,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}

async function buildVersion(version: number): Promise<{ manifest: Manifest; files: Map<string, Uint8Array> }> {
  const store = memoryStore('the site')
  const ops = await createOps({ backend: 'reference' })
  const sources = Array.from({ length: PAGES }, (_, p) => ({
    path: `p${p}`,
    record: { id: `p${p}`, url: `/p${p}`, title: `Page ${p}`, text: textOf(p, version) },
  }))
  const plaid = { bits: 4, centroids: 16 } as const
  const assign = ops.assignCentroids.bind(ops)
  const { manifest: whole } = await buildIndex({ sources, encoder: fakeEncoder(), store, plaid, assign })
  const manifest: Manifest = {
    ...whole,
    texts: { ...whole.texts, ...(await spread(store, 'texts', whole.texts)) },
    ...(whole.pages && { pages: { ...whole.pages, ...(await spread(store, 'pages', whole.pages)) } }),
    ...(whole.lexical && { lexical: { ...whole.lexical, ...(await spread(store, 'lexical', whole.lexical)) } }),
  }
  const files = new Map<string, Uint8Array>([[MANIFEST_KEY, new TextEncoder().encode(JSON.stringify(manifest))]])
  for (const ref of packsOf(manifest)) files.set(ref.file, await readPack(store, ref))
  return { manifest, files }
}

/** Words that no other page has, so that texts are long when compressed, too. */
function textOf(page: number, version: number): string {
  const words = Array.from({ length: 90 }, (_, w) => ((page * 7919 + w * 104_729 + 1) ** 2 % 1e9).toString(36))
  return `page${page} version${version} ${words.join(' ')}`
}

/** Each block in a pack of its own, as an index hundred times as large has them. */
async function spread(store: SharedStore, kind: string, { packs, blockBytes }: BlocksHeader): Promise<BlocksHeader> {
  const all = concat((length) => new Uint8Array(length), await Promise.all(packs.map((ref) => readPack(store, ref))))
  const refs: PackRef[] = []
  let at = 0
  for (const bytes of blockBytes) {
    refs.push(await writePack(store, kind, all.slice(at, at + bytes)))
    at += bytes
  }
  return { packs: refs, blockBytes }
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'warn',
    plugins: [assemblyScript()],
    build: {
      write: false,
      target: 'es2022',
      minify: false,
      lib: { entry, formats: ['es'] },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const [result] = Array.isArray(built) ? built : [built]
  if (result === undefined || !('output' in result)) throw new Error('The page was not bundled.')
  return result.output[0].code
}
