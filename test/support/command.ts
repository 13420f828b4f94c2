/**
 * What tests of commands and folders have in common: a temporary folder for each test, and what is printed meanwhile.
 * Called at the top of a test file, where the hooks are registered: being the first, they begin before those of the file
 * and end after them. `folder`, `out` and `err` are of the test that runs, so they are asked of the object each time.
 */
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, vi } from 'vitest'

export interface TemporaryFolder {
  readonly folder: string
  at(path: string): string
  /** Writes a file, and the folders it is in; its whole path. */
  write(path: string, content: string | Uint8Array): Promise<string>
}

export interface CommandLine extends TemporaryFolder {
  readonly out: string
  readonly err: string
  /** Forgets what was printed. */
  clear(): void
}

export function temporaryFolder(prefix: string): TemporaryFolder {
  let folder = ''
  beforeEach(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), prefix))) // as process.cwd() has it
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const at = (path: string) => join(folder, path)
  return {
    get folder() {
      return folder
    },
    at,
    async write(path, content) {
      await mkdir(dirname(at(path)), { recursive: true })
      await writeFile(at(path), content)
      return at(path)
    },
  }
}

/** @param onErr called at each piece that is written to standard error, as lines of progress are */
export function commandLine(prefix: string, onErr?: (text: string) => void): CommandLine {
  const place = temporaryFolder(prefix)
  let out = ''
  let err = ''
  const clear = () => {
    out = ''
    err = ''
  }
  beforeEach(() => {
    clear()
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += text
      return true
    })
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      err += text
      onErr?.(String(text))
      return true
    })
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  return {
    at: place.at,
    write: place.write,
    clear,
    get folder() {
      return place.folder
    },
    get out() {
      return out
    },
    get err() {
      return err
    },
  }
}
