/**
 * The browsers' inference runtime in Node: onnxruntime-web's wasm, bytes read from the installed package. It takes the graph
 * that a page takes and gives a page's vectors, to the bit; slower than onnxruntime-node, so it is for figures that are to be
 * compared with a page's.
 */
import { readFile } from 'node:fs/promises'
import type { Encoder, ModelFiles } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import type { OnProgress } from '../types.ts'
import { runtimePath } from './runtimePath.ts'

/** Errors: `model-missing`, `model-invalid`, `backend-unavailable`. */
export function openWebEncoder(files: ModelFiles, onProgress: OnProgress | undefined): Promise<Encoder> {
  return loadEncoder({ files, backend: 'wasm', runtime: async () => readFile(runtimePath()), onProgress })
}
