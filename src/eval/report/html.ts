/** The report as a page. */
import type { Comparison } from '../compare.ts'
import type { HtmlExtras } from './extras.ts'
import { toText } from './text.ts'

export function toHtml(comparison: Comparison, extras: HtmlExtras = {}): string {
  const text = toText(comparison, extras).replace(/[<&]/g, (sign) => (sign === '<' ? '&lt;' : '&amp;'))
  return `<!doctype html><meta charset="utf-8"><title>Comparison</title><pre>${text}</pre>`
}
