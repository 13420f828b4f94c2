/** What becomes of a text that was pasted: its name, its title, and whether it is Markdown. Pure. */

export interface Pasted {
  readonly text: string
  /** As somebody wrote it; empty where nobody did. */
  readonly title: string
}

/** The list and the browser's window have little room for more. */
const MOST_TITLE = 80

/** The title that was given, else the first line that says something, without the marks of a heading or a list. */
export function titleOf({ text, title }: Pasted): string {
  const given = title.trim()
  if (given !== '') return given
  const line = text.split('\n').find((one) => /[\p{L}\p{N}]/u.test(one)) ?? ''
  const plain = line.replace(/^\s*(?:#{1,6}|[-*+>]|\d+[.)])\s+/, '').replace(/[*_`]+/g, '')
  const words = plain.replace(/\s+/g, ' ').trim()
  if (words.length <= MOST_TITLE) return words || 'Pasted text'
  const cut = words.slice(0, MOST_TITLE)
  return `${cut.slice(0, cut.lastIndexOf(' ') > 40 ? cut.lastIndexOf(' ') : MOST_TITLE).trim()}…`
}

/** By marks that plain prose hardly has: a heading, a fence, a link, or two items of a list in a row. */
export function isMarkdown(text: string): boolean {
  return /^#{1,6} \S|^(?:```|~~~)|\[[^\]\n]+\]\([^)\s]+\)|^[-*+] .+\n[-*+] |^\|.+\|\n\|[\s:|-]+\|/m.test(text)
}

/** `Pasted/2026-11-29 14.05 title.md`: when, and what; a path like those of files, so that it stands beside them. */
export function pathOf(pasted: Pasted, now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const time = `${two(now.getHours())}.${two(now.getMinutes())}`
  const name = titleOf(pasted)
    .replace(/[\\/:*?"<>|\p{Cc}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .replace(/^ |[. ]+$/g, '')
  return `Pasted/${day} ${time} ${name}.${isMarkdown(pasted.text) ? 'md' : 'txt'}`
}
