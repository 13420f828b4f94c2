/** How messages name files, and what a system says of them without saying the name again. */
import { relative, resolve } from 'node:path'

/** Relative to the current folder where it is in it, else whole: a row of `../` helps nobody. */
export function shortPath(path: string): string {
  const short = relative('', path)
  return short === '' ? '.' : short.startsWith('..') ? resolve(path) : short
}

/** `ENOSPC: no space left on device`, of an error of the file system: Node's own message ends with call and whole path. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  const isOfSystem = error instanceof Error && 'syscall' in error
  return (isOfSystem ? message.replace(/, \w+(?: '.*')?$/s, '') : message).replaceAll('\n', ' ')
}
