/**
 * A page of a documentation as a whole: the article with what stands around it. The frame (head, scripts, styles) is
 * demo/docs/page.html, which Vite builds like any page; here its places are filled. It knows no files.
 */
import { posix } from 'node:path'
import { navHtml } from '../nav.ts'
import { type Docs, NAMES } from '../pages.ts'
import { originalUrl, rootOf } from './links.ts'
import type { RenderedPage } from './render.ts'
import { arrange, type Section } from './sidebar.ts'

/** Where each documentation begins. */
const HOMES: Readonly<Record<Docs, string>> = { vue: 'guide/introduction', react: 'learn/index' }
const SOURCES: Readonly<Record<Docs, readonly [name: string, url: string, by: string]>> = {
  vue: ['Vue documentation', 'https://github.com/vuejs/docs', 'the Vue documentation contributors'],
  react: ['React documentation', 'https://github.com/reactjs/react.dev', 'the react.dev contributors'],
}

export class Layout {
  readonly #docs: Docs
  readonly #sections: readonly Section<RenderedPage>[]
  /** All pages, one after the other. */
  readonly #order: readonly RenderedPage[]

  constructor(docs: Docs, pages: readonly RenderedPage[]) {
    this.#docs = docs
    this.#sections = arrange(docs, pages)
    this.#order = this.#sections.flatMap(({ groups }) => groups.flatMap((group) => group.pages))
  }

  get pages(): readonly RenderedPage[] {
    return this.#order
  }

  /** @param frame the built demo/docs/page.html, whose addresses begin with `../` */
  fill(frame: string, page: RenderedPage): string {
    const root = rootOf(page)
    const name = NAMES[this.#docs]
    const section = this.#sections.find(({ groups }) => groups.some(({ pages }) => pages.includes(page)))
    const group = section?.groups.find(({ pages }) => pages.includes(page))
    const places: Readonly<Record<string, string>> = {
      title: escapeHtml(page.title),
      docs: name,
      root,
      nav: navHtml(this.#docs, root),
      switch: this.#switch(page),
      sections: this.#sectionLinks(page, section),
      side: section ? this.#side(page, section) : '',
      crumb: escapeHtml([section?.title, group?.title].filter(Boolean).join(' · ')),
      article: page.html,
      toc: tocOf(page),
      turn: this.#turn(page),
      source: this.#source(page),
    }
    return frame
      .replaceAll('="../', `="${root}`)
      .replace(/\{\{ (\w+) \}\}/g, (place, key: string) => places[key] ?? place)
  }

  #switch(page: RenderedPage): string {
    return (['vue', 'react'] as const)
      .map((docs) => {
        const isHere = docs === this.#docs
        const href = isHere
          ? linkTo(page, { docs, path: HOMES[docs] })
          : `${rootOf(page)}docs/${docs}/${HOMES[docs]}.html`
        return `<a href="${href}"${isHere ? ' aria-current="true"' : ''}>${NAMES[docs]}</a>`
      })
      .join('')
  }

  #sectionLinks(page: RenderedPage, current: Section<RenderedPage> | undefined): string {
    const links = this.#sections.map((section) => {
      const first = section.groups[0]?.pages[0]
      if (first === undefined) return ''
      return `<li><a href="${linkTo(page, first)}"${section === current ? ' aria-current="true"' : ''}>${section.title}</a></li>`
    })
    // Safari takes a list without bullets for none, unless it is told.
    return `<ul role="list">${links.join('')}</ul>`
  }

  /** Groups can be folded; all are open where there are not too many. */
  #side(page: RenderedPage, { groups }: Section<RenderedPage>): string {
    const count = groups.reduce((sum, { pages }) => sum + pages.length, 0)
    return groups
      .map(({ title, pages }) => {
        const isOpen = count <= MOST_OPEN || pages.includes(page)
        const links = pages.map((one) => {
          const current = one === page ? ' aria-current="page"' : ''
          return `<li><a class="side-link" href="${linkTo(page, one)}"${current}>${escapeHtml(one.title)}</a></li>`
        })
        return `<details${isOpen ? ' open' : ''}><summary>${escapeHtml(title)}</summary><ul role="list">${links.join('')}</ul></details>`
      })
      .join('')
  }

  #turn(page: RenderedPage): string {
    const at = this.#order.indexOf(page)
    const link = (other: RenderedPage | undefined, rel: 'prev' | 'next', word: string) =>
      other === undefined
        ? ''
        : `<a class="turn-link is-${rel}" rel="${rel}" href="${linkTo(page, other)}"><span>${word}</span> ${escapeHtml(other.title)}</a>`
    return link(this.#order[at - 1], 'prev', 'Previous') + link(this.#order[at + 1], 'next', 'Next')
  }

  #source(page: RenderedPage): string {
    const [name, url, by] = SOURCES[this.#docs]
    return (
      `<a href="${originalUrl(page)}">${escapeHtml(page.title)}</a>, of the <a href="${url}">${name}</a> by ${by}, ` +
      '<a href="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</a>. Unchanged text, images left out.'
    )
  }
}

const MOST_OPEN = 64

function tocOf({ toc }: RenderedPage): string {
  if (toc.length < 2) return ''
  const links = toc.map(
    ({ id, text, depth }) =>
      `<li><a class="toc-link is-${depth}" href="#${escapeHtml(encodeURI(id))}">${escapeHtml(text)}</a></li>`,
  )
  return `<h2 id="on-this-page">On this page</h2><ul role="list">${links.join('')}</ul>`
}

function linkTo(from: RenderedPage, to: { readonly docs: Docs; readonly path: string }): string {
  return posix.relative(posix.dirname(from.address), `docs/${to.docs}/${to.path}.html`)
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
