/**
 * Markup that cannot be broken from inside: what is put into a template is escaped, unless it came out of one. Knows HTML's five
 * signs and nothing of the report.
 */

/** A piece of HTML or SVG that is safe to put in as it is. */
export class Markup {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type Value = Markup | string | number | undefined | false | readonly Value[]

/** markup`<p>${text}</p>`: text is escaped, markup is not, of lists each; undefined and false are nothing. */
export function markup(parts: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + written(values[i - 1]) + part))
}

/** For what is known to be markup: a style sheet, what the caller vouches for. */
export function trusted(text: string): Markup {
  return new Markup(text)
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** What HTML does not allow in text: controls but for tabs and line breaks, half surrogates, and what is no character. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]|\p{Cs}|\p{Noncharacter_Code_Point}/gu

/** For text, and for attributes in quotes. */
export function escaped(text: string): string {
  return text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (sign) => ENTITIES[sign]!)
}

function written(value: Value): string {
  if (value === undefined || value === false) return ''
  if (value instanceof Markup) return value.text
  if (typeof value === 'object') return value.map(written).join('')
  return escaped(String(value))
}
