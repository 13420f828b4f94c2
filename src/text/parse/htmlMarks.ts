/**
 * The attributes by which a page's author steers what is indexed, element by element. Names and meaning are Pagefind's,
 * each under our name and its: `data-selvage-ignore`, `data-pagefind-ignore`. With them MkDocs' `data-search-exclude`.
 * What they say about the page as a whole is read by htmlFields.ts.
 */
import { attribute, type Element } from './htmlTree.ts'

const PREFIXES = ['data-selvage-', 'data-pagefind-'] as const

const MAX_WEIGHT = 10

/** The value of `data-selvage-<name>`, else of `data-pagefind-<name>`. */
export function markOf(element: Element, name: string): string | undefined {
  if (!hasMarks(element)) return undefined
  return attribute(element, PREFIXES[0] + name) ?? attribute(element, PREFIXES[1] + name)
}

/** Asked before all else, since most elements have none: a third of a page's parsing would go into looking for them. */
export function hasMarks(element: Element): boolean {
  for (const { name } of element.attrs) if (name.startsWith(PREFIXES[0]) || name.startsWith(PREFIXES[1])) return true
  return false
}

/** Whether an attribute of this name keeps its element out of the index, whatever its value. */
export function isIgnoreName(name: string): boolean {
  return PREFIXES.some((prefix) => name === `${prefix}ignore`)
}

/** Whether the attribute `name`, which the element has, keeps the element out of the index. */
export function isLeftOut(element: Element, name: string): boolean {
  if (isIgnoreName(name)) return true
  return name === 'data-search-exclude' && !isHeading(element) // of a heading, it is meant for the whole section
}

/** Metadata inside is not read either. A value that Pagefind does not know counts as `all` there, hence here. */
export function hidesFields(element: Element): boolean {
  const value = markOf(element, 'ignore')?.toLowerCase()
  return value !== undefined && value !== '' && value !== 'index' && value !== 'true'
}

/**
 * The weight that the element states for the text in it, 0 .. 10; undefined: that of the element around it. Text of
 * weight 0 is left out, but not what states another weight within.
 */
export function weightOf(element: Element): number | undefined {
  const value = markOf(element, 'weight')?.trim()
  const weight = value === undefined || value === '' ? Number.NaN : Number(value)
  return Number.isNaN(weight) ? undefined : Math.min(Math.max(weight, 0), MAX_WEIGHT)
}

/** The texts of the attributes that `index-attrs` names, to be read where the element stands; spaces around them. */
export function indexedText(element: Element): string {
  const list = markOf(element, 'index-attrs')
  if (list === undefined || hidesFields(element)) return ''
  const names = list.split(',').map((name) => name.trim().toLowerCase())
  // An image's alternative text is read anyway.
  const others = element.tagName === 'img' ? names.filter((name) => name !== 'alt') : names
  const values = others.map((name) => attribute(element, name)?.trim() ?? '').filter((value) => value !== '')
  return values.length === 0 ? '' : ` ${values.join(' ')} `
}

function isHeading(element: Element): boolean {
  return /^h[1-6]$/.test(element.tagName)
}

/** A heading whose section, up to the next heading, is left out. */
export function excludesSection(heading: Element): boolean {
  return attribute(heading, 'data-search-exclude') !== undefined
}
