/** A model's folder on a web server, file by file as the browser's HTTP cache sees fit. */
import type { ModelFiles } from '../encoder/encoder.ts'
import { httpStore } from '../store/http.ts'

/** Progress over all its files is reported by whoever reads them. */
export function httpModelFiles(url: string): ModelFiles {
  const { location } = httpStore({ url })
  return {
    location,
    read: (path, onBytes) => httpStore({ url, revalidate: true, onBytes: (_, loaded) => onBytes?.(loaded) }).get(path),
  }
}
