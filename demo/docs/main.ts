/**
 * A page of a documentation, as a site would have it: the search is one import and the two elements in the page. All else here
 * betters what the HTML already does without a script.
 */
import 'selvage/widget'
import { markPlace } from './place.ts'
import { reachByKeys } from './scrolling.ts'
import { codeTabs } from './tabs.ts'

for (const tabs of document.querySelectorAll<HTMLElement>('.code-tabs')) codeTabs(tabs)
reachByKeys(document.querySelectorAll<HTMLElement>('.code pre, .table'))
markPlace(document.querySelectorAll<HTMLAnchorElement>('.toc-link'))

// The list of pages is long: it opens where one is. Nothing but the list may scroll for this.
const side = document.querySelector<HTMLElement>('.side')
const current = side?.querySelector<HTMLElement>('.side-link[aria-current]')
if (side && current) {
  const show = () => side.scrollTo({ top: current.offsetTop - side.clientHeight / 2, behavior: 'instant' })
  show()
  side.addEventListener('toggle', show)
}
