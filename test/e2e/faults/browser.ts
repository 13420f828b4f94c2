/**
 * A Chromium that can be killed: its own process group, with a profile on disk that the next one opens. Playwright's browsers keep
 * databases in memory or end in good order; here nothing is told, as when the machine's memory runs out.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright'
import { chromiumPath } from '../../support/chromium.ts'

const FLAGS = [
  ...['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--no-default-browser-check'],
  ...['--disable-extensions', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--password-store=basic', '--use-mock-keychain', '--remote-debugging-port=0', '--enable-logging=stderr'],
]
const START_MS = 30_000

export interface Profile {
  /** Starts a browser with what the last one left. One at a time. */
  start(): Promise<Running>
  /** Kills what runs still, and deletes the profile. */
  remove(): Promise<void>
}

export interface Running {
  readonly page: Page
  /**
   * Whether the browser itself has deleted a site's databases when it opened them. Its LevelDB writes a record's head and body one
   * after the other. A kill in between leaves half a record, after which the next browser writes on; the one after that takes
   * it for damage, and deletes all. Raw IndexedDB without our code: 2 halves and 1 such loss in 150 kills (Chromium 156).
   */
  hasDeletedDatabases(): boolean
  /** All its processes, at once. */
  kill(): Promise<void>
}

export function newProfile(): Profile {
  const folder = mkdtempSync(join(tmpdir(), 'selvage-faults-'))
  let running: Running | undefined
  return {
    async start() {
      running = await start(folder)
      return running
    },
    async remove() {
      await running?.kill()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function start(folder: string): Promise<Running> {
  const child = spawn(chromiumPath(), [...FLAGS, `--user-data-dir=${folder}`, 'about:blank'], {
    detached: true, // a group of its own
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr?.on('data', (data) => {
    said += data
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const end = () => killGroup(child)
  process.once('exit', end) // a run that is broken off leaves no browser behind
  let browser: Browser | undefined
  const kill = async () => {
    killGroup(child)
    await exited
    process.off('exit', end)
    await browser?.close().catch(() => {}) // our end of the connection
  }
  try {
    browser = await chromium.connectOverCDP(await addressOf(child))
    const [context] = browser.contexts()
    const page = context?.pages()[0] ?? (await context?.newPage())
    if (page === undefined) throw new Error('The browser has no page.')
    return { page, kill, hasDeletedDatabases: () => /corrupted \(and deleted\) database/.test(said) }
  } catch (error) {
    await kill()
    throw error
  }
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error // gone meanwhile
  }
}

function addressOf({ stderr }: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    const fail = () => reject(new Error(`Chromium did not start: ${said}`))
    const timer = setTimeout(fail, START_MS)
    stderr?.on('data', (data) => {
      said += data
      const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? []
      if (address === undefined) return
      clearTimeout(timer)
      resolve(address)
    })
    stderr?.once('close', fail)
  })
}
