import { expect, test } from 'vitest'
import { asSelvageError, SelvageError } from '../src/errors.ts'

test('an error crosses a structured clone with its code', () => {
  const error = SelvageError.fromWire(structuredClone(new SelvageError('no-documents', 'nothing').toWire()))
  expect(error).toBeInstanceOf(SelvageError)
  expect(error.code).toBe('no-documents')
})
test('foreign errors take the given code, ours keep theirs, aborts become aborted', () => {
  expect(asSelvageError(new TypeError('x'), 'model-invalid').code).toBe('model-invalid')
  expect(asSelvageError(new SelvageError('closed', 'x'), 'model-invalid').code).toBe('closed')
  expect(asSelvageError(new DOMException('x', 'AbortError')).code).toBe('aborted')
})
