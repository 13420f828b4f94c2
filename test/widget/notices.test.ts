import { expect, test } from 'vitest'
import { type ErrorCode, SelvageError } from '../../src/errors.ts'
import { answerNotice, indexNotice, modelNotice, standingNotice } from '../../src/widget/notices.ts'
import { FakeSurroundings, LOADED, OPENED, SCORER } from '../support/fakeEngine.ts'

const error = (code: ErrorCode, message = 'what happened') => new SelvageError(code, message)
const ONLINE = { isOpen: false, isOnline: true }

test.each([
  ['index-missing', 'index-missing', false],
  ['index-invalid', 'index-invalid', true],
  ['index-version', 'index-invalid', false],
  ['download-failed', 'failed', true],
  ['worker-died', 'failed', true],
  ['storage-failed', 'failed', true],
  ['internal', 'failed', true],
  ['invalid-argument', 'failed', false],
  ['section-missing', 'failed', false],
  ['vectors-missing', 'failed', false],
  ['wasm-blocked', 'words-only-csp', false],
  ['closed', 'failed', false],
] as const)('index: %s is told as %s, retry %s', (code, kind, canRetry) => {
  expect(indexNotice(error(code), ONLINE)).toEqual({ kind, canRetry, detail: 'what happened' })
})

test('words that cannot be fetched without a network: what is kept is searched', () => {
  const failed = error('download-failed')
  expect(indexNotice(failed, { isOpen: true, isOnline: false }).kind).toBe('offline')
  expect(indexNotice(failed, { isOpen: true, isOnline: true }).kind).toBe('failed')
  expect(indexNotice(failed, { isOpen: false, isOnline: false }).kind).toBe('failed') // nothing is kept
})

test.each([
  ['model-missing', 'words-only-model', false],
  ['model-invalid', 'words-only-model', true],
  ['model-mismatch', 'words-only-mismatch', false],
  ['backend-unavailable', 'words-only-model', true],
  ['wasm-blocked', 'words-only-csp', false],
  ['runtime-failed', 'words-only-model', true],
  ['download-failed', 'words-only-model', true],
  ['device-lost', 'words-only-model', true],
  ['index-invalid', 'words-only-model', true],
] as const)('model: %s is told as %s, retry %s; without words to search, as a failure', (code, kind, canRetry) => {
  expect(modelNotice(error(code), true)).toEqual({ kind, canRetry, detail: 'what happened' })
  expect(modelNotice(error(code), false)).toEqual({ kind: 'failed', canRetry, detail: 'what happened' })
})

test.each([
  "wasm: the site's Content-Security-Policy forbids WebAssembly",
  "wasm: WebAssembly.instantiate(): Compiling or instantiating WebAssembly module violates the following Content Security policy directive because 'unsafe-eval' is not an allowed source of script",
  'wasm: WebAssembly.compile(): Wasm code generation disallowed by embedder',
  'wasm: call to WebAssembly.instantiate() blocked by CSP',
  "wasm: Refused to create a WebAssembly object because 'unsafe-eval' or 'wasm-unsafe-eval' is not an allowed source of script in the following Content Security Policy directive",
])('a policy that forbids WebAssembly is told apart: %s', (reason) => {
  const notice = modelNotice(error('backend-unavailable', `No backend can run the model of /model/. ${reason}`), true)
  expect(notice).toMatchObject({ kind: 'words-only-csp', canRetry: false })
})

test('answers that are limited say so', () => {
  const elapsedMs = { wait: 0, encode: 0, keyword: 0, score: 0, texts: 0, explain: 0, total: 0 }
  const answer = { query: 'x', mode: 'hybrid', hits: [], elapsedMs } as const
  expect(answerNotice(answer)).toBeUndefined()
  expect(answerNotice({ ...answer, scorer: SCORER, isUnderstood: true })).toBeUndefined()
  expect(answerNotice({ ...answer, isUnderstood: false })).toEqual({ kind: 'words-only-script', canRetry: false })
  const rough = { ...SCORER, precision: 'approximate' } as const
  expect(answerNotice({ ...answer, scorer: rough })).toEqual({ kind: 'approximate', canRetry: false })
})

test('what limits a page for as long as it is here', () => {
  const surroundings = new FakeSurroundings()
  const stored = (change: object) => ({ ...OPENED, stored: { ...OPENED.stored, ...change } })
  const unkept = { ...LOADED, encoder: { ...LOADED.encoder, storage: { kind: 'none', reason: 'full' } as const } }
  expect(standingNotice(OPENED, LOADED, surroundings)).toBeUndefined()
  // A newer index could not be had: no matter for who searches.
  expect(standingNotice(stored({ reason: 'no residuals' }), LOADED, surroundings)).toBeUndefined()
  expect(standingNotice(OPENED, unkept, surroundings)).toEqual({ kind: 'not-kept', detail: 'full', canRetry: false })
  const memory = stored({ kind: 'memory', reason: 'private window' })
  const notKept = { kind: 'not-kept', detail: 'private window', canRetry: false }
  expect(standingNotice(memory, undefined, surroundings)).toEqual(notKept)
  expect(standingNotice(stored({ kind: 'none' }), undefined, surroundings)?.kind).toBe('not-kept')

  surroundings.isSecure = false
  expect(standingNotice(undefined, undefined, surroundings)).toBeUndefined() // nobody has turned to the search
  expect(standingNotice(memory, undefined, surroundings)).toEqual({ kind: 'insecure', canRetry: false })

  surroundings.online = false
  const offline = { kind: 'offline', detail: 'no answer', canRetry: false }
  expect(standingNotice(stored({ offline: 'no answer' }), LOADED, surroundings)).toEqual(offline)
  expect(standingNotice(OPENED, LOADED, surroundings)).toEqual({ kind: 'offline', canRetry: false })
})
