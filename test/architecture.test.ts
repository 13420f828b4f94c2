/** Imports point one way: DESIGN's table of rooms, held by reading every import under src/ and demo/. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '..')

/** Room -> what it may import besides itself and the open files. A path names one file or a folder of a room. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  text: [],
  ops: ['shaders'],
  store: [],
  encoder: [],
  plaid: ['ops', 'store/store', 'store/packs'],
  lexical: ['store/store', 'store/packs', 'store/blocks'],
  search: ['plaid', 'lexical', 'text'],
  engine: [
    'search',
    'plaid',
    'lexical',
    'text',
    'encoder/encoder',
    'ops/ops',
    'ops/failover',
    'ops/half', // vectors are remembered as f16
    'store/store',
    'store/packs',
    'store/blocks',
    'store/memory', // what is made is staged there, and goes into its store in one step
    'store/download',
  ],
  // protocol, link and client know no room: see the test below
  worker: ['engine', 'search', 'plaid', 'lexical', 'text', 'store', 'encoder', 'ops', 'eval', 'training'],
  widget: ['worker/client'],
  adapters: ['worker/client', 'worker/options'],
  node: ['engine', 'search', 'plaid', 'lexical', 'text', 'store', 'encoder', 'ops', 'eval', 'training'],
  eval: [],
  training: ['encoder', 'plaid/random'],
  index: ['worker/client', 'worker/options', 'worker/protocol', 'worker/reranker'],
}
const OPEN = ['types', 'rankTypes', 'lessonTypes', 'errors', 'util']
const CLIENT_SIDE = [
  ...['protocol', 'link', 'client', 'spawn', 'service', 'options', 'abortable'],
  ...['live', 'stored', 'loading', 'reranker', 'late', 'times'],
].map((file) => `worker/${file}`)

/** What the client fetches when it is wanted, as a file of its own. */
const CLIENT_LATE = ['worker/reranking', 'worker/teaching']

/** What only these files may name. */
const ONLY: readonly { readonly what: string; readonly pattern: RegExp; readonly where: RegExp }[] = [
  { what: 'onnxruntime', pattern: /from 'onnxruntime|import\('onnxruntime/, where: /^(encoder\/session\.ts|node\/)/ },
  { what: 'GPUDevice', pattern: /requestDevice\(/, where: /^(ops\/webgpu\/|encoder\/(session|gpu))/ },
  { what: 'shaders', pattern: /\.wgsl/, where: /^(ops\/webgpu\/|node\/bundle\.ts$)/ }, // the bundler strips their comments
  { what: 'indexedDB', pattern: /\bindexedDB\b/, where: /^store\/idb\.ts$/ },
  { what: 'jax-js', pattern: /from '@jax-js/, where: /^training\/jax\.ts$/ }, // its arrays are counted by hand
  { what: 'node:', pattern: /from 'node:|import\('node:/, where: /^(node\/|ops\/wasm\/plugin\.ts$)/ },
  {
    what: 'the DOM',
    pattern: /(?<![.\w])document\.(baseURI|body|createElement|querySelector|documentElement)|\bHTMLElement\b/,
    where: /^(worker\/options\.ts|widget\/)/,
  },
]

interface Import {
  readonly from: string
  readonly to: string
}

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return sources(path)
    return /\.ts$/.test(name) && !/\.(as|d)\.ts$/.test(name) ? [path] : []
  })
}

/** Without comments, so that prose is not taken for code. */
function code(path: string): string {
  return readFileSync(path, 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/(^|\s)\/\/.*$/gm, '')
}

function importsOf(path: string): string[] {
  return [...code(path).matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1]!)
}

const SRC = join(ROOT, 'src')
const files = sources(SRC).map((path) => relative(SRC, path))
const imports: Import[] = files.flatMap((file) =>
  importsOf(join(SRC, file))
    .filter((target) => target.startsWith('.'))
    .map((target) => ({ from: file, to: relative(SRC, resolve(SRC, dirname(file), target)) })),
)

const roomOf = (file: string) => file.replace(/\.ts$/, '').split('/')[0]!
const plain = (file: string) => file.replace(/\.ts$/, '').replace(/\?.*$/, '')

test('there are sources to look at', () => {
  expect(files.length).toBeGreaterThan(30)
  expect(imports.length).toBeGreaterThan(60)
})

test.each(Object.keys(MAY_IMPORT))('%s imports only what the table allows', (room) => {
  const allowed = MAY_IMPORT[room]!
  const wrong = imports.filter(({ from, to }) => {
    if (roomOf(from) !== room || roomOf(to) === room || OPEN.includes(plain(to))) return false
    if (to.startsWith('../shaders/')) return !allowed.includes('shaders')
    return !allowed.some((entry) => plain(to) === entry || plain(to).startsWith(`${entry}/`))
  })
  expect(wrong).toEqual([])
})

test('every room is in the table, and the open files import nothing but each other', () => {
  const rooms = new Set(files.map(roomOf).filter((room) => !OPEN.includes(room)))
  expect([...rooms].filter((room) => !(room in MAY_IMPORT))).toEqual([])
  expect(imports.filter(({ from, to }) => OPEN.includes(plain(from)) && !OPEN.includes(plain(to)))).toEqual([])
})

test('protocol, link and client know no room', () => {
  const wrong = imports.filter(
    ({ from, to }) =>
      CLIENT_SIDE.includes(plain(from)) && ![...OPEN, ...CLIENT_SIDE, ...CLIENT_LATE].includes(plain(to)),
  )
  expect(wrong).toEqual([])
})

test.each(ONLY)('$what is named only where it may be', ({ pattern, where }) => {
  expect(files.filter((file) => pattern.test(code(join(SRC, file))) && !where.test(file))).toEqual([])
})

test('there is no import cycle', () => {
  const edges = new Map(files.map((file) => [file, imports.filter(({ from }) => from === file).map(({ to }) => to)]))
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file]
    if (done.has(file)) return undefined
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...path, file])
      if (cycle) return cycle
    }
    done.add(file)
    return undefined
  }
  expect(files.map((file) => visit(file, [])).find(Boolean)).toBeUndefined()
})

test('the demo uses the package by its public name', () => {
  const demo = join(ROOT, 'demo')
  const wrong = sources(demo).flatMap((path) => importsOf(path).filter((target) => target.includes('../src')))
  expect(wrong).toEqual([])
})

test('no source file is longer than 400 lines', () => {
  const long = files.filter((file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 400)
  expect(long).toEqual([])
})

test('paths that README names exist', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const named = [...readme.matchAll(/`((?:src|shaders|demo|test|public)\/[\w./-]*)`/g)].map((match) => match[1]!)
  expect(named.length).toBeGreaterThan(0)
  expect(readme).not.toContain('@@')
  expect(named.filter((path) => !existsAt(join(ROOT, path)))).toEqual([])
})

function existsAt(path: string): boolean {
  try {
    statSync(path)
    return true
  } catch {
    return false
  }
}
