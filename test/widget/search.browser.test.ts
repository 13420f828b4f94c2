/** `<selvage-search>` in a page, with a session whose answers are the test's. */

import { beforeEach, expect, test, vi } from 'vitest'
import { userEvent } from 'vitest/browser'
import { SelvageError } from '../../src/errors.ts'
import '../../src/widget/search.ts'
import type { ViewState } from '../../src/widget/types.ts'
import { type FakeSession, group, sessions, useFakeSessions } from './fakeSession.ts'

vi.mock('../../src/widget/session.ts', () => ({ createSession: vi.fn() }))

beforeEach(() => {
  localStorage.clear()
  document.body.replaceChildren()
  useFakeSessions()
})

function element(attributes: Readonly<Record<string, string>> = {}) {
  const search = document.createElement('selvage-search')
  for (const [name, value] of Object.entries(attributes)) search.setAttribute(name, value)
  document.body.append(search)
  const root = search.shadowRoot!
  const one = <Found extends HTMLElement = HTMLElement>(selector: string) => root.querySelector<Found>(selector)!
  const text = (selector: string) => one(selector).textContent ?? ''
  const options = () => [...root.querySelectorAll<HTMLAnchorElement>('[role=option]')]
  const active = () => root.getElementById(root.querySelector('input')!.getAttribute('aria-activedescendant') ?? '')
  return { search, root, one, text, options, active, session: sessions.at(-1)! }
}

const answer = (session: FakeSession, query: string, ...groups: ReturnType<typeof group>[]) =>
  session.show({ query, stage: 'done', groups, elapsedMs: 12 })

test('options of the session are those of the attributes', async () => {
  const { search } = element({
    ...{ index: '/i/', model: '/m/', preload: 'idle', pages: '3', 'filter-version': '2' },
  })
  expect(sessions.at(-1)?.options).toEqual({
    ...{ index: '/i/', model: '/m/', preload: 'idle', pages: 3, filters: { version: ['2'] } },
  })
  search.filters = { kind: ['guide', 'api'] }
  search.setAttribute('preload', 'soon')
  search.setAttribute('pages', '0')
  await Promise.resolve()
  expect(sessions).toHaveLength(2) // two changes and one new session
  expect(sessions[0]?.isClosed).toBe(true)
  expect(sessions[1]?.options).toEqual({
    ...{ index: '/i/', model: '/m/', filters: { kind: ['guide', 'api'], version: ['2'] } },
  })
})

test('properties that were set before the element was defined count', () => {
  const early = document.createElement('div')
  const search = document.createElement('selvage-search')
  // As a property of the object itself, which an upgrade finds there.
  Object.defineProperty(search, 'strings', { value: { placeholder: 'Ask me' }, configurable: true, writable: true })
  early.append(search)
  document.body.append(early)
  expect(search.shadowRoot?.querySelector('input')?.placeholder).toBe('Ask me')
  search.strings = { placeholder: 'Or me' }
  return Promise.resolve().then(() => expect(search.shadowRoot?.querySelector('input')?.placeholder).toBe('Or me'))
})

test('each keystroke is searched for; results are options of a listbox that the field names', async () => {
  const { one, options, session, text } = element()
  await userEvent.click(one('input'))
  expect(session.intend).toHaveBeenCalled()
  await userEvent.keyboard('owl')
  expect(session.search.mock.calls.map(([query]) => query)).toEqual(['o', 'ow', 'owl'])
  expect(one('input').getAttribute('aria-expanded')).toBe('false')
  answer(session, 'owl', group('birds', 'owls', 'wrens'), group('trees', 'oak'))
  expect(options().map((option) => option.getAttribute('href')?.split(':~:')[0])).toEqual([
    '#/birds/owls',
    '#/birds/wrens',
    '#/trees/oak',
  ])
  expect(one('input').getAttribute('aria-expanded')).toBe('true')
  expect(one(`#${one('input').getAttribute('aria-controls')}`).getAttribute('role')).toBe('listbox')
  expect(text('.status')).toContain('2')
})

test('better ranks: what says the same stays the node it is, and what is chosen stays where it is', async () => {
  const { one, options, root, session, active } = element()
  await userEvent.click(one('input'))
  session.show({ query: 'x', stage: 'words', groups: [group('a', 'a1'), group('b', 'b1'), group('c', 'c1')] })
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  const chosen = options()[2]!
  expect(active()).toBe(chosen)
  expect(session.hold).toHaveBeenLastCalledWith({ group: '#/c', hit: '#/c/c1' })
  const before = chosen.getBoundingClientRect().top
  session.show({ stage: 'done', groups: [group('b', 'b1'), group('a', 'a1'), group('c', 'c1')], elapsedMs: 3 })
  expect(options()[2]).toBe(chosen)
  expect(active()).toBe(chosen)
  expect(chosen.getBoundingClientRect().top).toBe(before)
  expect([...root.querySelectorAll('.group')].map((one) => one.querySelector('.group-title')?.textContent)).toEqual([
    ...['b', 'a', 'c'],
  ])
})

test('what is chosen stays where it is on the screen, though more or less stands above it', async () => {
  const { one, options, session, active } = element()
  await userEvent.click(one('input'))
  const show = (above: number) => {
    const sections = Array.from({ length: above }, (_, at) => `a${at}`)
    session.show({ query: 'x', stage: 'words', groups: [group('a', ...sections), group('b', 'b1')] })
  }
  show(2)
  await userEvent.keyboard('{ArrowUp}')
  const top = () => active()!.getBoundingClientRect().top
  const before = top()
  expect(active()).toBe(options()[2])
  for (const above of [9, 1, 3, 20, 2]) {
    show(above)
    expect(active()?.getAttribute('href')).toContain('#/b/b1')
    expect(Math.abs(top() - before)).toBeLessThan(2) // a list scrolls by whole pixels
  }
})

test('nothing shifts when ranks change, in the page and in the dialog', async () => {
  const modal = document.createElement('selvage-modal')
  document.body.append(modal)
  const inDialog = sessions.at(-1)!
  const { session } = element()
  const below = document.createElement('p')
  below.textContent = 'What the page says further down.'
  document.body.append(below)
  const shifts: string[] = []
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) shifts.push(JSON.stringify(entry))
  })
  observer.observe({ type: 'layout-shift' })
  const frames = () => new Promise((resolve) => setTimeout(resolve, 300))
  const both = (change: Partial<ViewState>) => {
    for (const one of [session, inDialog]) one.show(change)
  }
  for (const open of [false, true]) {
    if (open) modal.open()
    both({ query: 'x', stage: 'searching', groups: [], counts: {}, notice: undefined })
    await frames()
    shifts.length = 0
    both({ stage: 'words', groups: [group('a', 'a1', 'a2'), group('b', 'b1'), group('c', 'c1')] })
    await frames()
    const better = ['c', 'd', 'e', 'f', 'a'].map((name) => group(name, `${name}1`, `${name}2`, `${name}3`))
    both({ stage: 'done', groups: better, counts: { kind: { api: 2 } }, notice: { kind: 'not-kept', canRetry: true } })
    await frames()
    both({ groups: better.slice(3), counts: {}, notice: undefined })
    await frames()
    expect(shifts).toEqual([])
  }
  modal.close()
  document.body.prepend(document.createElement('h1'), 'What comes late and shifts all.')
  await frames()
  expect(shifts).not.toEqual([]) // they are seen
  observer.disconnect()
})

test('a pointer that is over an option holds it; one that rests there makes it the active one', async () => {
  const { options, session, active } = element()
  answer(session, 'x', group('a', 'a1'), group('b', 'b1'))
  await userEvent.hover(options()[1]!)
  expect(session.hold).toHaveBeenLastCalledWith({ group: '#/b', hit: '#/b/b1' })
  await vi.waitFor(() => expect(active()).toBe(options()[1]))
})

test('while an option is pressed nothing is exchanged below the finger', async () => {
  const { options, session } = element()
  answer(session, 'x', group('a', 'a1'))
  const option = options()[0]!
  option.dispatchEvent(new PointerEvent('pointerdown', { bubbles: true, composed: true }))
  answer(session, 'x', group('z', 'z1'))
  expect(options()[0]).toBe(option)
  window.dispatchEvent(new PointerEvent('pointerup'))
  await vi.waitFor(() => expect(options()[0]?.getAttribute('href')).toContain('#/z/z1'))
})

test('a model that loads, and better ranks to come, are told in one line', () => {
  const { session, text } = element()
  session.show({ model: { state: 'downloading', loadedBytes: 2e6, totalBytes: 9e6 } })
  expect(text('.status')).toMatch(/2\.0 MB .*9\.0 MB/)
  session.show({ model: { state: 'ready', backend: 'wasm' } })
  expect(text('.status')).toContain('WASM')
  session.show({ query: 'x', stage: 'words', groups: [group('a', 'a1')] })
  expect(text('.status')).not.toBe('')
  session.show({ query: 'x', stage: 'done', groups: [], elapsedMs: 1 })
  expect(text('.status')).toContain('x')
})

test('what is found is announced, with a rest between, in regions that take turns', async () => {
  const { root, session } = element()
  const said: string[] = []
  new MutationObserver(() => {
    const text = root.querySelector('.announcer')?.textContent
    if (text && text !== said.at(-1)) said.push(text)
  }).observe(root.querySelector('.announcer')!, { childList: true, subtree: true, characterData: true })
  for (const query of ['a', 'ab', 'abc']) {
    session.show({ query, stage: 'words', groups: [group('a', 'a1')] })
    answer(session, query, group('a', 'a1'))
  }
  await vi.waitFor(() => expect(said).toHaveLength(1))
  expect(said[0]).toMatch(/1.*\. .+/)
  const [first] = root.querySelectorAll('.announcer > *')
  session.show({ query: 'abcd', stage: 'done', groups: [] })
  await vi.waitFor(() => expect(said).toHaveLength(2))
  expect(root.querySelectorAll('.announcer > *')[1]).toBe(first)
})

test('a notice says what is wrong, once to a screen reader, and tries again', async () => {
  const { one, root, session, text } = element()
  session.show({ notice: { kind: 'index-missing', detail: 'There is no index at /i/.', canRetry: true } })
  expect(text('.notice p')).not.toBe('')
  expect(text('.notice details')).toContain('There is no index at /i/.')
  const again = [...root.querySelectorAll('.notice button')].at(-1)!
  await userEvent.click(again)
  expect(session.retry).toHaveBeenCalledOnce()
  session.show({ model: { state: 'compiling' } })
  expect([...root.querySelectorAll('.notice button')].at(-1)).toBe(again)
  session.show({ notice: undefined })
  expect(one('.notice').hidden).toBe(true)
})

test('events and properties: a search, nothing found, and a selection that the page takes over', async () => {
  const { search, options, session } = element()
  const heard: string[] = []
  search.onSearch = ({ query, pages }) => heard.push(`property search ${query} ${pages}`)
  search.onNoResults = ({ query }) => heard.push(`property noresults ${query}`)
  search.onSelect = ({ hit, rank }) => heard.push(`property select ${hit.title} ${rank}`)
  const listen = new AbortController()
  const { signal } = listen
  document.addEventListener('selvage:search', ({ detail }: CustomEventInit) => heard.push(`search ${detail.query}`), {
    signal,
  })
  document.addEventListener('selvage:noresults', () => heard.push('noresults'), { signal })
  document.addEventListener(
    'selvage:select',
    (event) => {
      event.preventDefault()
      heard.push('select')
    },
    { signal },
  )
  session.show({ query: 'x', stage: 'words', groups: [group('a', 'a1', 'a2')] })
  answer(session, 'x', group('a', 'a1', 'a2'))
  session.show({ model: { state: 'compiling' } }) // tells of nothing anew
  const before = location.href
  await userEvent.click(options()[1]!)
  expect(location.href).toBe(before)
  answer(session, 'y')
  listen.abort()
  expect(heard).toEqual([
    ...['property search x 1', 'search x', 'property select a2 2', 'select'],
    ...['property search y 0', 'search y', 'property noresults y', 'noresults'],
  ])
})

test('filters are buttons that stay pressed, with counts', async () => {
  const { one, root, session } = element()
  expect(one('.filters').hidden).toBe(true)
  session.show({ query: 'x', stage: 'done', groups: [group('a', 'a1')], counts: { kind: { api: 3, guide: 1 } } })
  const chips = () => [...root.querySelectorAll<HTMLElement>('.filters .chip')]
  expect(chips().map((chip) => chip.textContent)).toEqual(['api 3', 'guide 1'])
  await userEvent.click(chips()[0]!)
  expect(session.setFilters).toHaveBeenLastCalledWith({ kind: ['api'] })
  session.show({ filters: { kind: ['api'] }, counts: { kind: { api: 3 } } })
  expect(chips()[0]?.getAttribute('aria-pressed')).toBe('true')
  expect(root.activeElement).toBe(chips()[0])
  await userEvent.click(chips()[0]!)
  expect(session.setFilters).toHaveBeenLastCalledWith({})
})

test('a value is offered once a page has it, and then stays', () => {
  const { root, session } = element()
  const chips = () => [...root.querySelectorAll<HTMLElement>('.filters .chip')].map((chip) => chip.textContent)
  const show = (api: number, learn: number) =>
    session.show({ query: 'x', stage: 'done', groups: [group('a', 'a1')], counts: { kind: { api, learn } } })
  show(3, 0)
  expect(chips()).toEqual(['api 3'])
  show(2, 1)
  expect(chips()).toEqual(['api 2', 'learn 1'])
  show(0, 1)
  expect(chips()).toEqual(['api 0', 'learn 1'])
})

test('the bar explains the active option and searches for more like it', async () => {
  const { one, root, session } = element()
  const buttons = () => [...root.querySelectorAll<HTMLElement>('.bar button')]
  expect(one('.bar').hidden).toBe(true)
  answer(session, 'x', group('a', 'a1', 'a2'))
  await userEvent.click(one('input'))
  await userEvent.keyboard('{ArrowDown}')
  await userEvent.click(buttons()[0]!)
  expect(session.heatMap.mock.calls[0]?.[0].title).toBe('a2')
  expect(buttons()[0]?.getAttribute('aria-expanded')).toBe('true')
  await vi.waitFor(() => expect(root.querySelector('.details .heat')).not.toBeNull())
  await userEvent.keyboard('{Escape}')
  expect(one('.details').hidden).toBe(true)
  await userEvent.click(buttons()[1]!)
  expect(session.moreLike.mock.calls[0]?.[0].title).toBe('a2')
})

test.each([
  ['model-missing', 'model could not be loaded'],
  ['section-missing', 'went wrong'],
] as const)('what is wrong with an explanation is told as what it is: %s', async (code, told) => {
  const { one, root, session } = element()
  session.heatMap.mockRejectedValue(new SelvageError(code, 'In its own words.'))
  answer(session, 'x', group('a', 'a1'))
  await userEvent.click(one('input'))
  await userEvent.click(root.querySelector('.bar button')!)
  await vi.waitFor(() => expect(one('.details').textContent).toContain(told))
  expect(one('.details').textContent).toContain('In its own words.')
})

test('recent searches: kept by index, offered in an empty field, removable, and not kept when off', async () => {
  const { one, options, root, session } = element({ index: '/i/' })
  const recents = () => [...root.querySelectorAll('.recent')].map((recent) => recent.textContent)
  for (const query of ['one', 'two', 'one']) {
    answer(session, query, group('a', 'a1'))
    await userEvent.click(options()[0]!)
  }
  answer(session, '')
  await userEvent.click(one('input'))
  expect(recents()).toEqual(['one', 'two'])
  await userEvent.click(root.querySelector('.recents li button:last-child')!)
  expect(recents()).toEqual(['two'])
  await userEvent.keyboard('{ArrowDown}{Enter}')
  expect(session.search).toHaveBeenLastCalledWith('two')
  expect(one<HTMLInputElement>('input').value).toBe('two')
  const off = element({ index: '/i/', recents: 'off' })
  await userEvent.click(off.one('input'))
  expect(off.one('.recents').hidden).toBe(true)
})

test('elements come and go and come again; nothing of them is left behind', async () => {
  const { search, one, session } = element()
  await userEvent.type(one('input'), 'owl')
  search.remove()
  expect(session.isClosed).toBe(true)
  expect(session.watchers.size).toBe(0)
  await userEvent.keyboard('/')
  expect(document.activeElement).toBe(document.body)
  document.body.append(search)
  expect(sessions).toHaveLength(2)
  expect(sessions[1]?.isClosed).toBe(false)
  await userEvent.keyboard('/')
  expect(document.activeElement).toBe(search)
})

test('what changes while somebody is elsewhere takes no focus; a theme needs nothing anew', async () => {
  const { search, root, one, session } = element()
  const elsewhere = document.createElement('input')
  document.body.append(elsewhere)
  await userEvent.fill(one('input'), 'owl')
  elsewhere.focus()
  search.setAttribute('theme', 'dark')
  await Promise.resolve()
  expect(sessions.at(-1)).toBe(session)
  expect(search.style.colorScheme).toBe('dark')
  search.setAttribute('placeholder', 'Ask')
  await Promise.resolve()
  expect(document.activeElement).toBe(elsewhere)
  expect(sessions.at(-1)?.search).toHaveBeenLastCalledWith('owl')
  root.querySelector('input')?.focus()
  search.setAttribute('placeholder', 'Ask me')
  await Promise.resolve()
  expect(root.activeElement).toBe(root.querySelector('input'))
})

test('in a shadow tree it speaks the language of the page', () => {
  document.documentElement.lang = 'ar'
  const host = document.createElement('div')
  const search = document.createElement('selvage-search')
  host.attachShadow({ mode: 'open' }).append(search)
  document.body.append(host)
  expect(search.shadowRoot?.querySelector('.panel')?.getAttribute('dir')).toBe('rtl')
  document.documentElement.lang = ''
})

test('an explanation goes with the question it is of, also where the first hit stays the same', async () => {
  const { one, session } = element()
  answer(session, 'owl', group('a', 'a1'))
  one('.bar button').click()
  await vi.waitFor(() => expect(one('.details .heat')).not.toBeNull())
  answer(session, 'owl food', group('a', 'a1'))
  expect(one('.details').hidden).toBe(true)
})

test('under a finger the active option goes from the first to the last as the list is scrolled', async () => {
  const { one, options, session, active } = element()
  answer(
    session,
    'x',
    group('a', 'a1', 'a2', 'a3', 'a4'),
    group('b', 'b1', 'b2', 'b3', 'b4'),
    group('c', 'c1', 'c2', 'c3'),
  )
  const list = one('.list')
  list.style.blockSize = '250px'
  const scrolled = async (top: number) => {
    list.scrollTop = top
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))
  }
  await scrolled(300)
  expect(active()).toBe(options()[0]) // nobody touched it
  list.dispatchEvent(new PointerEvent('pointerdown', { pointerType: 'touch', bubbles: true }))
  await scrolled(301)
  expect(active()).not.toBe(options()[0])
  const { top, bottom } = list.getBoundingClientRect()
  const at = active()!.getBoundingClientRect()
  expect(at.top).toBeLessThan(bottom)
  expect(at.bottom).toBeGreaterThan(top)
  expect(session.hold).toHaveBeenLastCalledWith(expect.objectContaining({ hit: expect.stringContaining('#/') }))
  await scrolled(9999)
  expect(active()).toBe(options().at(-1))
  await scrolled(0)
  expect(active()).toBe(options()[0])
  expect(session.hold).toHaveBeenLastCalledWith(undefined)
})

test('recent searches are those of the index, however its address is written', async () => {
  const { search, session, options, one } = element({ index: new URL('i/', document.baseURI).href })
  await userEvent.fill(one('input'), 'owl')
  answer(session, 'owl', group('a', 'a1'))
  search.addEventListener('click', (event) => event.preventDefault())
  options()[0]!.click()
  search.remove()
  const other = element({ index: 'i/' })
  await userEvent.click(other.one('input'))
  expect(other.text('.recents')).toContain('owl')
})
