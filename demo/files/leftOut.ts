/**
 * What was not read, and why, in few sentences: one file is named, of ten thousand three are named and the rest is counted.
 * Files that somebody gave by hand are named; of a folder, what was not meant is only counted, by its kind.
 */
import { formatBytes, formatCount, plural } from '../format.ts'

/** As the command line has it: what is larger is seldom written by hand. */
export const MOST_BYTES = 20e6

export type Reason = 'ending' | 'empty' | 'blank' | 'large' | 'binary' | 'unreadable' | 'encrypted' | 'garbled'

/** Names that are told before the rest is counted. */
const MOST_NAMES = 3

/** What is wrong with one of them, and with several. */
const SENTENCES: Readonly<Record<Reason, readonly [one: string, many: string]>> = {
  ending: [
    'is not Markdown, HTML or plain text, by its ending',
    'are not Markdown, HTML or plain text, by their endings',
  ],
  empty: ['is empty', 'are empty'],
  blank: ['has nothing but white space', 'have nothing but white space'],
  large: [
    `is larger than ${formatBytes(MOST_BYTES)}, and was not read`,
    `are larger than ${formatBytes(MOST_BYTES)}, and were not read`,
  ],
  binary: ['is not text, or not in UTF-8', 'are not text, or not in UTF-8'],
  unreadable: [
    'could not be read. It may have been moved or changed meanwhile',
    'could not be read. They may have been moved or changed meanwhile',
  ],
  encrypted: ['is encrypted, and was left out', 'are encrypted, and were left out'],
  garbled: ['could not be unpacked: it is damaged', 'could not be unpacked: they are damaged'],
}

/** Kinds of files that are no text, by their endings; in this order they are told. */
const KINDS: readonly (readonly [one: string, many: string, endings: RegExp])[] = [
  ['picture', 'pictures', /^(?:png|jpe?g|gif|webp|avif|svg|ico|bmp|tiff?|heic|psd)$/],
  ['film', 'films', /^(?:mp4|m4v|mov|webm|avi|mkv)$/],
  ['sound', 'sounds', /^(?:mp3|m4a|wav|ogg|oga|flac|aac)$/],
  ['font', 'fonts', /^(?:woff2?|ttf|otf|eot)$/],
  ['PDF', 'PDFs', /^pdf$/],
  ['office document', 'office documents', /^(?:docx?|xlsx?|pptx?|od[tsp]|pages|numbers|key|rtf)$/],
  ['archive', 'archives', /^(?:zip|gz|tgz|tar|7z|rar|bz2|xz|zst|jar)$/],
  ['other file', 'other files', /^/],
]

export class LeftOut {
  readonly #named = new Map<Reason, string[]>()
  readonly #counted: number[] = KINDS.map(() => 0)
  readonly #said: string[] = []

  /** A file that is told of by its name. */
  name(path: string, reason: Reason): void {
    const paths = this.#named.get(reason) ?? []
    paths.push(path)
    this.#named.set(reason, paths)
  }

  /** A file of a folder or an archive that is no text by its ending. */
  count(path: string): void {
    const ending = endingOf(path)
    const kind = KINDS.findIndex(([, , endings]) => endings.test(ending))
    this.#counted[kind] = (this.#counted[kind] ?? 0) + 1
  }

  /** Anything else, as a whole sentence; one that was said is not said again. */
  say(sentence: string): void {
    if (!this.#said.includes(sentence)) this.#said.push(sentence)
  }

  sentences(): string[] {
    const counted = KINDS.flatMap(([one, many], i) => {
      const count = this.#counted[i] ?? 0
      return count > 0 ? [plural(count, one, many)] : []
    })
    const total = this.#counted.reduce((sum, count) => sum + count, 0)
    return [
      ...this.#said,
      ...[...this.#named].map(([reason, paths]) => named(paths, reason)),
      ...(total > 0
        ? [`${listed(counted)} ${total === 1 ? 'was' : 'were'} left out: not Markdown, HTML or text.`]
        : []),
    ]
  }
}

/** `md` of `notes/a.MD`; empty where there is none. */
export function endingOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? ''
}

function named(paths: readonly string[], reason: Reason): string {
  const [one, many] = SENTENCES[reason]
  if (paths.length === 1) return `${paths[0]} ${one}.`
  const shown = paths.slice(0, paths.length > MOST_NAMES + 1 ? MOST_NAMES : paths.length)
  const rest = paths.length - shown.length
  return `${listed(rest > 0 ? [...shown, `${formatCount(rest)} more`] : shown)} ${many}.`
}

/** "a", "a and b", "a, b and c". */
function listed(parts: readonly string[]): string {
  if (parts.length < 2) return parts.join('')
  return `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`
}
