/** The config file through the command line: what is found, what is refused, and what wins. Nothing is built here. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { BuildFolderOptions } from '../../src/node/build.ts'
import { buildCommand } from '../../src/node/buildCommand.ts'
import { run } from '../../src/node/cli.ts'
import { defineConfig, loadConfig } from '../../src/node/config.ts'
import { DEFAULT_MODEL } from '../../src/node/model.ts'
import { commandLine } from '../support/command.ts'

vi.mock('../../src/node/buildCommand.ts', () => ({ buildCommand: vi.fn(async () => 0) }))

const cli = commandLine('selvage-config-')
const { at, write } = cli
const home = process.cwd()
beforeEach(() => {
  process.chdir(cli.folder)
})
afterEach(() => {
  process.chdir(home)
  vi.mocked(buildCommand).mockClear()
})

const built = (): Omit<BuildFolderOptions, 'onProgress' | 'signal'> | undefined =>
  vi.mocked(buildCommand).mock.calls.at(-1)?.[0]

const CONFIG = `{ input: 'docs', output: 'public/search', baseUrl: 'https://example.org/', urls: 'clean', bits: 4 }`

describe('the forms of a config', () => {
  test.each([
    ['selvage.config.ts', `import { defineConfig } from 'selvage/node'\nexport default defineConfig(${CONFIG})\n`],
    ['selvage.config.mjs', `const config = await Promise.resolve(${CONFIG})\nexport default config\n`],
    ['selvage.config.js', `export default ${CONFIG}\n`],
    ['selvage.config.js', `export default Promise.resolve(${CONFIG})\n`],
    ['selvage.config.js', `module.exports = ${CONFIG}\n`],
    [
      'selvage.config.json',
      '\ufeff{"input":"docs","output":"public/search","baseUrl":"https://example.org/","urls":"clean","bits":4}',
    ],
  ])('%s: %s', async (name, content) => {
    await write(name, content)
    expect(await run(['build'])).toBe(0)
    expect(built()).toMatchObject({
      folder: at('docs'),
      output: at('public/search'),
      parse: { baseUrl: 'https://example.org/', urls: 'clean', anchors: 'github' },
      plaid: { bits: 4, pool: 1, clustering: 'vectors' },
      model: DEFAULT_MODEL,
      force: false,
    })
  })

  test('paths are relative to the file that names them', async () => {
    await write('site/search.json', '{"input":"../docs","output":"out","model":"model"}')
    expect(await loadConfig('site/search.json')).toEqual({
      input: at('docs'),
      output: at('site/out'),
      model: at('site/model'),
    })
  })
})

test('flags win over the config, and the config over defaults', async () => {
  await write(
    'selvage.config.json',
    '{"input":"docs","output":"out","bits":4,"pool":2,"threads":3,"incremental":true,"cacheDir":"kept"}',
  )
  // The default said as a flag is a flag.
  expect(await run(['build', 'other', '-o', 'there', '--bits', '2', '--anchors', 'vitepress'])).toBe(0)
  expect(built()).toMatchObject({
    folder: 'other',
    output: 'there',
    parse: { baseUrl: '/', urls: 'html', anchors: 'vitepress' },
    plaid: { bits: 2, pool: 2, clustering: 'vectors' },
    threads: 3,
    incremental: true,
    cacheFolder: at('kept'),
  })
})

test('without a config all is as the flags say', async () => {
  expect(await run(['build', 'docs', '-o', 'out'])).toBe(0)
  expect(built()).toMatchObject({ folder: 'docs', output: 'out', plaid: { bits: 2 } })
})

test('undefined in a config is as if it were not there', async () => {
  await write('selvage.config.js', 'export default { input: "docs", threads: undefined }')
  expect(await loadConfig(undefined)).toEqual({ input: at('docs') })
})

describe('what is refused, with the file and what to do', () => {
  test.each([
    ['json', '{"inptu":"docs"}', /selvage\.config\.json: unknown option "inptu"; known are input, output, baseUrl/],
    ['json', '{"bits":3}', /selvage\.config\.json: "bits" is 3, wanted 1, 2, 4 or 8\./],
    ['json', '{"pool":"2"}', /"pool" is "2", wanted a whole number from 1 on\./],
    ['json', '{"urls":"pretty"}', /"urls" is "pretty", wanted "html", "clean" or "directory"\./],
    ['json', '{"input":""}', /"input" is "", wanted a path\./],
    ['json', '{"incremental":"yes"}', /"incremental" is "yes", wanted true or false\./],
    ['json', '{"baseUrl":null}', /"baseUrl" is null, wanted a text\./],
    ['json', '[]', /holds \[\], wanted an object of options\./],
    ['json', '{"input":', /selvage\.config\.json cannot be loaded: .*JSON/],
    ['ts', 'export default { bits: 4', /selvage\.config\.ts cannot be loaded: /],
    ['ts', 'throw new Error("no such site")', /selvage\.config\.ts cannot be loaded: no such site/],
    ['ts', 'export const bits = 4', /selvage\.config\.ts has no default export\. Write: export default \{ input/],
    ['mjs', 'export default () => ({})', /holds a function, wanted an object of options\./],
  ])('%s: %s', async (ending, content, message) => {
    await write(`selvage.config.${ending}`, content)
    expect(await run(['build', 'docs', '-o', 'out'])).toBe(1)
    expect(cli.err).toMatch(message)
    expect(cli.err).not.toMatch(/\n {4}at /)
    expect(built()).toBeUndefined()
  })

  test('two configs at once; --config says which', async () => {
    await write('selvage.config.ts', 'export default { input: "a", output: "x" }')
    await write('selvage.config.json', '{"input":"b","output":"x"}')
    expect(await run(['build'])).toBe(1)
    expect(cli.err).toMatch(/has selvage\.config\.ts and selvage\.config\.json\. Keep one of them/)
    expect(await run(['build', '--config', 'selvage.config.json'])).toBe(0)
    expect(built()).toMatchObject({ folder: at('b') })
  })

  test('a config that is not there, and a build that nobody told what of', async () => {
    expect(await run(['build', '--config', 'my.config.ts'])).toBe(1)
    expect(cli.err).toMatch(/There is no config file my\.config\.ts/)
    expect(await run(['build'])).toBe(1)
    expect(cli.err).toMatch(/no folder of documents was given/)
    expect(await run(['build', 'docs'])).toBe(1)
    expect(cli.err).toMatch(/no output folder was given/)
  })
})

test('defineConfig is its argument, with types', () => {
  const config = { bits: 4 } as const
  expect(defineConfig(config)).toBe(config)
})
