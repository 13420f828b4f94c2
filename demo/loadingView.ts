/** The stages of getting ready, each with its bar: draws what `Loading` has added up. */
import { h, icon } from './dom.ts'
import { formatBytes, formatBytesOf } from './format.ts'
import { type Loading, STAGES, type Stage, type StageProgress } from './loading.ts'

const WORDS: Readonly<Record<Stage, { readonly name: string; readonly what: string }>> = {
  model: { name: 'Model', what: 'weights' },
  runtime: { name: 'Runtime', what: 'ONNX' },
  compile: { name: 'Compile', what: 'shaders' },
  index: { name: 'Index', what: 'vectors' },
}

interface Row {
  readonly element: HTMLElement
  readonly amount: HTMLElement
  readonly bar: HTMLProgressElement
}

export class LoadingView {
  readonly element = h('ul', { class: 'stages', role: 'list' })
  readonly #rows = new Map<Stage, Row>()

  constructor() {
    for (const stage of STAGES) {
      const { name, what } = WORDS[stage]
      const amount = h('span', { class: 'stage-amount' })
      const bar = h('progress', { max: 1, value: 0, 'aria-label': `${name}: ${what}` })
      const element = h(
        'li',
        { class: 'stage', 'data-stage': stage },
        icon('tick', 'm5 12.5 4.5 4.5L19 7.5'),
        h('span', { class: 'stage-name' }, name, ' ', h('small', {}, what)),
        amount,
        bar,
      )
      this.#rows.set(stage, { element, amount, bar })
      this.element.append(element)
    }
  }

  show(loading: Loading): void {
    for (const at of loading.stages()) {
      const row = this.#rows.get(at.stage)
      if (row === undefined) continue
      row.element.dataset['state'] = at.state
      row.amount.textContent = amountOf(at)
      if (at.state === 'busy' && at.total === 0) row.bar.removeAttribute('value')
      else row.bar.value = at.state === 'done' ? 1 : at.total === 0 ? 0 : at.loaded / at.total
    }
  }
}

function amountOf({ state, loaded, total, unit, label }: StageProgress): string {
  if (state === 'waiting') return ''
  if (unit === 'items') return total > 0 ? `${loaded} of ${total}` : label
  if (loaded === 0 && total === 0) return label
  if (state === 'done' || total === 0) return loaded === 0 ? '' : formatBytes(loaded)
  return formatBytesOf(loaded, total)
}

/** All bytes together, for one line: "12.4 of 38.1 MB". */
export function bytesLine(loading: Loading): string {
  const stages = loading.stages().filter(({ unit }) => unit === 'bytes')
  const loaded = stages.reduce((sum, at) => sum + at.loaded, 0)
  const total = stages.reduce((sum, at) => sum + Math.max(at.total, at.loaded), 0)
  return total === 0 ? '' : formatBytesOf(loaded, total)
}
