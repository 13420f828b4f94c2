/** Which language does the widget speak, and how is a text filled in? English at once, the others when they are fetched. */
import type { Strings } from '../types.ts'
import { en } from './english.ts'
import { stringsOf, type Texts } from './texts.ts'

const OTHERS = /^(?:ar|de|es|fr|it|ja|ko|nl|pt|ru|zh)$/
/** Those that are here by now. */
let languages: Readonly<Record<string, Texts>> = { en }
let isLoaded = false

/** Languages written from right to left, also those whose texts a site has to bring itself. */
const RIGHT_TO_LEFT = /^(?:ar|arc|ckb|dv|fa|he|ks|ps|sd|ug|ur|yi)$/

/**
 * By a BCP 47 tag, of which only the language counts (`pt-BR` is `pt`); English where it is not spoken here, or not yet: see
 * `loadLanguage`.
 */
export function stringsFor(language: string): { strings: Strings; direction: 'ltr' | 'rtl' } {
  const primary = primaryOf(language)
  const texts = Object.hasOwn(languages, primary) ? languages[primary] : undefined
  return { strings: stringsOf(texts ?? en), direction: RIGHT_TO_LEFT.test(primary) ? 'rtl' : 'ltr' }
}

/** Fetches a language that is not here. Resolves with whether it has come; undefined where there is nothing to wait for. */
export function loadLanguage(language: string): Promise<boolean> | undefined {
  if (isLoaded || !OTHERS.test(primaryOf(language))) return undefined
  return import('./languages.ts').then(
    ({ LANGUAGES }) => {
      languages = { en, ...LANGUAGES }
      isLoaded = true
      return true
    },
    () => false, // English it is
  )
}

function primaryOf(language: string): string {
  return language.toLowerCase().split(/[-_]/, 1)[0] ?? ''
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
