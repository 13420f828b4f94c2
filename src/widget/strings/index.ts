/** Which language does the widget speak, and how is a text filled in? Languages are in the files beside this one. */
import type { Strings } from '../types.ts'
import { ar, ja, ko, ru, zh } from './eastern.ts'
import { es, fr, it, pt } from './romance.ts'
import { stringsOf, type Texts } from './texts.ts'
import { de, en, nl } from './western.ts'

export const LANGUAGES: Readonly<Record<string, Texts>> = { ar, de, en, es, fr, it, ja, ko, nl, pt, ru, zh }

/** Languages written from right to left, also those whose texts a site has to bring itself. */
const RIGHT_TO_LEFT = /^(?:ar|arc|ckb|dv|fa|he|ks|ps|sd|ug|ur|yi)$/

/** By a BCP 47 tag, of which only the language counts (`pt-BR` is `pt`); English where it is not spoken here. */
export function stringsFor(language: string): { strings: Strings; direction: 'ltr' | 'rtl' } {
  const primary = language.toLowerCase().split(/[-_]/, 1)[0] ?? ''
  const texts = Object.hasOwn(LANGUAGES, primary) ? LANGUAGES[primary] : undefined
  return { strings: stringsOf(texts ?? en), direction: RIGHT_TO_LEFT.test(primary) ? 'rtl' : 'ltr' }
}

/** `{name}` is replaced by the value of that name; what is filled in is not looked at again. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** How many pages were found in which time, in the plural form that the language has for so many. */
export function found(strings: Strings, language: string, pages: number, ms: number): string {
  const known = localeOf(language)
  const form = strings.found[new Intl.PluralRules(known).select(pages)] ?? strings.found.other
  const number = new Intl.NumberFormat(known, { maximumFractionDigits: 0 })
  return fill(form, { pages: number.format(pages), ms: number.format(ms) })
}

/** The language if it can be counted in; a `lang` that is no language tag would throw. */
function localeOf(language: string): string {
  try {
    return Intl.getCanonicalLocales(language)[0] ?? 'en'
  } catch {
    return 'en'
  }
}
