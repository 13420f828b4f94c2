/**
 * How structure looks as plain text, the same for every format: bullets and indentation of lists, cells of tables.
 * It is read by people in results and by the model, so it is what one would type in a mail.
 */

/** `- ` or `3. `. */
export function listMarker(number: number | undefined): string {
  return number === undefined || Number.isNaN(number) ? '- ' : `${number}. `
}

/** Two columns for each list around the item, up to eight lists: deeper nesting is not read, only paid for. */
export function listIndent(depth: number): string {
  return '  '.repeat(Math.max(0, Math.min(depth, 8)))
}

/** One line per row, cells joined with ` | `, without empty cells at its end; rows without any text are left out. */
export function tableText(rows: readonly (readonly string[])[]): string {
  return rows
    .filter((row) => row.some((cell) => cell !== ''))
    .map((row) =>
      row
        .slice(0, row.findLastIndex((cell) => cell !== '') + 1)
        .join(' | ')
        .trim(),
    )
    .join('\n')
}
