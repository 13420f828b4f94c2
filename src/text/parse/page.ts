/** An outline as a page: which of its titles counts, and only those fields that say something. */
import type { Page } from '../document.ts'
import { type Outline, toSections } from './outline.ts'

/** `name` is the title where nothing in the outline states one. */
export function toPage(outline: Outline, url: string, name: string): Page {
  const { items, title: given, fallbackTitle, ...fields } = outline
  const first = items.find((item) => item.type === 'heading' && item.depth === 1)
  const stated = given ?? (first?.type === 'heading' ? first.title : fallbackTitle)
  const title = stated ?? name
  return { url, title, ...speaking(fields), sections: toSections(items, title, url, stated !== undefined) }
}

function speaking<Fields extends object>(fields: Fields): Fields {
  const says = (value: unknown) => value !== undefined && !(isObject(value) && Object.keys(value).length === 0)
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => says(value))) as Fields
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
