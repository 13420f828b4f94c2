/**
 * What is said behind `--compare`, as data. A comma stands between systems and between the settings of one: a piece that is
 * `name=value` belongs to the system before it.
 *
 *   systems   system {"," system}
 *   system    name [":" setting {"," setting}]  |  "rerank:" system "+" system [",depth=" n]
 *
 * as in `lexical,plaid:bits=4,pool=2,rerank:lexical+cross-encoder:model=ms-marco,depth=50`. Within a rerank a setting belongs to
 * the part before it, and `depth` to the rerank. What a system does, and whether its model is there, is not known here.
 */
import { SelvageError } from '../../errors.ts'
import { PLAID_BITS } from '../../ops/ops.ts'
import type { PlaidOptions } from '../../plaid/builder.ts'
import { FUSIONS, type Fusion } from '../../types.ts'
import { orList } from '../../util.ts'
import { CLUSTERINGS } from '../config.ts'

/** How the index of a system is made and searched. */
export interface PlaidSpec {
  readonly plaid: PlaidOptions
  /** Passages scored in full; Infinity for all. Default: as search does. */
  readonly candidates?: number
}

/** A model in a folder of its own, and which of its graphs. */
export interface ModelSpec {
  readonly model: string
  /** Path in the folder: `onnx/model_quantized.onnx`. */
  readonly graph?: string
}

export type SingleSpec =
  | { readonly kind: 'lexical'; readonly name: string }
  | { readonly kind: 'exact'; readonly name: string }
  | ({ readonly kind: 'plaid'; readonly name: string } & PlaidSpec)
  | ({ readonly kind: 'hybrid'; readonly name: string; readonly fusion: Fusion } & PlaidSpec)
  | ({ readonly kind: 'bi-encoder'; readonly name: string } & ModelSpec)
  | ({ readonly kind: 'cross-encoder'; readonly name: string } & ModelSpec)

export interface RerankSpec {
  readonly kind: 'rerank'
  readonly name: string
  readonly first: SingleSpec
  readonly second: SingleSpec
  /** How many of the first one's best the second scores. */
  readonly depth: number
}

/** `name` is what was asked for, without white space. */
export type Spec = SingleSpec | RerankSpec

/** What holds where a system does not say otherwise: options of the command. */
export interface SpecDefaults {
  readonly plaid?: PlaidOptions
  readonly candidates?: number | undefined
  readonly biEncoder?: string | undefined
  readonly crossEncoder?: string | undefined
}

const INDEX_SETTINGS = ['bits', 'pool', 'candidates', 'centroids', 'clustering', 'seed'] as const

/** Every system, and what can be set of it. */
const SETTINGS: Readonly<Record<Spec['kind'], readonly string[]>> = {
  lexical: [],
  exact: [],
  plaid: INDEX_SETTINGS,
  hybrid: ['fusion', ...INDEX_SETTINGS],
  'bi-encoder': ['model', 'graph'],
  'cross-encoder': ['model', 'graph'],
  rerank: ['depth'],
}

const KINDS = Object.keys(SETTINGS)
const SECONDS: readonly string[] = ['exact', 'plaid', 'bi-encoder', 'cross-encoder']
/** Where a rerank's second part begins: folders may have a "+" in their names. */
const SECOND_PART = new RegExp(`\\+(?=(?:${KINDS.join('|')})(?:[:,+]|$))`)
const DEFAULT_DEPTH = 100

/** Errors: `invalid-argument` for what there is not, naming what there is; for a system twice; for a model that nobody named. */
export function parseSystems(text: string, defaults: SpecDefaults = {}): Spec[] {
  const specs = piecesOf(text).map((piece) => parseSystem(piece, defaults))
  if (specs.length === 0) throw bad(`no system is named. Name some of ${orList(KINDS)}, with commas between them.`)
  const names = specs.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw bad(`"${twice}" is there twice. Name each system once.`)
  return specs
}

/** Systems as they were written, each with its settings. */
function piecesOf(text: string): string[] {
  const pieces: string[] = []
  for (const piece of text.split(',').map((part) => part.trim())) {
    const isSetting = /^[a-z]+\s*=/i.test(piece)
    if (isSetting && pieces.length > 0) pieces.push(`${pieces.pop()},${piece}`)
    else if (piece !== '') pieces.push(piece)
  }
  return pieces
}

function parseSystem(text: string, defaults: SpecDefaults): Spec {
  return /^rerank\b/.test(text) ? parseRerank(text, defaults) : parseSingle(text, defaults)
}

function parseRerank(text: string, defaults: SpecDefaults): RerankSpec {
  const settings = text.slice('rerank'.length).replace(/^:/, '').split(',')
  const own = settings.filter((setting) => /^depth\s*=/.test(setting))
  const parts = settings.filter((setting) => !own.includes(setting)).join(',')
  const [first = '', second = '', ...more] = parts.split(SECOND_PART)
  if (first.trim() === '' || second === '' || more.length > 0)
    throw bad(`"${text}": a rerank has two parts, as in rerank:lexical+exact or rerank:plaid+cross-encoder.`)
  const values = new Settings('rerank', text, own)
  const [before, after] = [parseSystem(first.trim(), defaults), parseSystem(second, defaults)]
  if (before.kind === 'rerank' || after.kind === 'rerank')
    throw bad(`"${text}": a part of a rerank is no rerank itself.`)
  if (before.kind === 'cross-encoder')
    throw bad(
      `"${text}": the first part finds documents, and cross-encoder only scores them. Let lexical or plaid find.`,
    )
  if (!SECONDS.includes(after.kind))
    throw bad(
      `"${text}": the second part scores what the first one found. It is ${orList(SECONDS)}, not ${after.kind}.`,
    )
  return { kind: 'rerank', name: text, first: before, second: after, depth: values.whole('depth', 1) ?? DEFAULT_DEPTH }
}

function parseSingle(text: string, defaults: SpecDefaults): SingleSpec {
  const colon = text.indexOf(':')
  const comma = text.indexOf(',')
  if (comma >= 0 && (colon < 0 || comma < colon))
    throw bad(`"${text}": settings stand behind a colon, as in plaid:bits=2,pool=2.`)
  const kind = (colon < 0 ? text : text.slice(0, colon)).trim()
  const values = new Settings(kind, text, colon < 0 ? [] : text.slice(colon + 1).split(','))
  switch (kind) {
    case 'lexical':
    case 'exact':
      return { kind, name: text }
    case 'plaid':
      return { kind, name: text, ...indexOf(values, defaults) }
    case 'hybrid':
      return { kind, name: text, fusion: values.oneOf('fusion', FUSIONS) ?? 'scores', ...indexOf(values, defaults) }
    case 'bi-encoder':
    case 'cross-encoder': {
      const model = values.text('model') ?? (kind === 'bi-encoder' ? defaults.biEncoder : defaults.crossEncoder)
      if (model === undefined)
        throw bad(`"${text}": which model? Name its folder with ${kind}:model=<dir>, or with --${kind} <dir>.`)
      const graph = values.text('graph')
      return { kind, name: text, model, ...(graph !== undefined && { graph }) }
    }
    default:
      throw bad(`there is no system "${kind}". There are ${orList(KINDS)}.`)
  }
}

function indexOf(values: Settings, defaults: SpecDefaults): PlaidSpec {
  const bits = values.oneOf('bits', PLAID_BITS.map(String))
  const candidates = values.text('candidates') === 'all' ? Infinity : values.whole('candidates', 1)
  const plaid: PlaidOptions = {
    ...defaults.plaid,
    ...defined(
      'bits',
      PLAID_BITS.find((allowed) => String(allowed) === bits),
    ),
    ...defined('pool', values.whole('pool', 1)),
    ...defined('centroids', values.whole('centroids', 1)),
    ...defined('clustering', values.oneOf('clustering', CLUSTERINGS)),
    ...defined('seed', values.whole('seed', 0)),
  }
  return { plaid, ...defined('candidates', candidates ?? defaults.candidates) }
}

function defined<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  const result: { [K in Key]?: Value } = {}
  if (value !== undefined) result[key] = value
  return result
}

/** The settings of one system, each asked for by name. */
class Settings {
  readonly #where: string
  readonly #values = new Map<string, string>()

  /** Errors: `invalid-argument` for a setting that the system does not have. */
  constructor(kind: string, where: string, settings: readonly string[]) {
    this.#where = where
    const known = Object.entries(SETTINGS).find(([name]) => name === kind)?.[1]
    for (const setting of known ? settings : []) {
      const at = setting.indexOf('=')
      const name = (at < 0 ? setting : setting.slice(0, at)).trim()
      const value = at < 0 ? '' : setting.slice(at + 1).trim()
      if (!known?.includes(name)) throw bad(`"${where}": ${kind} has no "${name}". ${tellSettings(kind, known ?? [])}`)
      if (value === '') throw bad(`"${where}": "${name}" has no value. Say ${name}=<value>.`)
      if (this.#values.has(name)) throw bad(`"${where}": "${name}" is there twice.`)
      this.#values.set(name, value)
    }
  }

  text(name: string): string | undefined {
    return this.#values.get(name)
  }

  oneOf<const Value extends string>(name: string, allowed: readonly Value[]): Value | undefined {
    const given = this.#values.get(name)
    const found = allowed.find((value) => value === given)
    if (given !== undefined && found === undefined)
      throw bad(`"${this.#where}": ${name} is "${given}"; it must be ${orList(allowed)}.`)
    return found
  }

  whole(name: string, least: number): number | undefined {
    const given = this.#values.get(name)
    if (given === undefined) return undefined
    const all = name === 'candidates' ? ', or all' : ''
    if (!/^\d+$/.test(given) || Number(given) < least)
      throw bad(`"${this.#where}": ${name} is "${given}"; it must be a whole number from ${least} on${all}.`)
    return Number(given)
  }
}

function tellSettings(kind: string, known: readonly string[]): string {
  return known.length === 0 ? 'It has no settings.' : `The settings of ${kind}: ${known.join(', ')}.`
}

function bad(what: string): SelvageError {
  return new SelvageError('invalid-argument', `--compare: ${what}`)
}
