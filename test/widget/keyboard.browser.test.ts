/** The search without a mouse, and with an input method, whose keys are its own. */
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { cdp, userEvent } from 'vitest/browser'
import { actionOf } from '../../src/widget/keyboard.ts'
import '../../src/widget/search.ts'
import { isPressed, parseShortcuts, shortcutText } from '../../src/widget/shortcuts.ts'
import { group, sessions, useFakeSessions } from './fakeSession.ts'

vi.mock('../../src/widget/session.ts', () => ({ createSession: vi.fn() }))

beforeEach(() => {
  localStorage.clear()
  document.body.replaceChildren()
  useFakeSessions()
})

async function element() {
  const search = document.createElement('selvage-search')
  document.body.append(search)
  const root = search.shadowRoot!
  const input = root.querySelector('input')!
  const session = sessions.at(-1)!
  const active = () => root.getElementById(input.getAttribute('aria-activedescendant') ?? '')?.getAttribute('href')
  const clicks: MouseEvent[] = []
  search.addEventListener('click', (event) => {
    event.preventDefault()
    clicks.push(event)
  })
  await userEvent.click(input)
  clicks.length = 0
  const type = async (text: string) => {
    await userEvent.keyboard(text)
    const groups = [group('a', 'a1', 'a2'), group('b', 'b1', 'b2', 'b3', 'b4', 'b5', 'b6')]
    session.show({ query: text, stage: 'done', groups })
  }
  return { search, root, input, session, active, clicks, type }
}

test('keyboard only: from a question to its answer, its explanation and back', async () => {
  const { root, input, session, active, clicks, type } = await element()
  await type('owl')
  expect(active()).toContain('#/a/a1') // Enter opens the first
  await userEvent.keyboard('{ArrowDown}{ArrowDown}')
  expect(active()).toContain('#/b/b1')
  await userEvent.keyboard('{ArrowUp}')
  expect(active()).toContain('#/a/a2')
  await userEvent.keyboard('{ArrowUp}{ArrowUp}')
  expect(active()).toContain('#/b/b6') // round the top
  await userEvent.keyboard('{ArrowDown}')
  expect(active()).toContain('#/a/a1')
  await userEvent.keyboard('{PageDown}')
  expect(active()).toContain('#/b/b4')
  await userEvent.keyboard('{PageDown}{PageDown}')
  expect(active()).toContain('#/b/b6') // stops at the end
  await userEvent.keyboard('{PageUp}{PageUp}')
  expect(active()).toContain('#/a/a1')
  await userEvent.keyboard('{Home}x')
  expect(input.value).toBe('xowl')
  session.show({ query: 'xowl' })
  await userEvent.keyboard('{Enter}')
  expect(clicks).toHaveLength(1)

  await userEvent.tab()
  await userEvent.tab()
  expect(root.activeElement?.closest('.bar')).not.toBeNull()
  await userEvent.keyboard('{Enter}')
  await vi.waitFor(() => expect(root.querySelector('.details .heat')).not.toBeNull())
  await userEvent.keyboard('{Escape}')
  expect(root.activeElement).toBe(input)
  await userEvent.tab({ shift: true })
  expect(document.activeElement).toBe(document.body)
})

test('Enter waits for the answer to what is typed; its modifiers are those of a click', async () => {
  const { session, clicks, type } = await element()
  await type('owl')
  await userEvent.keyboard('s{Enter}')
  expect(clicks).toEqual([]) // what is shown answers "owl"
  session.show({ query: 'owls', stage: 'searching' })
  await userEvent.keyboard('{Enter}')
  expect(clicks).toEqual([])
  session.show({ stage: 'words' })
  await userEvent.keyboard('{Enter}{Control>}{Enter}{/Control}{Shift>}{Enter}{/Shift}{Meta>}{Enter}{/Meta}')
  expect(clicks.map(({ ctrlKey, shiftKey, metaKey }) => [ctrlKey, shiftKey, metaKey])).toEqual([
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [false, false, true],
  ])
})

test('a letter that is typed on a button goes to the field; space and Enter stay the button’s', async () => {
  const { root, input, session, type } = await element()
  await type('owl')
  const more = [...root.querySelectorAll<HTMLElement>('.bar button')].at(-1)!
  more.focus()
  await userEvent.keyboard(' ')
  expect(session.moreLike).toHaveBeenCalledOnce()
  more.focus()
  await userEvent.keyboard('x')
  expect(root.activeElement).toBe(input)
  expect(input.value).toBe('x')
})

describe('an input method', () => {
  test('nothing is searched before its text stands, and its Enter, arrows and Esc mean nothing', async () => {
    const { input, session, active, clicks, type } = await element()
    await type('owl')
    session.search.mockClear()
    const first = active()
    const client = cdp()
    const key = async (name: string, keyCode: number) => {
      const event = { key: 'Process', code: name, windowsVirtualKeyCode: keyCode }
      await client.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', ...event })
      await client.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event })
    }
    input.select()
    for (const text of ['と', 'とう', 'とうきょ', '東京'])
      await client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
    expect(input.value).toBe('東京')
    expect(session.search).not.toHaveBeenCalled()
    for (const name of ['Enter', 'ArrowDown', 'Escape']) await key(name, 229)
    expect([input.value, active(), clicks.length]).toEqual(['東京', first, 0])
    await client.send('Input.insertText', { text: '東京' })
    expect(input.value).toBe('東京')
    expect(session.search.mock.calls).toEqual([['東京']])
    session.show({ query: '東京', stage: 'words' })
    await userEvent.keyboard('{Enter}')
    expect(clicks).toHaveLength(1)
  })

  test('words of a phone and syllables of Korean are searched for while they are composed', async () => {
    const { session } = await element()
    const client = cdp()
    for (const text of ['o', 'ow', 'owl', '올', '올빼'])
      await client.send('Input.imeSetComposition', { text, selectionStart: text.length, selectionEnd: text.length })
    expect(session.search.mock.calls.map(([query]) => query)).toEqual(['o', 'ow', 'owl', '올', '올빼'])
    await client.send('Input.insertText', { text: '' })
  })

  test.each(['Enter', 'ArrowDown', 'ArrowUp', 'Escape', 'PageDown', 'a'])('%s is its own', (key) => {
    expect(actionOf(new KeyboardEvent('keydown', { key }))).toBeDefined()
    expect(actionOf(new KeyboardEvent('keydown', { key, isComposing: true }))).toBeUndefined()
    expect(actionOf(new KeyboardEvent('keydown', { key, keyCode: 229 }))).toBeUndefined() // Safari's last Enter
  })
})

describe('shortcuts', () => {
  const press = (init: KeyboardEventInit) => new KeyboardEvent('keydown', init)

  test('where the layout has another Latin letter in that place, that letter counts', () => {
    const [ctrlK] = parseShortcuts('ctrl+k')
    const colemak = press({ key: 'e', code: 'KeyK', ctrlKey: true })
    const cyrillic = press({ key: 'л', code: 'KeyK', ctrlKey: true })
    expect([isPressed(ctrlK!, colemak), isPressed(ctrlK!, cyrillic)]).toEqual([false, true])
  })

  test.each<[string, KeyboardEventInit, boolean]>([
    ['ctrl+k', { key: 'k', ctrlKey: true }, true],
    ['ctrl+k', { key: 'K', ctrlKey: true, shiftKey: true }, false],
    ['ctrl+k', { key: 'k' }, false],
    ['ctrl+k', { key: 'k', ctrlKey: true, altKey: true }, false],
    ['ctrl+k', { key: 'л', code: 'KeyK', ctrlKey: true }, true], // a Russian layout
    ['/', { key: '/' }, true],
    ['/', { key: '/', shiftKey: true }, true], // a German layout
    ['/', { key: '/', ctrlKey: true }, false],
    ['ctrl+shift+f', { key: 'F', ctrlKey: true, shiftKey: true }, true],
    ['f1', { key: 'F1' }, true],
  ])('%s, %o: %s', (written, init, expected) => {
    expect(parseShortcuts(written).some((shortcut) => isPressed(shortcut, press(init)))).toBe(expected)
  })

  test('are written as people know them', () => {
    expect(parseShortcuts('ctrl+k /').map(shortcutText)).toEqual(['Ctrl K', '/'])
    expect(parseShortcuts('none')).toEqual([])
    expect(parseShortcuts('')).toEqual([])
  })
})
