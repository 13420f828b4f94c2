/**
 * Elements in one expression, with nothing that a strict content security policy would refuse:
 * no markup from strings, no style attributes, no handlers in attributes.
 */

type Child = Node | string | undefined | false
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

/** An attribute that is true stands without a value; false and undefined leave it out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  setAttributes(element, attributes)
  element.append(...children.filter(isShown))
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** A drawing of strokes on a 24 × 24 grid, for decoration. */
export function icon(name: string, path: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg')
  setAttributes(svg, { class: `icon ${name}`, viewBox: '0 0 24 24', 'aria-hidden': 'true' })
  const stroke = document.createElementNS(SVG, 'path')
  stroke.setAttribute('d', path)
  svg.append(stroke)
  return svg
}

/** The element of the page's own markup with this id. */
export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const element = document.getElementById(id)
  if (!(element instanceof type)) throw new Error(`The page has no ${type.name} with the id "${id}".`)
  return element
}

export const prefersStillness = (): boolean => matchMedia('(prefers-reduced-motion: reduce)').matches

function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value))
}

function isShown(child: Child): child is Node | string {
  return child !== undefined && child !== false
}
