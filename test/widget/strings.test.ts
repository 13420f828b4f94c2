/** What the widget says, in every language. */
import { expect, test } from 'vitest'
import { en } from '../../src/widget/strings/english.ts'
import { fill, found, loadLanguage, stringsFor } from '../../src/widget/strings/index.ts'
import { LANGUAGES as OTHERS } from '../../src/widget/strings/languages.ts'
import type { Texts } from '../../src/widget/strings/texts.ts'

const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort()
const english = en
const LANGUAGES: Readonly<Record<string, Texts>> = { en, ...OTHERS }

test('other languages come when they are asked for; what is not spoken is not waited for', async () => {
  expect(stringsFor('de').strings.close).toBe('Close')
  for (const none of ['en', 'en-GB', 'tlh', '', 'constructor']) expect(loadLanguage(none)).toBeUndefined()
  expect(await loadLanguage('de-CH')).toBe(true)
  expect(stringsFor('de').strings.close).toBe('Schließen')
  for (const language of Object.keys(OTHERS)) expect(loadLanguage(language)).toBeUndefined()
})

test('twelve languages, none of which lacks a text', () => {
  expect(Object.keys(LANGUAGES).sort()).toEqual('ar de en es fr it ja ko nl pt ru zh'.split(' '))
  for (const texts of Object.values(LANGUAGES))
    for (const text of texts) expect(typeof text === 'string' ? text.trim() : text.other).not.toBe('')
})

test.each(Object.entries(LANGUAGES))(
  '%s has the places to fill in that English has, and no dashes',
  (language, texts: Texts) => {
    texts.forEach((text, at) => {
      const original = english[at]!
      if (typeof text === 'string' && typeof original === 'string') {
        expect(placeholders(text), text).toEqual(placeholders(original))
        expect(text).not.toMatch(/[—–]/)
        if (language !== 'en' && original.length > 16) expect(text, 'is translated').not.toBe(original)
      } else expect(typeof text).toBe(typeof original)
    })
  },
)

test.each(Object.keys(LANGUAGES))('%s has the plural forms that its numbers need', (language) => {
  const { strings } = stringsFor(language)
  const rules = new Intl.PluralRules(language)
  for (let pages = 0; pages <= 120; pages++) expect(strings.found, `${pages}`).toHaveProperty(rules.select(pages))
  for (const form of Object.values(strings.found)) expect(form).toContain('{ms}')
})

test('the number of pages is in the form of the language', () => {
  const say = (language: string, pages: number) => found(stringsFor(language).strings, language, pages, 12.4)
  expect(say('en', 1)).toBe('1 page in 12 ms')
  expect(say('en', 8)).toBe('8 pages in 12 ms')
  expect(say('ru', 1)).toBe('1 страница за 12 мс')
  expect(say('ru', 3)).toBe('3 страницы за 12 мс')
  expect(say('ru', 5)).toBe('5 страниц за 12 мс')
  expect(say('ar', 2)).toContain('صفحتان')
  expect(say('de', 1234)).toBe('1.234 Seiten in 12 ms')
  expect(say('no such language', 2)).toBe('2 pages in 12 ms')
})

test('a language is found by its first part, else it is English', () => {
  expect(stringsFor('pt-BR').strings.close).toBe('Fechar')
  expect(stringsFor('zh-Hant-TW').strings.close).toBe('关闭')
  expect(stringsFor('DE_at').strings.close).toBe('Schließen')
  for (const other of ['', 'tlh', 'constructor', '__proto__']) expect(stringsFor(other).strings.close).toBe('Close')
})

test('direction is that of the language, also where its texts are the site’s', () => {
  expect(stringsFor('ar-EG').direction).toBe('rtl')
  expect(stringsFor('he').direction).toBe('rtl')
  expect(stringsFor('en').direction).toBe('ltr')
})

test('what is filled in is not looked at again', () => {
  expect(fill('{a} and {b} and {c}', { a: '{b}', b: '$&' })).toBe('{b} and $& and {c}')
})
