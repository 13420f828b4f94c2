/**
 * The one error class of the project.
 *
 * `code` is stable and meant for programs; `message` is for people and says what was got, what was wanted and
 * what to do. It crosses worker boundaries as a plain object (`toWire`) and comes back as the same class.
 */

export type ErrorCode =
  | 'invalid-argument' // a caller's option or value is wrong
  | 'no-documents' // nothing to index in the input
  | 'unreadable-document' // a file is not UTF-8, too large, or cannot be opened
  | 'model-missing' // a file of the model is not there
  | 'model-invalid' // a file of the model is truncated, malformed or of an unsupported kind
  | 'model-mismatch' // an index was built with another model than the one loaded
  | 'runtime-failed' // the inference runtime could not start or a run failed
  | 'training-failed' // a loss that is no number, or no memory for a step
  | 'backend-unavailable' // none of the wanted backends works here
  | 'wasm-blocked' // the page's Content-Security-Policy forbids WebAssembly
  | 'device-lost' // the GPU device went away
  | 'index-missing' // no index at that place
  | 'index-invalid' // an index's file is truncated, changed or malformed
  | 'section-missing' // the index has no section there, or not with that text
  | 'vectors-missing' // the section's vectors are another model's, or there are none
  | 'index-version' // an index of a format this version cannot read
  | 'output-conflict' // the output folder holds something that is not ours
  | 'download-failed' // a file could not be fetched
  | 'storage-full' // the browser gives no more room
  | 'storage-failed' // the browser's database cannot be opened or read
  | 'duplicate-document' // a document with this id is there already
  | 'paused' // documents wait that the call needs, and adding rests
  | 'worker-died' // a worker stopped; pending calls are rejected with this
  | 'aborted' // the caller's AbortSignal
  | 'closed' // used after close()
  | 'internal' // a fault of ours

export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly stack?: string
}

export class SelvageError extends Error {
  override readonly name = 'SelvageError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }

  /** Files of the library that are loaded one by one have a copy of this class each: an error of one is an error of all. */
  static override [Symbol.hasInstance](value: unknown): value is SelvageError {
    return value instanceof Error && value.name === 'SelvageError' && 'code' in value
  }

  toWire(): WireError {
    return {
      code: this.code,
      message: this.message,
      ...(this.stack === undefined ? {} : { stack: this.stack }),
    }
  }

  static fromWire(wire: WireError): SelvageError {
    const error = new SelvageError(wire.code, wire.message)
    if (wire.stack !== undefined) error.stack = wire.stack
    return error
  }
}

/** Any thrown value as a SelvageError: ours unchanged, an AbortError as `aborted`, the rest under `code`. */
export function asSelvageError(thrown: unknown, code: ErrorCode = 'internal', prefix = ''): SelvageError {
  if (thrown instanceof SelvageError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const aborted = thrown instanceof Error && thrown.name === 'AbortError'
  return new SelvageError(aborted ? 'aborted' : code, prefix + message, {
    cause: thrown,
  })
}

/** Throws `aborted` when the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SelvageError('aborted', 'The operation was aborted by its caller.')
}

/** Throws `invalid-argument` for a key that is not an option: a misspelt option must not be silently ignored. */
export function rejectUnknown(options: object, known: readonly string[], where: string): void {
  for (const key of Object.keys(options))
    if (!known.includes(key))
      throw new SelvageError('invalid-argument', `${where}: unknown option "${key}"; known are ${known.join(', ')}.`)
}

/**
 * Whether the page's Content-Security-Policy forbids WebAssembly. Browsers do not say so; they refuse to compile, here the
 * shortest module that there is: a magic number and a version. (A browser without WebAssembly refuses too.)
 */
export function isWasmBlocked(): boolean {
  try {
    return new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)) === undefined
  } catch {
    return true
  }
}

/** @param what cannot be done: "The model cannot be run" */
export function wasmBlocked(what: string): SelvageError {
  return new SelvageError(
    'wasm-blocked',
    `${what}: the site's Content-Security-Policy forbids WebAssembly. Allow it with script-src 'wasm-unsafe-eval'. ` +
      'Search by words works without.',
  )
}
