/**
 * `selvage build --with-runtime`: one folder that a site needs to be searched. Needs dist/browser, as `npm run build` makes
 * it; whether a browser searches with it is the question of test/e2e.
 */
import { mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { serve } from '../../src/node/serve.ts'
import { commandLine } from '../support/command.ts'

/** A checkout that was not built. */
const hidden = vi.hoisted(() => ({ isHidden: false }))
vi.mock('node:fs/promises', async (original) => {
  const fs = await original<typeof import('node:fs/promises')>()
  const readdir = (path: string, ...rest: unknown[]) =>
    hidden.isHidden && path.endsWith('browser')
      ? Promise.reject(Object.assign(new Error('ENOENT: no such file or directory'), { code: 'ENOENT' }))
      : Reflect.apply(fs.readdir, fs, [path, ...rest])
  return { ...fs, readdir }
})

const cli = commandLine('selvage-with-')
const { at, write, clear } = cli
beforeEach(() => write('docs/cats.md', '# Cats\n\nA cat sleeps most of the day.\n'))
afterEach(() => {
  hidden.isHidden = false
})

const build = (...options: string[]) => run(['build', at('docs'), '-o', at('out'), ...options])

/** All files, with `/`. */
async function files(): Promise<string[]> {
  const entries = await readdir(at('out'), { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return paths.map((path) => relative(at('out'), path).replaceAll('\\', '/')).sort()
}

/** The library's: pages ask for some of these only, each when its time comes. */
const RUNTIME = [
  'docsearch.js',
  'encoder.js',
  'engine.js',
  'eval.js',
  'heatmap.js',
  'highlight.js',
  'languages.js',
  'lessons.js',
  expect.stringMatching(/^onnxruntime-wasm-[\w-]+\.bin$/),
  'onnxruntime-wasm.js',
  expect.stringMatching(/^onnxruntime-webgpu-[\w-]+\.bin$/),
  'onnxruntime-webgpu.js',
  'pagefind.js',
  'rerank.js',
  'selvage.js',
  'teach.js',
  'vectors.js',
  'wasm.js',
  'webgpu.js',
  'widget.js',
  'writer.js',
]

test('index, library, runtime and model are there, each file as hosts take it, and none of them to excess', async () => {
  expect(await build('--with-runtime')).toBe(0)
  const all = await files()
  const named = Object.keys(JSON.parse(await readFile(join(DEFAULT_MODEL, 'selvage.json'), 'utf8')).files)
  expect(all.filter((path) => path.startsWith('model/'))).toEqual(
    [...named, 'selvage.json'].map((path) => `model/${path}`).sort(),
  )
  expect(all.filter((path) => !/^model\/|\.pack$|^manifest\.json$/.test(path))).toEqual(RUNTIME)
  for (const path of all) expect((await stat(at(`out/${path}`))).size).toBeLessThan(25 * 2 ** 20)
  for (const path of all.filter((name) => /^onnxruntime-.*\.bin$/.test(name)))
    expect(gunzipSync(await readFile(at(`out/${path}`))).toString('latin1', 0, 4)).toBe('\0asm')
  const model = await readFile(join(DEFAULT_MODEL, 'onnx/weights.bin'))
  expect(model.equals(await readFile(at('out/model/onnx/weights.bin')))).toBe(true)
})

describe('a folder that has it', () => {
  beforeEach(async () => {
    expect(await build('--with-runtime')).toBe(0)
    clear()
  })

  test('is built again, with and without; what is the same is not written, what is damaged is', async () => {
    const before = await files()
    const long = new Date('2020-01-01')
    for (const path of ['widget.js', 'model/onnx/weights.bin']) await utimes(at(`out/${path}`), long, long)
    await writeFile(at('out/selvage.js'), 'half of')
    expect(await build('--with-runtime')).toBe(0)
    expect(cli.out).toMatch(/is up to date/)
    expect((await readFile(at('out/selvage.js'), 'utf8')).length).toBeGreaterThan(1000)
    expect((await stat(at('out/widget.js'))).mtime).toEqual(long)
    expect((await stat(at('out/model/onnx/weights.bin'))).mtime).toEqual(long)
    await writeFile(at('docs/cats.md'), '# Cats\n\nA cat hunts at night.\n')
    expect(await build()).toBe(0)
    expect((await files()).map((path) => path.replace(/-\w+\.pack$/, ''))).toEqual(
      before.map((path) => path.replace(/-\w+\.pack$/, '')),
    )
  })

  test('loses what an earlier version or a killed build left, and nothing else', async () => {
    const left = ['onnxruntime-wasm-0LDh4sh.bin', 'widget.js.123.tmp', 'model-onnx-weights.bin.123.tmp']
    for (const name of left) await writeFile(at(`out/${name}`), 'x')
    await writeFile(at('out/model/notes.txt'), 'mine')
    expect(await build('--with-runtime')).toBe(0)
    const all = await files()
    expect(all.filter((path) => left.includes(path))).toEqual([])
    expect(all).toContain('model/notes.txt')
    expect(all.filter((path) => /^onnxruntime-.*\.bin$/.test(path))).toHaveLength(2)

    await writeFile(at('out/report.2024.tmp'), 'mine')
    expect(await build('--with-runtime')).toBe(1)
    expect(cli.err).toMatch(/holds something that is not a Selvage index \(report\.2024\.tmp\)/)
    expect(await files()).toEqual([...all, 'report.2024.tmp'].sort())
  })

  test('is whole for verify, and inspect sees the index only', async () => {
    expect(await run(['verify', at('out')])).toBe(0)
    expect(cli.out).toMatch(/^\S+ is whole: \d+ packs, .*, 1 passages\.\n$/)
    clear()
    expect(await run(['inspect', at('out')])).toBe(0)
    expect(cli.out).not.toMatch(/widget|runtime|model\//)
    await writeFile(at('out/foreign.js'), 'x')
    clear()
    await run(['verify', at('out')])
    expect(cli.out).toMatch(/^not of this index: foreign\.js\n/)
  })

  test('is served as an index', async () => {
    const { kind, url, close } = await serve({ dir: at('out'), port: 0 })
    try {
      expect(kind).toBe('index')
      expect(await (await fetch(url)).text()).toContain('<selvage-search index="/index/"')
      for (const path of ['index/manifest.json', 'index/widget.js', 'selvage/widget.js', 'selvage/model/selvage.json'])
        expect((await fetch(new URL(path, url))).status).toBe(200)
    } finally {
      await close()
    }
  })
})

test.each(['selvage.js', 'model'])('a folder with nothing but %s in it is refused', async (name) => {
  await mkdir(at(name === 'model' ? 'out/model' : 'out'), { recursive: true })
  await writeFile(at(name === 'model' ? 'out/model/config.json' : `out/${name}`), 'mine')
  expect(await build('--with-runtime')).toBe(1)
  expect(cli.err).toContain(`holds something that is not a Selvage index (${name})`)
  expect(await files()).toEqual([name === 'model' ? 'model/config.json' : name])
})

test('a checkout that was not built is told so before anything is done', async () => {
  hidden.isHidden = true
  expect(await build('--with-runtime')).toBe(1)
  expect(cli.err).toMatch(/There are no browser files in .*Run "npm run build" in it/)
  expect(cli.err).not.toMatch(/Loading the model/)
  await expect(readdir(at('out'))).rejects.toThrow('ENOENT')
})
