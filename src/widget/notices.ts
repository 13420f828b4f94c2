/**
 * What is a visitor told when something went wrong or is limited? From an error's code to what still works; the sentences are
 * in the strings. Whether trying again may help is told apart: a file that is not there will not be there in a second either.
 */
import type { ErrorCode, SelvageError } from '../errors.ts'
import type { Loaded, Opened, SearchResult } from './engines.ts'
import type { Surroundings } from './intent.ts'
import type { Notice } from './types.ts'

/** What no second attempt mends. */
const FINAL: readonly ErrorCode[] = [
  ...(['index-missing', 'index-version', 'invalid-argument', 'closed', 'section-missing', 'vectors-missing'] as const),
  ...(['model-missing', 'model-mismatch', 'wasm-blocked'] as const),
]

/** Words of all three engines for a policy that forbids WebAssembly, where its error was taken for another one. */
const FORBIDDEN = /content.security.policy|\bCSP\b|unsafe-eval|code generation disallowed/i

/** The index could not be opened, or its words not be read: nothing is found. */
export function indexNotice(error: SelvageError, { isOpen, isOnline }: { isOpen: boolean; isOnline: boolean }): Notice {
  const { code, message } = error
  const rest = { detail: message, canRetry: !FINAL.includes(code) }
  if (code === 'index-missing') return { kind: 'index-missing', ...rest }
  if (code === 'index-invalid' || code === 'index-version') return { kind: 'index-invalid', ...rest }
  if (code === 'wasm-blocked') return { kind: 'words-only-csp', ...rest } // vectors are compared there
  if (code === 'download-failed' && isOpen && !isOnline) return { kind: 'offline', ...rest }
  return { kind: 'failed', ...rest }
}

/** Model or vectors could not be loaded or run: words are found, where the index has any. */
export function modelNotice(error: SelvageError, hasKeywords: boolean): Notice {
  const { code, message } = error
  const rest = { detail: message, canRetry: !FINAL.includes(code) }
  if (!hasKeywords) return { kind: 'failed', ...rest }
  if (code === 'model-mismatch') return { kind: 'words-only-mismatch', ...rest }
  if (code === 'wasm-blocked' || FORBIDDEN.test(message)) return { kind: 'words-only-csp', ...rest, canRetry: false }
  return { kind: 'words-only-model', ...rest }
}

/** A heat map could not be made. Asking for it again is another try. */
export function explanationNotice(error: SelvageError): Notice {
  const isModel = /^(model|wasm|backend|runtime|download)/.test(error.code)
  const { kind, detail } = isModel ? modelNotice(error, true) : ({ kind: 'failed', detail: error.message } as const)
  return { kind, ...(detail !== undefined && { detail }), canRetry: false }
}

/** What is limited in this answer alone. */
export function answerNotice({ isUnderstood, scorer }: SearchResult): Notice | undefined {
  if (isUnderstood === false) return { kind: 'words-only-script', canRetry: false }
  if (scorer?.precision === 'approximate') return { kind: 'approximate', canRetry: false }
  return undefined
}

/** What is limited for as long as the page is here as it is. */
export function standingNotice(
  opened: Opened | undefined,
  loaded: Loaded | undefined,
  surroundings: Surroundings,
): Notice | undefined {
  if (opened === undefined) return undefined // nobody has turned to the search yet, or a worse thing is told
  const { kind, reason, offline } = opened.stored
  if (!surroundings.isOnline()) return { kind: 'offline', ...(offline && { detail: offline }), canRetry: false }
  if (!surroundings.isSecure) return { kind: 'insecure', canRetry: false }
  const why = kind === 'browser' ? loaded?.encoder.storage.reason : reason
  if (kind !== 'browser' || why !== undefined) return { kind: 'not-kept', ...(why && { detail: why }), canRetry: false }
  return undefined
}
