/** `<selvage-modal>` and `<selvage-trigger>`: opened by keys and buttons, closed by all that people try, focus given back. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { page, userEvent } from 'vitest/browser'
import type { SelvageModal } from '../../src/widget/search.ts'
import '../../src/widget/search.ts'
import { group, sessions, useFakeSessions } from './fakeSession.ts'

vi.mock('../../src/widget/session.ts', () => ({ createSession: vi.fn() }))

const before = document.createElement('input')
beforeEach(() => {
  localStorage.clear()
  document.body.replaceChildren(before)
  useFakeSessions()
})
afterEach(async () => {
  document.querySelector('selvage-modal')?.close()
  await page.viewport(414, 896)
})

function modal(attributes: Readonly<Record<string, string>> = {}) {
  const element = document.createElement('selvage-modal')
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  document.body.append(element)
  return parts(element)
}

function parts(element: SelvageModal) {
  const root = element.shadowRoot!
  return {
    element,
    root,
    dialog: () => root.querySelector('dialog')!,
    input: () => root.querySelector('input')!,
    options: () => [...root.querySelectorAll<HTMLAnchorElement>('[role=option]')],
    session: sessions.at(-1)!,
  }
}

const MOD_K = '{Control>}k{/Control}'

test('mod+K and / open it, with the focus in the field; mod+K closes it again and gives the focus back', async () => {
  const { dialog, root, input, session } = modal()
  before.focus()
  await userEvent.keyboard(MOD_K)
  expect(dialog().open).toBe(true)
  expect(root.activeElement).toBe(input())
  expect(session.intend).toHaveBeenCalled()
  await userEvent.keyboard(MOD_K)
  expect(dialog().open).toBe(false)
  expect(document.activeElement).toBe(before)
  before.blur()
  await userEvent.keyboard('/')
  expect(dialog().open).toBe(true)
  expect(input().value).toBe('')
})

test('/ is left to whoever types, in shadow trees too', async () => {
  const { dialog, input } = modal()
  const editable = document.createElement('div')
  editable.contentEditable = 'true'
  const host = document.createElement('div')
  const inner = document.createElement('textarea')
  host.attachShadow({ mode: 'open' }).append(inner)
  document.body.append(editable, host)
  for (const field of [before, editable, inner]) {
    field.focus()
    await userEvent.keyboard('/')
    expect(dialog().open).toBe(false)
  }
  expect(inner.value).toBe('/')
  await userEvent.keyboard(MOD_K)
  expect(dialog().open).toBe(true)
  await userEvent.keyboard('a/b')
  expect(input().value).toBe('a/b')
})

test('shortcuts can be others, and none', async () => {
  const { element, dialog } = modal({ shortcut: 'none' })
  before.blur()
  await userEvent.keyboard('/')
  await userEvent.keyboard(MOD_K)
  expect(dialog().open).toBe(false)
  element.setAttribute('shortcut', 'alt+s')
  await Promise.resolve()
  await userEvent.keyboard('{Alt>}s{/Alt}')
  expect(dialog().open).toBe(true)
})

test('closed and opened again at once, it is open: the browser tells of the closing later', async () => {
  await page.viewport(1024, 768) // a phone has an entry of the history for it, which is another matter
  const { element, dialog } = modal()
  element.open()
  element.close()
  const told = new Promise((resolve) => dialog().addEventListener('close', resolve))
  element.open()
  await told
  expect(dialog().open).toBe(true)
  expect(document.documentElement.style.overflow).toBe('hidden') // as long as it is open
  element.close()
  expect(document.documentElement.style.overflow).toBe('')
})

test('Esc clears, then closes', async () => {
  const { element, dialog, input, session } = modal()
  before.focus()
  element.open()
  await userEvent.keyboard('owl')
  session.show({ query: 'owl', stage: 'done', groups: [] })
  await userEvent.keyboard('{Escape}')
  expect(input().value).toBe('')
  expect(session.search).toHaveBeenLastCalledWith('')
  session.show({ query: '', stage: 'idle' })
  expect(dialog().open).toBe(true)
  await userEvent.keyboard('{Escape}')
  expect(dialog().open).toBe(false)
  expect(document.activeElement).toBe(before)
})

test('a click on the backdrop closes, a selection that ends there does not; the page does not scroll meanwhile', async () => {
  const { element, dialog, input } = modal()
  await page.viewport(1000, 700)
  document.documentElement.style.overflow = 'clip'
  element.open()
  expect(document.documentElement.style.overflow).toBe('hidden')
  const at = { bubbles: true, composed: true }
  input().dispatchEvent(new PointerEvent('pointerdown', at))
  dialog().dispatchEvent(new MouseEvent('click', at))
  expect(dialog().open).toBe(true)
  dialog().dispatchEvent(new PointerEvent('pointerdown', at))
  dialog().dispatchEvent(new MouseEvent('click', at))
  expect(dialog().open).toBe(false)
  expect(document.documentElement.style.overflow).toBe('clip')
  document.documentElement.style.overflow = ''
})

const settled = () => new Promise((resolve) => setTimeout(resolve, 50))

test('on a phone the back button closes it; the page stays where it is, whatever its router does', async () => {
  await page.viewport(390, 844)
  const { element, dialog } = modal()
  const tall = document.createElement('div')
  tall.style.height = '5000px'
  document.body.append(tall)
  scrollTo(0, 700)
  const router = vi.fn(() => scrollTo(0, 0))
  addEventListener('popstate', router)
  const { length } = history
  element.open()
  history.back()
  await vi.waitFor(() => expect(dialog().open).toBe(false))
  await vi.waitFor(() => expect(scrollY).toBe(700))
  element.open()
  element.close() // takes its entry with it
  await settled()
  element.open()
  element.close()
  await settled()
  expect(history.length).toBeLessThanOrEqual(length + 1)
  expect(router).toHaveBeenCalledTimes(3)
  expect(scrollY).toBe(700)
  removeEventListener('popstate', router)
})

test('a link closes it and is followed; one for a new tab leaves it open', async () => {
  const { element, dialog, options, session } = modal()
  element.open()
  session.show({ query: 'x', stage: 'done', groups: [group('a', 'a1', 'a2')] })
  const follow = vi.fn((event: Event) => event.preventDefault())
  element.addEventListener('click', follow)
  options()[0]!.dispatchEvent(
    new MouseEvent('click', { ctrlKey: true, bubbles: true, composed: true, cancelable: true }),
  )
  expect(dialog().open).toBe(true)
  await userEvent.click(options()[1]!)
  expect(dialog().open).toBe(false)
  expect(follow).toHaveBeenCalledTimes(2)
})

test('what is selected in the page is searched for, and offered for a search with it', async () => {
  const { root, input, session } = modal()
  const text = document.createElement('p')
  text.textContent = 'owls hunt at night'
  document.body.append(text)
  before.blur()
  getSelection()?.selectAllChildren(text)
  await userEvent.keyboard(MOD_K)
  expect(input().value).toBe('owls hunt at night')
  expect(session.search).toHaveBeenLastCalledWith('owls hunt at night')
  const offer = root.querySelector<HTMLElement>('.panel > .chip')!
  expect(offer.hidden).toBe(false)
  await userEvent.click(offer)
  expect(session.searchSelection).toHaveBeenLastCalledWith(location.href.replace(/#.*/, ''), 'owls hunt at night')
  expect(offer.hidden).toBe(true)
  getSelection()?.removeAllRanges()
})

test('a trigger opens the page’s modal, says so, and shows its keys', async () => {
  const trigger = document.createElement('selvage-trigger')
  document.body.append(trigger)
  const { dialog } = modal({ shortcut: 'mod+j' })
  await Promise.resolve()
  expect(document.querySelectorAll('selvage-modal')).toHaveLength(1)
  const button = trigger.shadowRoot!.querySelector('button')!
  expect(button.textContent).toContain('J')
  expect(button.getAttribute('aria-haspopup')).toBe('dialog')
  await userEvent.click(button)
  expect(dialog().open).toBe(true)
  expect(button.getAttribute('aria-expanded')).toBe('true')
  await userEvent.keyboard('{Escape}')
  expect(button.getAttribute('aria-expanded')).toBe('false')
  expect(document.activeElement).toBe(trigger)
})

test('a trigger on a page without a modal makes one, and two make one', async () => {
  const [one, two] = [document.createElement('selvage-trigger'), document.createElement('selvage-trigger')]
  one.setAttribute('index', '/docs/search/')
  document.body.append(one, two)
  await Promise.resolve()
  const [made, ...others] = document.querySelectorAll('selvage-modal')
  expect(others).toEqual([])
  expect(made?.getAttribute('index')).toBe('/docs/search/')
  await userEvent.click(two.shadowRoot!.querySelector('button')!)
  expect(made?.isOpen).toBe(true)
})

test('`search` opens it with a question; a change of attributes leaves it open', async () => {
  const { element, dialog, input, session } = modal()
  element.search('owls')
  expect(dialog().open).toBe(true)
  expect(session.search).toHaveBeenLastCalledWith('owls')
  element.setAttribute('lang', 'de')
  await Promise.resolve()
  expect(dialog().open).toBe(true)
  expect(input().value).toBe('owls')
  expect(sessions.at(-1)?.search).toHaveBeenLastCalledWith('owls')
  expect(document.querySelectorAll('selvage-modal')).toHaveLength(1)
})

test('an open modal that is taken out of the page leaves it as it was', () => {
  const { element } = modal()
  element.open()
  expect(document.documentElement.style.overflow).toBe('hidden')
  element.remove()
  expect(document.documentElement.style.overflow).toBe('')
})

test('texts that come while it is open on a phone leave it open, with one entry of the history', async () => {
  await page.viewport(390, 844)
  const { element, dialog, root, input } = modal()
  const { length } = history
  element.open()
  const opened = dialog()
  element.strings = { placeholder: 'Anders' }
  await settled()
  expect(input().placeholder).toBe('Anders')
  expect(dialog()).toBe(opened)
  expect(opened.open).toBe(true)
  expect(root.activeElement).toBe(input())
  expect(history.length).toBeLessThanOrEqual(length + 1)
  element.close()
  await settled()
})

test('on a phone, a page that a site leads to itself is not gone back from when it closes the search', async () => {
  await page.viewport(390, 844)
  const { element } = modal()
  const { href } = location
  for (const order of ['before', 'after']) {
    element.open()
    if (order === 'after') element.close()
    history.pushState({ page: order }, '', `#${order}`)
    if (order === 'before') element.close()
    await settled()
    expect(location.hash).toBe(`#${order}`)
  }
  history.pushState(null, '', href)
})

test('a button that is there before the rest of the page waits for the modal that is still to come', async () => {
  vi.spyOn(document, 'readyState', 'get').mockReturnValue('loading')
  const trigger = document.createElement('selvage-trigger')
  trigger.setAttribute('label', 'Find')
  document.body.append(trigger)
  await settled()
  const own = document.createElement('selvage-modal')
  document.body.append(own)
  vi.restoreAllMocks()
  document.dispatchEvent(new Event('DOMContentLoaded'))
  expect([...document.querySelectorAll('selvage-modal')]).toEqual([own])
  expect(trigger.shadowRoot?.querySelector('button')?.textContent).toContain('Find')
})

test('the language of the page may change while it is there', async () => {
  const { element, dialog } = modal()
  const trigger = document.createElement('selvage-trigger')
  document.body.append(trigger)
  await settled()
  document.documentElement.lang = 'de'
  await vi.waitFor(() => expect(trigger.shadowRoot?.querySelector('button')?.textContent).toContain('Suche'))
  expect(dialog().ariaLabel).toContain('Suche')
  element.remove()
  const count = sessions.length
  document.documentElement.lang = 'ar'
  await vi.waitFor(() => expect(trigger.shadowRoot?.querySelector('button')?.dir).toBe('rtl'))
  expect(sessions.slice(count).filter(({ isClosed }) => !isClosed)).toHaveLength(1) // of the modal that is made
  document.documentElement.lang = ''
})
