/**
 * The threads between the columns: from each section to the same section in the next. Decoration: what they say, the cards say in
 * words. They are drawn anew when the cloth changes its size.
 */
const SVG = 'http://www.w3.org/2000/svg'

interface Knot {
  readonly url: string
  readonly left: number
  readonly right: number
  readonly y: number
}

export class Threads {
  readonly #cloth: HTMLElement
  readonly #svg = document.createElementNS(SVG, 'svg')
  #frame = 0
  #tied: string | undefined

  constructor(cloth: HTMLElement) {
    this.#cloth = cloth
    this.#svg.setAttribute('class', 'threads')
    this.#svg.setAttribute('aria-hidden', 'true')
    cloth.append(this.#svg)
    new ResizeObserver(() => this.draw()).observe(cloth)
  }

  /** Once for all changes of a frame. */
  draw(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#draw())
  }

  tie(url: string | undefined): void {
    if (url === this.#tied) return
    this.#tied = url
    for (const path of this.#svg.querySelectorAll('path')) this.#mark(path)
  }

  #draw(): void {
    const origin = this.#cloth.getBoundingClientRect()
    const columns = [...this.#cloth.querySelectorAll<HTMLElement>('.arm:not([hidden])')].map((arm) =>
      [...arm.querySelectorAll<HTMLElement>('.find')].map((card) => knotOf(card, origin)),
    )
    const paths = columns.slice(1).flatMap((column, i) =>
      (columns[i] ?? []).flatMap((from) => {
        const to = column.find(({ url }) => url === from.url)
        return to === undefined ? [] : [this.#path(from, to)]
      }),
    )
    this.#svg.replaceChildren(...paths)
  }

  #path(from: Knot, to: Knot): SVGPathElement {
    const path = document.createElementNS(SVG, 'path')
    const middle = (from.right + to.left) / 2
    path.setAttribute('d', `M${from.right} ${from.y}C${middle} ${from.y} ${middle} ${to.y} ${to.left} ${to.y}`)
    path.dataset['url'] = from.url
    this.#mark(path)
    return path
  }

  #mark(path: SVGPathElement): void {
    path.classList.toggle('is-tied', path.dataset['url'] === this.#tied)
  }
}

/** Where the card lies, moved or not: it may be gliding there. */
function knotOf(card: HTMLElement, origin: DOMRect): Knot {
  const box = card.getBoundingClientRect()
  const shift = new DOMMatrix(getComputedStyle(card).transform).m42
  const top = box.top - shift - origin.top
  return {
    url: card.dataset['url'] ?? '',
    left: box.left - origin.left,
    right: box.right - origin.left,
    y: top + Math.min(28, box.height / 2),
  }
}
