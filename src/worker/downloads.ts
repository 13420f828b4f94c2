/**
 * The encoder's files over the network, with progress: the model's folder and the inference runtime.
 * Both are part of the site: nothing is asked of any other place.
 */
import runtimeUrl from 'virtual:selvage-runtime'
import type { ModelFiles } from '../encoder/encoder.ts'
import { SelvageError } from '../errors.ts'
import { fetchBytes, httpStore } from '../store/http.ts'
import type { OnProgress } from '../types.ts'
import { gunzip } from '../util.ts'

/** A model's folder on a web server. Progress over all its files is reported by whoever reads them. */
export function httpModelFiles(url: string): ModelFiles {
  const { location } = httpStore({ url })
  return {
    location,
    read: (path, onBytes) => httpStore({ url, revalidate: true, onBytes: (_, loaded) => onBytes?.(loaded) }).get(path),
  }
}

/**
 * The bytes of onnxruntime-web's wasm file. Builds ship it gzipped by us: raw it is 26.8 MB, more than some hosts allow
 * for one file, and hosts often do not compress wasm.
 */
export async function loadRuntime(onProgress: OnProgress): Promise<Uint8Array> {
  const bytes = await fetchBytes(runtimeUrl, 'default', (loaded, total) =>
    onProgress({ stage: 'runtime', loaded, total, unit: 'bytes', label: 'onnxruntime-web' }),
  )
  if (bytes === undefined)
    throw new SelvageError(
      'runtime-failed',
      `The inference runtime is not at ${runtimeUrl}. It lies beside encoder.js in dist/browser/: serve that folder whole.`,
    )
  return bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzip(bytes) : bytes
}
