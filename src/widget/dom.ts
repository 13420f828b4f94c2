/** Elements without markup from strings, which a strict Content-Security-Policy may refuse and data could break out of. */

export type Child = string | Node

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children)
  return element
}

/** Whether these nodes are all that is in it, in this order: then it can be left alone. */
export function holds(root: Element, nodes: readonly Element[]): boolean {
  return nodes.length === root.children.length && nodes.every((node, at) => root.children[at] === node)
}
