/** The sentence of a hit, found and highlighted in a page. The router is one that pushes states and renders a while later. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { highlightTarget, rememberTarget } from '../../src/widget/highlight.ts'
import { hitOf } from './hits.ts'

const HOME = location.href
const SENTENCE = 'Ideally, we cancel the “stale request” when id changes.'
const page = document.createElement('main')

beforeEach(() => {
  document.body.append(page)
})
afterEach(() => {
  dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }))
  page.replaceChildren()
  page.remove()
  history.replaceState(null, '', HOME)
  sessionStorage.clear()
  vi.restoreAllMocks()
})

function highlighted(): string {
  const [range] = CSS.highlights.get('selvage') ?? []
  return range instanceof Range ? range.toString().replace(/\s+/g, ' ') : ''
}

const hit = (url = '/docs/watchers.html#cleanup') => hitOf(SENTENCE, { url, matches: ['cancel'] })

/** As a site typesets it: elements, line breaks, straight quotation marks. */
function render(): HTMLElement {
  const paragraph = document.createElement('p')
  const emphasis = document.createElement('em')
  emphasis.textContent = 'cancel\n   the'
  paragraph.append('Before. Ideally, we ', emphasis, ' "stale request" when id changes. After.')
  page.append(document.createElement('h2'), paragraph)
  return paragraph
}

test('what a router renders later is found across elements, and the document is left as it is', async () => {
  rememberTarget(hit())
  history.pushState(null, '', '/docs/watchers')
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(highlighted()).toBe('')
  const paragraph = render()
  const before = page.innerHTML
  await expect.poll(highlighted).toBe('Ideally, we cancel the "stale request" when id changes.')
  expect(page.innerHTML).toBe(before)
  expect(paragraph.getBoundingClientRect().top).toBeLessThan(innerHeight)
})

test('Escape, or another page, clears it', async () => {
  for (const leave of [
    () => dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' })),
    () => history.pushState(null, '', '/docs/other'),
  ]) {
    history.replaceState(null, '', HOME)
    page.replaceChildren()
    rememberTarget(hit())
    history.pushState(null, '', '/docs/watchers')
    render()
    await expect.poll(highlighted).not.toBe('')
    leave()
    await expect.poll(highlighted).toBe('')
  }
})

test('nothing is highlighted on another page, nor where the browser reads the text fragment itself', async () => {
  render()
  rememberTarget(hit('/elsewhere'))
  rememberTarget(hit(location.pathname + location.search)) // only the fragment changes
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(highlighted()).toBe('')
})

test('the place behind the anchor is taken, not an earlier one', async () => {
  const first = render()
  const second = render()
  second.previousElementSibling!.id = 'cleanup'
  rememberTarget(hit())
  history.pushState(null, '', '/docs/watchers')
  page.append(' ') // the router has rendered
  await expect.poll(highlighted).not.toBe('')
  const [range] = CSS.highlights.get('selvage') ?? []
  expect(range instanceof Range && second.contains(range.startContainer)).toBe(true)
  expect(range instanceof Range && first.contains(range.startContainer)).toBe(false)
})

test('a page that is loaded anew marks what the link could not name: a line of code', async () => {
  const code = document.createElement('pre')
  code.textContent = 'before()\ncontroller.abort()\nafter()'
  page.append(code)
  const text = 'controller.abort()'
  rememberTarget(hitOf(text, { url: '/docs/watchers', blocks: [{ start: 0, end: text.length, kind: 'code' }] }))
  history.pushState(null, '', '/docs/watchers')
  vi.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(performance.timeOrigin + 1000)
  highlightTarget()
  expect(sessionStorage).toHaveLength(0)
  await expect.poll(highlighted).toBe(text)
})

test('a storage that throws, or holds something else, is no harm', async () => {
  sessionStorage.setItem('selvage-target', '{')
  highlightTarget()
  sessionStorage.setItem('selvage-target', 'null')
  highlightTarget()
  vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
  vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
    throw new DOMException('no', 'SecurityError')
  })
  highlightTarget()
  rememberTarget(hit())
  history.pushState(null, '', '/docs/watchers')
  render()
  await expect.poll(highlighted).not.toBe('')
})
