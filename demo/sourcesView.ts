/** The switch between sources: radio buttons under the field, each with the number of its pages. Draws; decides nothing. */
import { h } from './dom.ts'
import { formatCount, plural } from './format.ts'
import { SOURCE_NAMES, SOURCES, type Source } from './sources.ts'

interface Choice {
  readonly input: HTMLInputElement
  readonly count: HTMLElement
}

export class SourcesView {
  readonly #choices = new Map<Source, Choice>()

  constructor(root: HTMLFieldSetElement, chosen: Source, choose: (source: Source) => void) {
    for (const source of SOURCES) {
      const input = h('input', { type: 'radio', name: 'in', value: source === 'all' ? '' : source })
      input.checked = source === chosen
      input.addEventListener('change', () => choose(source))
      const count = h('span', { class: 'source-count' })
      this.#choices.set(source, { input, count })
      root.append(
        h(
          'label',
          { class: 'source', 'data-testid': `in-${source}` },
          input,
          h('span', {}, SOURCE_NAMES[source]),
          count,
        ),
      )
    }
  }

  /** The number stands beside the name, and is a phrase where it is heard. */
  show(counts: Readonly<Record<Source, number>>): void {
    for (const [source, { count }] of this.#choices) {
      const pages = counts[source]
      const unit = source === 'own' ? 'file' : 'page'
      count.replaceChildren(
        h('span', { 'aria-hidden': 'true' }, formatCount(pages)),
        h('span', { class: 'visually-hidden' }, ` ${plural(pages, unit)}`),
      )
    }
  }

  choose(source: Source): void {
    const choice = this.#choices.get(source)
    if (choice !== undefined) choice.input.checked = true
  }
}
