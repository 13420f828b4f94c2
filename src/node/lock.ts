/**
 * One build at a time in a folder: two would each sweep away what the other has just written. A file says which process
 * is at it; that of a process that is gone counts for nothing. Knows nothing of what is built.
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { SelvageError } from '../errors.ts'
import { reasonOf, shortPath } from './paths.ts'

export const LOCK_FILE = 'build.lock'

/** Runs it while nobody else builds there. Errors: `output-conflict` where somebody does, or where nothing can be written. */
export async function withLock<T>(folder: string, run: () => Promise<T>): Promise<T> {
  const path = join(resolve(folder), LOCK_FILE)
  await take(folder, path)
  try {
    return await run()
  } finally {
    await rm(path, { force: true })
  }
}

async function take(folder: string, path: string): Promise<void> {
  const mark = JSON.stringify({ pid: process.pid, host: hostname() })
  for (let isFirst = true; ; isFirst = false) {
    try {
      await writeFile(path, mark, { flag: 'wx' })
      return
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'))
        throw new SelvageError(
          'output-conflict',
          `${shortPath(folder)} cannot be written: ${reasonOf(cause)}. Give another folder with -o.`,
          { cause },
        )
      const owner = await ownerOf(path)
      if (owner !== undefined || !isFirst)
        throw new SelvageError(
          'output-conflict',
          `Another command is writing ${shortPath(folder)}${owner ? ` (process ${owner})` : ''}. Wait for it to end; ` +
            `if none is running, delete ${shortPath(path)}.`,
        )
      await rm(path, { force: true })
    }
  }
}

/** The process that holds the lock; undefined for one that was on this machine and is gone. */
async function ownerOf(path: string): Promise<string | undefined> {
  const content = await readFile(path, 'utf8').catch(() => '')
  const [, pid, host] = /^\{"pid":(\d+),"host":"(.*)"\}$/.exec(content) ?? []
  if (pid === undefined) return 'unknown' // it is just beginning, or the file is not of ours
  if (host !== hostname()) return `${pid} on ${host}`
  try {
    process.kill(Number(pid), 0)
    return pid
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH' ? undefined : pid
  }
}
