/** The languages besides English: a file of its own, which is fetched where a page is not in English. */
import { ar, ja, ko, ru, zh } from './eastern.ts'
import { es, fr, it, pt } from './romance.ts'
import type { Texts } from './texts.ts'
import { de, nl } from './western.ts'

export const LANGUAGES: Readonly<Record<string, Texts>> = { ar, de, es, fr, it, ja, ko, nl, pt, ru, zh }
