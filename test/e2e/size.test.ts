/**
 * What a page downloads, as a build makes it: every JavaScript file of dist/browser/ with its bytes, printed, and the sums
 * that are held. kB are 1000 bytes, gzipped as hosts do at best (level 9). onnxruntime-web's builds have files of their own and are
 * not counted; Hugging Face's tokenizers, what is used of transformers.js, are taken out of encoder.js by its source map.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, expect, test } from 'vitest'

const FOLDER = resolve(import.meta.dirname, '../../dist/browser')
const OTHERS = /node_modules\/(@huggingface|onnxruntime)/
/** The client, which widget.js has in it, is counted with the engine: selvage.js is the same code. */
const CLIENT = /src\/worker\/|node_modules\/comlink/

/** Fetched for the first answer by words: the page's client and the engine's worker. */
const WORDS = ['selvage.js', 'engine.js']
/** And for answers by meaning: one of the two kernels, the GPU's where there is one, else the other. */
const MEANING = [...WORDS, 'encoder.js', 'vectors.js']
const KERNELS = ['webgpu.js', 'wasm.js']

/**
 * As measured when it was first held, and half a per cent more; and 1,000 bytes by which ranking without an index has made these
 * files larger. The aim was 40 kB for all of it: README says what is in the way.
 */
const TOTAL = 114_200

interface Size {
  readonly raw: number
  readonly gzip: number
}

const sizes = new Map<string, Size>()
beforeAll(() => {
  for (const name of readdirSync(FOLDER)) {
    if (name.endsWith('.js')) sizes.set(name, sizeOf(read(name)))
  }
  sizes.set('encoder.js, own', sizeOf(codeWithout(OTHERS, 'encoder.js')))
  sizes.set('widget.js, own', sizeOf(codeWithout(CLIENT, 'widget.js')))
  const rows = [...sizes].map(
    ([name, { raw, gzip }]) => `${name.padEnd(18)}${kB(raw).padStart(8)}${kB(gzip).padStart(8)}`,
  )
  const sums = { 'first answer by words': sum(WORDS), 'all but onnxruntime-web and tokenizers': sumOwn() }
  const told = Object.entries(sums).map(([what, gzip]) => `${what}: ${kB(gzip)}`)
  console.log(['kB                    raw    gzip', ...rows, ...told].join('\n'))
})

test('the first answer by words takes at most 40 kB of client and engine', () => {
  expect(sum(WORDS)).toBeLessThanOrEqual(40_000)
})

test('the widget takes at most 25 kB beside the client', () => {
  expect(sum(['widget.js, own'])).toBeLessThanOrEqual(25_000)
  expect(sum(['widget.js'])).toBeLessThanOrEqual(27_000)
})

test('client and workers with all kernels do not grow unnoticed', () => {
  expect(sumOwn()).toBeLessThanOrEqual(TOTAL)
})

test('who ranks texts without an index fetches 4 kB more, and nobody else does', () => {
  expect(sum(['rerank.js'])).toBeLessThanOrEqual(4000)
})

test('who teaches fetches 14 kB more, and who searches with a lesson 10 kB of them', () => {
  expect(sum(['teach.js', 'lessons.js'])).toBeLessThanOrEqual(14_000)
  expect(sum(['lessons.js'])).toBeLessThanOrEqual(10_000)
})

test('kernels are in their own files only', () => {
  const kernels = /@compute|AGFzbQ/ // of any shader, and of any WASM in base64
  expect([...MEANING, ...KERNELS].filter((name) => kernels.test(read(name)))).toEqual(KERNELS)
})

test('files that are fetched late stand alone, and each is there', () => {
  const statics = /(?:^|[;}\n])\s*(?:import\s*["'{*\w]|export\s*[{*][^}]*\}?\s*from)/
  const files = [...MEANING, ...KERNELS]
  expect(files.filter((name) => statics.test(read(name)))).toEqual([])
  // Only in workers' scripts: bundlers copy what is fetched late as it is, under another name.
  const late = ['engine.js', 'encoder.js'].flatMap((name) =>
    [...read(name).matchAll(/import\([^()]*new URL\(["'`]\.\/([\w-]+\.js)["'`],\s*import\.meta\.url\)/g)].map(
      (match) => match[1]!,
    ),
  )
  expect([...new Set(late)].sort()).toEqual([
    'lessons.js',
    'onnxruntime-wasm.js',
    'onnxruntime-webgpu.js',
    'vectors.js',
    'wasm.js',
    'webgpu.js',
  ])
  expect(late.filter((name) => !sizes.has(name) || /new URL\(["'`]\.\//.test(read(name)))).toEqual([])
})

function sumOwn(): number {
  return sum([...WORDS, 'encoder.js, own', 'vectors.js', ...KERNELS])
}

function sum(names: readonly string[]): number {
  return names.reduce((total, name) => {
    const size = sizes.get(name)
    if (size === undefined) throw new Error(`${name} is not in ${FOLDER}. Run "npm run build".`)
    return total + size.gzip
  }, 0)
}

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

function sizeOf(code: string): Size {
  return { raw: Buffer.byteLength(code), gzip: gzipSync(code, { level: 9 }).length }
}

/** The file without what its source map says is of these files. */
function codeWithout(others: RegExp, name: string): string {
  const code = read(name)
  const map = new SourceMap(JSON.parse(read(`${name}.map`)))
  const isOwn = (line: number, column: number) => {
    const entry = map.findEntry(line, column)
    return !('originalSource' in entry && others.test(entry.originalSource))
  }
  const own = code.split('\n').map((text, line) => [...text].filter((_, column) => isOwn(line, column)).join(''))
  return own.join('\n')
}

function kB(bytes: number): string {
  return (bytes / 1000).toFixed(1)
}
