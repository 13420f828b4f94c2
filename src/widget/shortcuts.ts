/**
 * Keys that open the search from anywhere on the page: "mod+k /" is Cmd+K on a Mac, Ctrl+K elsewhere, and a slash. A key
 * without modifiers is never taken from someone who types.
 */
const MODIFIERS = ['mod', 'ctrl', 'meta', 'alt', 'shift'] as const
type Modifier = (typeof MODIFIERS)[number]

export interface Shortcut {
  readonly key: string
  readonly modifiers: ReadonlySet<Modifier>
}

const LETTER = /^[a-z]$/i
const isModifier = (name: string): name is Modifier => MODIFIERS.some((modifier) => modifier === name)
export const isApple = /Mac|iPhone|iPad|iPod/.test(globalThis.navigator?.platform ?? '')

/** "none" is none. */
export function parseShortcuts(text: string): readonly Shortcut[] {
  return text
    .toLowerCase()
    .split(/\s+/)
    .filter((written) => written !== '' && written !== 'none')
    .map((written) => {
      const names = written.split('+')
      const key = names.pop() || '+'
      const modifiers = names.filter(isModifier).map((name) => (name === 'mod' ? (isApple ? 'meta' : 'ctrl') : name))
      return { key, modifiers: new Set(modifiers) }
    })
}

export function isPressed({ key, modifiers }: Shortcut, event: KeyboardEvent): boolean {
  const isLetter = LETTER.test(key)
  // Where the layout has no Latin letters, the key's place stands for its letter.
  const isKey =
    event.key.toLowerCase() === key || (isLetter && !LETTER.test(event.key) && event.code === `Key${key.toUpperCase()}`)
  if (!isKey || event.ctrlKey !== modifiers.has('ctrl') || event.metaKey !== modifiers.has('meta')) return false
  if (event.altKey !== modifiers.has('alt')) return false
  return event.shiftKey === modifiers.has('shift') || (!isLetter && key.length === 1) // some layouts have / on Shift+7
}

/** Whether the key would write something: looked at where it really goes, within shadow trees too. */
export function isTyping(event: KeyboardEvent): boolean {
  const target = event.composedPath()[0]
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  )
}

/** "⌘K" or "Ctrl K". */
export function shortcutText({ key, modifiers }: Shortcut): string {
  const names = { mod: '', ctrl: isApple ? '⌃' : 'Ctrl ', meta: '⌘', alt: isApple ? '⌥' : 'Alt ', shift: '⇧' }
  return [...modifiers].map((modifier) => names[modifier]).join('') + key.toUpperCase()
}

/** As `aria-keyshortcuts` wants it: "Control+K". */
export function ariaShortcut({ key, modifiers }: Shortcut): string {
  const names = { mod: '', ctrl: 'Control+', meta: 'Meta+', alt: 'Alt+', shift: 'Shift+' }
  return [...modifiers].map((modifier) => names[modifier]).join('') + key.toUpperCase()
}

/** Where several elements know the same keys, the first one takes them. */
export function onShortcut(shortcuts: readonly Shortcut[], act: () => void, signal: AbortSignal): void {
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || event.repeat) return
    const pressed = shortcuts.find((shortcut) => isPressed(shortcut, event))
    const writes = !pressed?.modifiers.has('ctrl') && !pressed?.modifiers.has('meta') && !pressed?.modifiers.has('alt')
    if (pressed === undefined || (writes && isTyping(event))) return
    event.preventDefault()
    act()
  }
  document.addEventListener('keydown', press, { signal })
}
