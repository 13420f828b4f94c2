/** Which language does the widget speak, and how is a text filled in? */
import type { Strings } from '../types.ts'
import { en } from './en.ts'

export function stringsFor(_language: string): { strings: Strings; direction: 'ltr' | 'rtl' } {
  return { strings: en, direction: 'ltr' }
}

/** `{name}` is replaced by the value of that name. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** How many pages were found in which time, in the plural form that the language has for so many. */
export function found(strings: Strings, language: string, pages: number, ms: number): string {
  const form = strings.found[new Intl.PluralRules(language).select(pages)] ?? strings.found.other
  return fill(form, { pages: pages.toLocaleString(language), ms: Math.round(ms).toLocaleString(language) })
}
