/**
 * What the page's address says: `?q=` the question, `?in=` the source, `?encoder=` and `?scorer=` the backends.
 * Values that are no choice count as the default: a mistyped address still searches.
 */
import { SOURCES, type Source } from './sources.ts'

export const ENCODERS = ['auto', 'webgpu', 'wasm'] as const
export const SCORERS = ['auto', 'webgpu', 'wasm', 'reference'] as const

export interface Settings {
  readonly query: string
  readonly source: Source
  readonly encoder: (typeof ENCODERS)[number]
  readonly scorer: (typeof SCORERS)[number]
}

const NAMES: Readonly<Record<string, string>> = {
  auto: 'Automatic',
  webgpu: 'WebGPU',
  wasm: 'WASM',
  reference: 'Reference',
  node: 'Node',
}

/** A backend as it is called in sentences. */
export function backendName(backend: string): string {
  return NAMES[backend] ?? backend
}

export function readSettings(search = location.search): Settings {
  const params = new URLSearchParams(search)
  return {
    query: params.get('q') ?? '',
    source: SOURCES.find((choice) => choice === params.get('in')) ?? 'all',
    encoder: ENCODERS.find((choice) => choice === params.get('encoder')) ?? 'auto',
    scorer: SCORERS.find((choice) => choice === params.get('scorer')) ?? 'auto',
  }
}

/** Keeps question and source in the address, so that a search can be linked; adds nothing to the history. */
export function writeAddress(query: string, source: Source): void {
  const next = addressWith({ q: query.trim(), in: source === 'all' ? '' : source })
  if (next !== location.href) history.replaceState(history.state, '', next)
}

/** This page's address with these parameters; an empty value or `auto` leaves one out. */
export function addressWith(changes: Readonly<Record<string, string>>): string {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(changes))
    if (value === '' || value === 'auto') url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  return url.href
}
