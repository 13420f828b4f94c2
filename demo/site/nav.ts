/** The pages of the demo and the way between them: the same on each, written into the HTML when it is built. */

export const PAGES = [
  { id: 'search', path: './', label: 'Search' },
  { id: 'vue', path: 'docs/vue/guide/introduction.html', label: 'Vue docs' },
  { id: 'react', path: 'docs/react/learn/index.html', label: 'React docs' },
  { id: 'playground', path: 'playground.html', label: 'Playground' },
  { id: 'check', path: 'check.html', label: 'Check' },
] as const

export type PageId = (typeof PAGES)[number]['id']

/** @param root the way to the demo's folder: './', or '../../' and the like */
export function navHtml(current: PageId, root = './'): string {
  const links = PAGES.map(({ id, path, label }) => {
    const href = path === './' ? root : `${root === './' ? '' : root}${path}`
    return `<li><a href="${href}"${id === current ? ' aria-current="page"' : ''}>${label}</a></li>`
  })
  return `<nav class="nav" aria-label="Pages of the demo"><ul role="list">${links.join('')}</ul></nav>`
}

export function isPage(id: string): id is PageId {
  return PAGES.some((page) => page.id === id)
}
