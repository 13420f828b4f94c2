/** What the site takes of the room that the browser gives it: one bar, cut by what the bytes hold, and the numbers under it. */
import type { Storage } from 'selvage'
import { h } from './dom.ts'
import { formatBytes } from './format.ts'
import type { PagesReport } from './sw/pages.ts'

interface Kind {
  readonly key: string
  readonly name: string
  readonly bytes: number
}

export class MeterView {
  readonly #bar = h('div', { class: 'meter-bar', 'aria-hidden': 'true' })
  readonly #list = h('dl', { class: 'meter-kinds' })
  readonly #room = h('p', { class: 'meter-room' })
  readonly element = h(
    'div',
    { class: 'meter', 'data-testid': 'meter', hidden: true },
    this.#bar,
    this.#list,
    this.#room,
  )

  show(storage: Storage, pages: PagesReport | undefined): void {
    const kinds = kindsOf(storage, pages).filter(({ bytes }) => bytes > 0)
    this.element.hidden = kinds.length === 0
    this.#bar.replaceChildren(
      ...kinds.map(({ key, bytes }) => {
        const part = h('span', { class: `kind-${key}` })
        part.style.setProperty('--bytes', String(bytes))
        return part
      }),
    )
    this.#list.replaceChildren(
      ...kinds.map(({ key, name, bytes }) =>
        h('div', { class: `kind kind-${key}` }, h('dt', {}, name), h('dd', {}, formatBytes(bytes))),
      ),
    )
    this.#room.textContent = roomOf(storage)
  }
}

function kindsOf({ index, model }: Storage, pages: PagesReport | undefined): Kind[] {
  const { vectors, texts, keywords, waiting } = index.bytes
  return [
    { key: 'vectors', name: 'Vectors', bytes: vectors },
    { key: 'texts', name: 'Texts', bytes: texts + index.bytes.pages },
    { key: 'words', name: 'Words', bytes: keywords },
    { key: 'waiting', name: 'Your files, waiting', bytes: waiting },
    { key: 'model', name: 'Model and runtime', bytes: model.bytes },
    { key: 'pages', name: 'Pages', bytes: pages?.keptBytes ?? 0 },
  ]
}

function roomOf({ usageBytes, quotaBytes, isPersisted }: Storage): string {
  if (usageBytes === undefined || quotaBytes === undefined) return ''
  const share = quotaBytes > 0 ? (100 * usageBytes) / quotaBytes : 0
  const percent = share < 0.1 ? 'less than 0.1' : share.toFixed(share < 10 ? 1 : 0)
  const promise = isPersisted ? 'It will not clear them.' : 'It may clear them when the disk is full.'
  return `The browser counts ${formatBytes(usageBytes)} in all, ${percent} % of what it allows. ${promise}`
}
