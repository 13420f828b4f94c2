/**
 * Reads fields out of parsed JSON files, each with an error that names the file, what was got and what was wanted.
 * It knows nothing of what the fields mean. An absent field gives the caller's default; a `null` counts as absent,
 * as it does for the Python libraries that write these files.
 */
import { SelvageError } from '../errors.ts'

export type JsonObject = { readonly [key: string]: unknown }

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses a file that must hold one JSON object; `where` is its place in words. */
export function parseJsonObject(bytes: Uint8Array, where: string): JsonObject {
  const text = new TextDecoder().decode(bytes)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    const start = text.slice(0, 24).replace(/\s+/g, ' ')
    const page = /^\s*</.test(text) ? ' A server may have answered with its error page instead of the file.' : ''
    throw new SelvageError(
      'model-invalid',
      `${where} is not JSON: ${bytes.length} bytes that begin with "${start}".${page} Fetch the file again.`,
      { cause },
    )
  }
  if (!isObject(value)) throw invalid(where, 'the file', value, 'a JSON object')
  return value
}

/** Typed access to one JSON object; `where` is the file's place in words, for messages. */
export class Fields {
  readonly json: JsonObject
  readonly where: string

  constructor(json: JsonObject, where: string) {
    this.json = json
    this.where = where
  }

  string(key: string): string | undefined {
    const value = this.#get(key)
    if (value === undefined || typeof value === 'string') return value
    throw this.#wrong(key, value, 'a string')
  }

  boolean(key: string): boolean | undefined {
    const value = this.#get(key)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.#wrong(key, value, 'true or false')
  }

  positiveInteger(key: string): number | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
    throw this.#wrong(key, value, 'a positive integer')
  }

  strings(key: string): readonly string[] | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (Array.isArray(value) && value.every((item): item is string => typeof item === 'string')) return value
    throw this.#wrong(key, value, 'a list of strings')
  }

  object(key: string): Fields | undefined {
    const value = this.#get(key)
    if (value === undefined) return undefined
    if (isObject(value)) return new Fields(value, `${this.where}, "${key}"`)
    throw this.#wrong(key, value, 'an object')
  }

  /** A special token as tokenizer configs write it: the string itself or `{"content": "..."}`. */
  token(key: string): string | undefined {
    const value = this.#get(key)
    if (isObject(value)) return new Fields(value, `${this.where}, "${key}"`).string('content')
    return this.string(key)
  }

  required<T>(value: T | undefined, key: string): T {
    if (value === undefined) throw new SelvageError('model-invalid', `${this.where} has no "${key}".`)
    return value
  }

  #get(key: string): unknown {
    return Object.hasOwn(this.json, key) ? (this.json[key] ?? undefined) : undefined
  }

  #wrong(key: string, got: unknown, wanted: string): SelvageError {
    return invalid(this.where, `"${key}"`, got, wanted)
  }
}

function invalid(where: string, what: string, got: unknown, wanted: string): SelvageError {
  const shown = JSON.stringify(got) ?? String(got)
  const short = shown.length > 60 ? `${shown.slice(0, 60)}…` : shown
  return new SelvageError('model-invalid', `${where}: ${what} is ${short}, wanted ${wanted}.`)
}
