/** What the index of these settings weighs, among the twelve that the lab has: vectors, and under them texts and words. */
import { h } from '../dom.ts'
import { formatBytes, formatCount } from '../format.ts'
import { indexOf, type LabIndex } from './lab.ts'
import { BITS, FINEST, POOLS } from './settings.ts'

export class SizeView {
  readonly element: HTMLElement
  readonly #finest: LabIndex
  readonly #bars = new Map<LabIndex, HTMLElement>()
  readonly #bytes = h('strong', { class: 'size-bytes', 'data-testid': 'bytes' })
  readonly #share = h('span', { class: 'size-share' })
  readonly #detail = h('p', { class: 'control-note', 'data-testid': 'size-detail' })

  constructor(lab: readonly LabIndex[]) {
    this.#finest = indexOf(lab, FINEST)
    const groups = POOLS.map((pool) =>
      h(
        'div',
        { class: 'size-group' },
        ...BITS.map((bits) => {
          const index = indexOf(lab, { bits, pool })
          const vectors = h('span', { class: 'size-vectors' })
          const texts = h('span', { class: 'size-texts' })
          vectors.style.setProperty('--share', String(index.vectorBytes / this.#finest.bytes))
          texts.style.setProperty('--share', String((index.bytes - index.vectorBytes) / this.#finest.bytes))
          const bar = h('span', { class: 'size-bar' }, vectors, texts)
          this.#bars.set(index, bar)
          return bar
        }),
      ),
    )
    this.element = h(
      'div',
      { class: 'size' },
      h(
        'div',
        { class: 'size-words' },
        h('p', { class: 'control-head' }, 'This index', this.#bytes),
        this.#share,
        this.#detail,
      ),
      h('div', { class: 'size-chart', 'aria-hidden': 'true' }, ...groups),
    )
  }

  show(index: LabIndex): void {
    for (const [other, bar] of this.#bars) bar.classList.toggle('is-shown', other === index)
    this.#bytes.textContent = formatBytes(index.bytes)
    const share = index.bytes / this.#finest.bytes
    this.#share.textContent =
      index === this.#finest
        ? 'The finest of the twelve.'
        : `${Math.round(share * 100)} % of the finest, ${formatBytes(this.#finest.bytes)}.`
    const perVector = index.vectorBytes / index.vectors
    this.#detail.textContent =
      `${formatCount(index.vectors)} vectors of ${perVector.toFixed(1)} bytes; ` +
      `${formatBytes(index.bytes - index.vectorBytes)} of texts and words.`
  }
}
