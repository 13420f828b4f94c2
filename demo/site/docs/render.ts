/** All pages of both documentations as articles, each with its place: the door of this folder. Knows no layout and no files to write. */
import { type Docs, type DocsPage, readPages } from '../pages.ts'
import { type Article, finish } from './finish.ts'
import { Links } from './links.ts'
import { renderReact } from './react.ts'
import { VueRenderer } from './vue.ts'

export interface RenderedPage extends DocsPage, Article {}

export async function renderDocs(root: string): Promise<Readonly<Record<Docs, readonly RenderedPage[]>>> {
  const [vue, react] = await Promise.all([readPages(root, 'vue'), readPages(root, 'react')])
  const links = new Links([...vue, ...react])
  const renderer = await VueRenderer.create(root)
  const rendered: Record<Docs, RenderedPage[]> = { vue: [], react: [] }
  for (const page of vue) {
    const tree = renderer.render(page.path, page.source)
    rendered.vue.push({ ...page, ...finish(tree, page, undefined, links) })
  }
  for (const page of react) {
    const { root: tree, title } = renderReact(page.source)
    rendered.react.push({ ...page, ...finish(tree, page, title, links) })
  }
  return rendered
}
