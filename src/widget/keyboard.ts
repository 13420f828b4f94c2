/**
 * What a key in the search means. While an input method composes, no key means anything to us: Enter, arrows and Esc are
 * the method's own. It knows no element.
 */
export type Action = 'down' | 'up' | 'pageDown' | 'pageUp' | 'open' | 'escape' | 'type'

const ACTIONS: Readonly<Partial<Record<string, Action>>> = {
  ArrowDown: 'down',
  ArrowUp: 'up',
  PageDown: 'pageDown',
  PageUp: 'pageUp',
  Enter: 'open',
  Escape: 'escape',
}

/** Safari ends a composition before the Enter that ends it: only the key code 229 tells. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229
}

/** `type`: a character that was meant for the field, wherever the focus is. Home, End and the like stay the text's. */
export function actionOf(event: KeyboardEvent): Action | undefined {
  if (isComposing(event) || event.defaultPrevented) return undefined
  const action = ACTIONS[event.key]
  if (action === 'open') return event.altKey ? undefined : action
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined
  if (action !== undefined) return event.shiftKey ? undefined : action
  return [...event.key].length === 1 && event.key !== ' ' ? 'type' : undefined
}

/** As a click on the link with the same keys held: the browser opens a tab, a window, or the page. */
export function clickLike(anchor: HTMLElement, { ctrlKey, metaKey, shiftKey }: KeyboardEvent): void {
  const init = { bubbles: true, cancelable: true, composed: true, ctrlKey, metaKey, shiftKey }
  anchor.dispatchEvent(new MouseEvent('click', init))
}
