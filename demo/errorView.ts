/** What went wrong, calmly: a sentence of ours for what it means, the error's own message, its code, and a way on. */
import type { ErrorCode, SelvageError } from 'selvage'
import { h } from './dom.ts'
import { addressWith } from './settings.ts'

const HEADLINES: Partial<Record<ErrorCode, string>> = {
  'backend-unavailable': 'This backend does not work here',
  'device-lost': 'The GPU went away',
  'download-failed': 'A file could not be fetched',
  'index-invalid': 'The index is damaged',
  'index-missing': 'There is no index yet',
  'index-version': 'The index has another format',
  'model-invalid': 'The model is damaged',
  'model-mismatch': 'Index and model do not belong together',
  'model-missing': 'The model is not there',
  'runtime-failed': 'The inference runtime stopped',
  'worker-died': 'A worker of this page stopped',
}

/** What a retry does about it, where that is not plain. */
const WAYS_ON: Partial<Record<ErrorCode, string>> = {
  'backend-unavailable': 'The automatic choice takes whatever this browser can run.',
  'device-lost':
    'A driver update or a laptop waking up can do that. Trying again asks for a new one, or goes on without.',
  'worker-died': 'Your question is still here. Trying again starts a new worker and loads what it needs.',
}

/** Model or runtime are missing, and words are not: told above what they find. */
export function meaninglessView(error: SelvageError, retry: () => void): HTMLElement {
  return errorView(error, retry, 'Words are searched all the same; meaning is not, until this is mended.')
}

export function errorView(error: SelvageError, retry: () => void, meanwhile?: string): HTMLElement {
  // A chosen backend that is not there will not come by trying: the other way is the likelier one.
  const automatic =
    error.code === 'backend-unavailable' &&
    h('a', { class: 'button', href: addressWith({ encoder: '', scorer: '' }) }, 'Choose automatically')
  const rank = automatic === false ? 'button' : 'button is-quiet'
  const again = h('button', { class: rank, type: 'button', 'data-testid': 'retry' }, 'Try again')
  again.addEventListener('click', retry)
  const wayOn = WAYS_ON[error.code]
  return h(
    'section',
    { class: 'notice error view', 'data-testid': 'error', 'data-code': error.code },
    h('h2', {}, HEADLINES[error.code] ?? 'Something went wrong'),
    wayOn !== undefined && h('p', {}, wayOn),
    meanwhile !== undefined && h('p', {}, meanwhile),
    h('p', { class: 'error-message' }, error.message),
    h('p', { class: 'error-foot' }, automatic, again, h('code', {}, error.code)),
  )
}
