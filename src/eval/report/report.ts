/**
 * A comparison as people and programs read it: lines for a terminal, JSON, and a page of HTML that stands alone. What is in all
 * three is said here; the forms are files of their own. Strings come out; who writes them where, it does not know.
 */
export type { Cell, ExtraTable, HtmlExtras, ReportExtras } from './extras.ts'
export { toHtml } from './html.ts'
export { type ComparisonJson, toJson } from './json.ts'
export { toText } from './text.ts'
