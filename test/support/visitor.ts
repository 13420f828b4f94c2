/**
 * A visitor with files of their own, as the tests of one file share it: the built demo, for each test a browser profile that can
 * be closed and started again, and a folder on the disk. Both are gone with the test.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'
import { DEMO } from './demoSite.ts'
import { newProfile, type Profile } from './profile.ts'
import { type StaticSite, serveFolder } from './staticServer.ts'

export interface Visitor {
  /** Of the demo's folder. */
  readonly url: string
  readonly profile: Profile
  /** An empty folder. */
  readonly folder: string
  /** A file in the folder, with the folders on the way to it. Returns where it lies. */
  write(path: string, content: string | Uint8Array): string
}

/** To be called where a file's tests are declared. */
export function visitor(): Visitor {
  let site: StaticSite
  let profile: Profile
  let folder: string
  beforeAll(async () => {
    site = await serveFolder(DEMO)
  })
  beforeEach(async () => {
    profile = await newProfile()
    folder = mkdtempSync(join(tmpdir(), 'selvage-own-'))
  })
  afterEach(async () => {
    await profile?.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  afterAll(() => site?.close())

  return {
    get url() {
      return site.url
    },
    get profile() {
      return profile
    },
    get folder() {
      return folder
    },
    write(path, content) {
      const file = join(folder, path)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      return file
    },
  }
}
