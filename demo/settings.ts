/**
 * What the page's address says: `#q=` the question, `?in=` the source, `?encoder=` and `?scorer=` the backends. The question
 * stands behind the #, since all before it is told to the site whenever the page is loaded.
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

export function readSettings(at: Pick<Location, 'search' | 'hash'> = location): Settings {
  const params = new URLSearchParams(at.search)
  return {
    query: questionIn(at),
    source: SOURCES.find((choice) => choice === params.get('in')) ?? 'all',
    encoder: ENCODERS.find((choice) => choice === params.get('encoder')) ?? 'auto',
    scorer: SCORERS.find((choice) => choice === params.get('scorer')) ?? 'auto',
  }
}

/** Of a link that has it before the #, too. */
export function questionIn({ search, hash }: Pick<Location, 'search' | 'hash'>): string {
  return new URLSearchParams(hash.slice(1)).get('q') ?? new URLSearchParams(search).get('q') ?? ''
}

export function setQuestion(url: URL, query: string): void {
  const asked = query.trim()
  url.searchParams.delete('q')
  url.hash = asked === '' ? '' : new URLSearchParams({ q: asked }).toString()
}

/** Keeps question and source in the address, so that a search can be linked; adds nothing to the history. */
export function writeAddress(query: string, source: Source): void {
  const next = new URL(addressWith({ in: source === 'all' ? '' : source }))
  setQuestion(next, query)
  if (next.href !== location.href) history.replaceState(history.state, '', next)
}

/** This page's address with these parameters; an empty value or `auto` leaves one out. */
export function addressWith(changes: Readonly<Record<string, string>>): string {
  const url = new URL(location.href)
  for (const [name, value] of Object.entries(changes))
    if (value === '' || value === 'auto') url.searchParams.delete(name)
    else url.searchParams.set(name, value)
  return url.href
}
