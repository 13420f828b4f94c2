/** On each result: a quiet button that says it is the right one, pressed or not, and then a way on to where it is learned from. */
import { h, icon } from '../dom.ts'
import { button } from '../files/buttons.ts'

export interface HitMark {
  readonly isRight: boolean
  /** True where it is right from now on. */
  toggle(): boolean
  reveal(): void
}

export function markView({ isRight, toggle, reveal }: HitMark): HTMLElement {
  const press = h(
    'button',
    { class: 'right-mark', type: 'button', 'data-testid': 'mark' },
    icon('tick', 'm5 12.5 4.5 4.5L19 7.5'),
    h('span', {}, 'The right one'),
  )
  const way = button('Teach', 'link-button right-way', reveal)
  way.ariaLabel = 'Teach it your words'
  const element = h('span', { class: 'right' }, press, way)
  press.addEventListener('click', () => showMark(element, toggle()))
  showMark(element, isRight)
  return element
}

/** @param around the result, or its mark */
export function showMark(around: HTMLElement, isRight: boolean): void {
  const press = around.querySelector('.right-mark')
  if (press === null) return
  press.ariaPressed = String(isRight)
  const way = press.nextElementSibling
  if (way instanceof HTMLElement) way.hidden = !isRight
}
