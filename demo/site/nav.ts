/** What stands in the head of each page of the demo, written into the HTML when it is built: the mark, and the way to the others. */

export const MARK =
  '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true">' +
  '<path class="mark-edge" d="M3 2v28" />' +
  '<path class="mark-weft" d="M15.2 8h9.6M7 16h9.8m6.4 0H32M15.2 24h9.6" />' +
  '<path class="mark-warp" d="M12 3v9.8m0 6.4V29M20 3v1.8m0 6.4v9.6m0 6.4V29M28 3v9.8m0 6.4V29" />' +
  '</svg>'

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
