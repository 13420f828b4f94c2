/** Incremental builds with the real model: the index of a full build, to the byte, from fewer passages encoded. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type BuildFolderOptions, buildFolder } from '../../src/node/build.ts'
import { run } from '../../src/node/cli.ts'
import { DiskCache } from '../../src/node/embeddingCache.ts'
import { commandLine } from '../support/command.ts'

const cli = commandLine('selvage-incremental-')
const { at, write, clear } = cli
beforeEach(async () => {
  for (const [name, text] of Object.entries(PAGES)) await write(`docs/${name}.md`, text)
  vi.stubEnv('SELVAGE_CACHE_DIR', at('cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const PAGES = {
  cats: '# Cats\n\nA cat sleeps most of the day.\n\n## Food\n\nFish is what cats eat, and mice.\n',
  rivers: '# Rivers\n\nA bridge carries a road over a river.\n\n## Fish\n\nTrout live in cold, clear rivers.\n',
  search: '# Search\n\nA late-interaction model keeps one vector for each token of a text.\n',
}

async function contents(path: string): Promise<Record<string, string>> {
  const names = (await readdir(at(path))).sort()
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => [name, (await readFile(at(join(path, name)))).toString('hex')] as const),
    ),
  )
}
async function build(output: string, ...options: string[]): Promise<string> {
  clear()
  expect(await run(['build', at('docs'), '-o', at(output), ...options])).toBe(0)
  return cli.out
}

test.each([[[]], [['--pool', '2']]])('one page changed, options %j: the bytes of a full build', async (options) => {
  expect(await build('index', '--incremental', ...options)).toMatch(/\n {2}0 of 5 passages from the cache\n/)
  await build('full', ...options)
  expect(cli.out).not.toMatch(/cache/)
  expect(await contents('index')).toEqual(await contents('full'))

  await writeFile(at('docs/cats.md'), PAGES.cats.replace('mice', 'mice and birds'))
  expect(await build('index', '--incremental', ...options)).toMatch(/\n {2}4 of 5 passages from the cache\n/)
  await build('full', ...options, '--threads', '1')
  expect(await contents('index')).toEqual(await contents('full'))
  expect(await build('other', '--incremental', ...options)).toMatch(/\n {2}5 of 5 passages from the cache\n/)
  expect(await contents('other')).toEqual(await contents('full'))
})

test('a build that is stopped keeps what it has encoded; the next goes on from there', async () => {
  const controller = new AbortController()
  const given: BuildFolderOptions = {
    folder: at('docs'),
    output: at('index'),
    incremental: true,
    cacheFolder: at('mine'),
  }
  const onProgress: BuildFolderOptions['onProgress'] = ({ stage }) => {
    if (stage === 'cluster') controller.abort()
  }
  await expect(buildFolder({ ...given, onProgress, signal: controller.signal })).rejects.toMatchObject({
    code: 'aborted',
  })
  expect(await buildFolder(given)).toMatchObject({ cached: 5, summary: { passages: 5 } })
  expect(await buildFolder(given)).toMatchObject({ cached: undefined, summary: undefined })
  await expect(readdir(at('cache'))).rejects.toThrow(/ENOENT/)
})

test('a cache that cannot be written fails no build, and is told; nor does it hide why a build failed', async () => {
  vi.spyOn(DiskCache.prototype, 'flush').mockRejectedValue(new Error('ENOSPC: no space left on device'))
  expect(await build('index', '--incremental')).toMatch(/\n {2}The cache folder .* could not be written: ENOSPC/)
  await build('full')
  expect(await contents('index')).toEqual(await contents('full'))
  const controller = new AbortController()
  const stopped = buildFolder({
    ...{ folder: at('docs'), output: at('other'), incremental: true, signal: controller.signal },
    onProgress: ({ stage }) => stage === 'cluster' && controller.abort(),
  })
  await expect(stopped).rejects.toMatchObject({ code: 'aborted' })
})

test('a cache folder is for incremental builds only, and --cache-dir says which', async () => {
  expect(await run(['build', at('docs'), '-o', at('index'), '--cache-dir', at('mine')])).toBe(1)
  expect(cli.err).toMatch(/a cache folder \(.*mine\) is for incremental builds/)
  await build('index', '--incremental', '--cache-dir', at('mine'))
  expect(await readdir(at('mine'))).toContain('CACHEDIR.TAG')
})
