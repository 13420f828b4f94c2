/** The one quiet line that says what goes on. */
import { formatBytes } from '../util.ts'
import { fill, found } from './strings/index.ts'
import type { ModelStatus, Strings, ViewState } from './types.ts'

const BACKENDS = { webgpu: 'WebGPU', wasm: 'WASM' } as const

export function modelText(model: ModelStatus, strings: Strings): string {
  if (model.state === 'downloading') {
    const { loadedBytes, totalBytes } = model
    return fill(strings.downloading, { loaded: formatBytes(loadedBytes), total: formatBytes(totalBytes) })
  }
  if (model.state === 'compiling') return strings.compiling
  return model.state === 'ready' ? fill(strings.ready, { backend: BACKENDS[model.backend] }) : ''
}

/** What was found, in words; '' while there is nothing to say. */
export function foundText(state: ViewState, strings: Strings, language: string): string {
  if (state.stage !== 'done' || isUnable(state)) return ''
  if (state.groups.length > 0) return found(strings, language, state.groups.length, state.elapsedMs ?? 0)
  const missing = fill(strings.noResults, { query: state.query })
  return `${missing}. ${strings.noResultsHint}`
}

export function statusText(state: ViewState, strings: Strings, language: string): string {
  const loads = state.model.state === 'downloading' || state.model.state === 'compiling'
  const model = modelText(state.model, strings)
  const like = state.similarTo === undefined ? [] : [fill(strings.similarTo, { title: state.similarTo })]
  const stages = {
    idle: [model],
    searching: [strings.searching, ...(loads ? [model] : [])],
    words: [loads ? model : strings.improving],
    done: [foundText(state, strings, language)],
  }
  return [...like, ...stages[state.stage]].filter((text) => text !== '').join(' · ')
}

/** Nothing was searched: that there are no results is not because nothing matches. */
export function isUnable({ notice, groups }: ViewState): boolean {
  const kinds = ['index-missing', 'index-invalid', 'failed', 'offline']
  return notice !== undefined && groups.length === 0 && kinds.includes(notice.kind)
}
