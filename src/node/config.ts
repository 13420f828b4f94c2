/**
 * The config file: what `selvage build` is told by flags, kept beside the site. `selvage.config.ts`, `.js`, `.mjs` or
 * `.json` in the current folder, or the file that --config names. A module is loaded by jiti, which compiles TypeScript
 * where Node 20 cannot; it is the user's own code and runs as such.
 *
 * Says what a config holds and whether it is well formed; not what the options mean, nor which flags were given.
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve } from 'node:path'
import { asSelvageError, rejectUnknown, SelvageError } from '../errors.ts'
import { PLAID_BITS } from '../ops/ops.ts'
import type { PlaidOptions } from '../plaid/builder.ts'
import { decodeText } from '../text/decode.ts'
import type { ParseOptions } from '../text/parse/index.ts'
import { orList } from '../util.ts'

/** All are optional, and a flag on the command line wins. Paths are relative to the config file. */
export interface SelvageConfig
  extends Pick<ParseOptions, 'baseUrl' | 'urls' | 'anchors'>,
    Pick<PlaidOptions, 'bits' | 'pool' | 'clustering'> {
  /** Folder of the documents. */
  readonly input?: string
  /** Where the index goes: an empty or new folder, or an earlier index. */
  readonly output?: string
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Passages encoded at a time. Default: one for each core and each GB of memory. */
  readonly threads?: number
  /** Encode only passages that no earlier such build has encoded; the index is the same. Default false. */
  readonly incremental?: boolean
  /** Where incremental builds keep vectors. Default: node_modules/.cache/selvage. */
  readonly cacheDir?: string
  /** Also write widget, workers, runtime and model beside the index. */
  readonly withRuntime?: boolean
}

export const URL_STYLES = ['html', 'clean', 'directory'] as const
export const ANCHOR_STYLES = ['github', 'vitepress'] as const
export const CLUSTERINGS = ['vectors', 'tokens'] as const

/** What a value must be, in words, and the value where it is that. `folder` is the config file's. */
interface Kind<T> {
  readonly wanted: string
  read(value: unknown, folder: string): T | undefined
}

const text: Kind<string> = {
  wanted: 'a text',
  read: (value) => (typeof value === 'string' ? value : undefined),
}

const path: Kind<string> = {
  wanted: 'a path',
  read: (value, folder) => (typeof value === 'string' && value !== '' ? resolve(folder, value) : undefined),
}

const wholeNumber: Kind<number> = {
  wanted: 'a whole number from 1 on',
  read: (value) => (typeof value === 'number' && Number.isInteger(value) && value >= 1 ? value : undefined),
}

const yesOrNo: Kind<boolean> = {
  wanted: 'true or false',
  read: (value) => (typeof value === 'boolean' ? value : undefined),
}

function oneOf<const T extends string | number>(allowed: readonly T[]): Kind<T> {
  return {
    wanted: orList(allowed.map((choice) => JSON.stringify(choice))),
    read: (value) => allowed.find((choice) => choice === value),
  }
}

/** The one list of what a config may say: a new option of `build` is a line here and a field above. */
const KINDS: { readonly [Key in keyof SelvageConfig]-?: Kind<NonNullable<SelvageConfig[Key]>> } = {
  input: path,
  output: path,
  baseUrl: text,
  urls: oneOf(URL_STYLES),
  anchors: oneOf(ANCHOR_STYLES),
  model: path,
  bits: oneOf(PLAID_BITS),
  pool: wholeNumber,
  clustering: oneOf(CLUSTERINGS),
  threads: wholeNumber,
  incremental: yesOrNo,
  cacheDir: path,
  withRuntime: yesOrNo,
}

/** For a config in TypeScript: `export default defineConfig({ input: 'docs', output: 'public/search' })`. */
export function defineConfig(config: SelvageConfig): SelvageConfig {
  return config
}

/**
 * The config that `file` names, else the one in `folder`; empty where there is none. Its paths are absolute.
 * Errors: `invalid-argument` for a file that is missing, cannot be loaded or says what no config says, and for two files.
 */
export async function loadConfig(file: string | undefined, folder = process.cwd()): Promise<SelvageConfig> {
  const found = file === undefined ? findConfig(folder) : resolve(folder, file)
  if (found === undefined) return {}
  const name = relative('', found)
  if (!existsSync(found))
    throw new SelvageError('invalid-argument', `There is no config file ${name}. Give the path of one with --config.`)
  let value: unknown
  try {
    value = extname(found) === '.json' ? await readJson(found) : await runModule(found)
  } catch (thrown) {
    throw asSelvageError(thrown, 'invalid-argument', `${name} cannot be loaded: `)
  }
  return checkConfig(value, name, dirname(found))
}

const NAMES = ['ts', 'js', 'mjs', 'json'].map((ending) => `selvage.config.${ending}`)

function findConfig(folder: string): string | undefined {
  const [found, ...others] = NAMES.filter((name) => existsSync(join(folder, name)))
  if (others.length > 0)
    throw new SelvageError(
      'invalid-argument',
      `${folder} has ${[found, ...others].join(' and ')}. Keep one of them, or say which with --config.`,
    )
  return found === undefined ? undefined : join(folder, found)
}

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(decodeText(new Uint8Array(await readFile(file)), file))
}

async function runModule(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(file, {
    fsCache: false, // it would leave files in a folder that is not ours
    moduleCache: false,
    interopDefault: false,
    // By its own name, so that a config works where the package is not installed but run by npx.
    virtualModules: { 'selvage/node': { defineConfig } },
  })
  const module = await jiti.import<object>(file)
  if (!('default' in module))
    throw new SelvageError(
      'invalid-argument',
      `${relative('', file)} has no default export. Write: export default { input: 'docs', output: 'public/search' }`,
    )
  return module.default // a promise of a config is as good: it is awaited here
}

function checkConfig(value: unknown, name: string, folder: string): SelvageConfig {
  if (!isObject(value))
    throw new SelvageError('invalid-argument', `${name} holds ${shown(value)}, wanted an object of options.`)
  rejectUnknown(value, Object.keys(KINDS), name)
  return Object.fromEntries(
    Object.entries(KINDS).flatMap(([key, kind]) => {
      const given = value[key]
      if (given === undefined) return []
      const read = kind.read(given, folder)
      if (read === undefined)
        throw new SelvageError('invalid-argument', `${name}: "${key}" is ${shown(given)}, wanted ${kind.wanted}.`)
      return [[key, read]]
    }),
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  const json = typeof value === 'function' ? 'a function' : (JSON.stringify(value) ?? String(value))
  return json.length > 60 ? `${json.slice(0, 60)}...` : json
}
