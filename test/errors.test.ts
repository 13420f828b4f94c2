import { afterEach, describe, expect, test, vi } from 'vitest'
import { asSelvageError, isWasmBlocked, SelvageError, wasmBlocked } from '../src/errors.ts'

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

describe('a Content-Security-Policy that forbids WebAssembly', () => {
  afterEach(() => void vi.unstubAllGlobals())

  test('is known by a refusal to compile', () => {
    expect(isWasmBlocked()).toBe(false)
    const refuse = () => {
      throw new WebAssembly.CompileError('Refused to compile or instantiate WebAssembly module')
    }
    vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: refuse })
    expect(isWasmBlocked()).toBe(true)
  })

  test('has a code of its own, and what to do', () => {
    expect(wasmBlocked('The model cannot be run')).toMatchObject({ code: 'wasm-blocked' })
    expect(wasmBlocked('The model cannot be run').message).toMatch(/wasm-unsafe-eval/)
  })
})
