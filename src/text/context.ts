/** What the model reads of a passage: its headings on a line, then its text. */

/**
 * What the encoder is given for a passage: the heading path on a line of its own, then the text. Headings say what a
 * passage is about when its sentences do not ("It accepts two arguments ..."). A text without any is read as it is.
 * `offset` is where the passage's own text begins in the result.
 */
export function contextualText(headings: readonly string[], passage: string): { text: string; offset: number } {
  const context = headings.length === 0 ? '' : headingLine(headings)
  return { text: context + passage, offset: context.length }
}

/** Characters of headings that a passage carries at most: they must leave the model room for the text. */
const HEADING_CHARS = 160

/** The heading path, innermost last. Outer headings are left out first where the path is too long. */
export function headingLine(headings: readonly string[]): string {
  let path = headings.slice(-1).join('').slice(0, HEADING_CHARS)
  for (const heading of headings.slice(0, -1).reverse()) {
    const longer = `${heading} > ${path}`
    if (longer.length > HEADING_CHARS) break
    path = longer
  }
  return `${path}\n`
}
