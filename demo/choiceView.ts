/** Which backend encodes and which scores, on what device, and why others were refused. */
import type { Refusal, SearchResult, Status } from 'selvage'
import { h, icon } from './dom.ts'
import { backendName } from './settings.ts'

type Scorer = NonNullable<SearchResult['scorer']> & { readonly device: string }

/** `summary` is one line: "WebGPU", or "WASM · WebGPU" with the encoder first. */
export function choiceView(encoder: Status['encoder'], scorer: Scorer): { summary: string; content: HTMLElement[] } {
  const names = [backendName(encoder.backend), backendName(scorer.backend)]
  const refused = [
    ...encoder.refused.map((refusal) => ({ ...refusal, job: 'Encoding' })),
    ...scorer.refused.map((refusal) => ({ ...refusal, job: 'Scoring' })),
  ]
  const content: HTMLElement[] = [
    h(
      'dl',
      { class: 'backends' },
      backend('Encodes', encoder.backend, encoder.device),
      backend('Scores', scorer.backend, scorer.device),
    ),
  ]
  if (refused.length > 0) content.push(refusals(refused))
  return { summary: [...new Set(names)].join(' · '), content }
}

function backend(job: string, name: string, device: string): HTMLElement {
  return h(
    'div',
    {},
    h('dt', {}, job),
    h(
      'dd',
      {},
      h('strong', { class: `backend-name is-${name}` }, backendName(name)),
      device !== '' && h('span', { class: 'device' }, device),
    ),
  )
}

function refusals(refused: readonly (Refusal & { readonly job: string })[]): HTMLElement {
  const names = [...new Set(refused.map(({ backend }) => backendName(backend)))]
  return h(
    'details',
    { class: 'fold' },
    h('summary', {}, `Why not ${names.join(' or ')}?`, icon('chevron', 'm7 10 5 5 5-5')),
    h(
      'ul',
      { class: 'refusals', role: 'list' },
      ...refused.map(({ job, backend, reason }) =>
        h('li', {}, h('strong', {}, `${job} on ${backendName(backend)}`), h('span', {}, reason)),
      ),
    ),
  )
}
