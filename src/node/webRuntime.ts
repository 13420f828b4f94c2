/**
 * The browsers' inference runtime in Node: onnxruntime-web's wasm, bytes read from the installed package. It takes the graph
 * that a page takes and gives a page's vectors, to the bit; slower than onnxruntime-node, so it is for figures that are to be
 * compared with a page's.
 */
import { readFile } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import type { Encoder, ModelFiles } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import type { OnProgress } from '../types.ts'
import { runtimePath } from './runtimePath.ts'

/**
 * Ten times V8's own: by the default the function that sets the runtime up, one of the largest there are and run once, is
 * compiled by the optimizing compiler. That takes a minute of a core, and every other module waits behind it.
 */
const TIERING_BUDGET = '--wasm-tiering-budget=18000000'

/** Errors: `model-missing`, `model-invalid`, `backend-unavailable`. */
export function openWebEncoder(files: ModelFiles, onProgress: OnProgress | undefined): Promise<Encoder> {
  setFlagsFromString(TIERING_BUDGET)
  return loadEncoder({ files, backend: 'wasm', runtime: async (build) => readFile(runtimePath(build)), onProgress })
}
