/**
 * Where this machine's Chromium is, and how to get one. For the tests that need a real browser.
 * Looking is free of side effects; only `installChromium` changes the machine, and only a test run's setup calls it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium } from 'playwright'

/**
 * WebGPU on, and by default computed by SwiftShader on the CPU, so that a test means the same on every machine.
 * SELVAGE_TEST_GPU=hardware takes the machine's own GPU. No sandbox, because containers run as root.
 * Which flags work without a GPU: vgpu #109, luma.gl #2874.
 */
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
  '--ignore-gpu-blocklist',
  ...(process.env['SELVAGE_TEST_GPU'] === 'hardware'
    ? []
    : ['--use-webgpu-adapter=swiftshader', '--use-vulkan=swiftshader']),
]

const NAMES = ['chromium', 'google-chrome', 'google-chrome-stable']

/** CHROME_PATH, else a Chromium or Chrome on the PATH, else Playwright's own; undefined when there is none. */
export function findChromium(): string | undefined {
  const { CHROME_PATH } = process.env
  if (CHROME_PATH) {
    if (isFile(CHROME_PATH)) return CHROME_PATH
    throw new Error(
      `CHROME_PATH is ${CHROME_PATH}, and there is no such file. Correct it, or unset it to search the PATH.`,
    )
  }
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
  const candidates = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...candidates, chromium.executablePath()].find(isFile)
}

/**
 * Where Chromium is, or where `installChromium` would put it. Never throws: configuration is read by runs, too, that
 * need no browser. Those that do call `findChromium` in their setup.
 */
export function chromiumPath(): string {
  const { CHROME_PATH } = process.env
  if (CHROME_PATH) return CHROME_PATH
  return findChromium() ?? (canUseApt() ? '/usr/bin/chromium' : chromium.executablePath())
}

/** Gets a Chromium and returns its path: Debian's as root, else Playwright's. Throws with what to do by hand. */
export function installChromium(): string {
  const run = (command: string, args: string[]): void => {
    console.log(`No Chromium found; running: ${command} ${args.join(' ')}`)
    execFileSync(command, args, { stdio: 'inherit', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } })
  }
  try {
    if (canUseApt()) {
      run('apt-get', ['update'])
      run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'libvulkan1'])
    } else {
      run('npx', ['playwright', 'install', 'chromium'])
    }
  } catch (cause) {
    throw new Error(`Chromium could not be installed. ${BY_HAND}`, { cause })
  }
  const path = findChromium()
  if (path === undefined) throw new Error(`Chromium is still not to be found after its installation. ${BY_HAND}`)
  return path
}

const BY_HAND =
  'Install Chromium or Chrome (on Debian: apt-get install chromium libvulkan1) and set CHROME_PATH to its path, ' +
  'or run only the tests that need no browser: npx vitest run --project node'

/** Root on Debian itself: Ubuntu's package of that name is a stub for snap, which containers cannot run. */
function canUseApt(): boolean {
  const release = '/etc/os-release'
  return process.getuid?.() === 0 && isFile(release) && /^ID=debian$/m.test(readFileSync(release, 'utf8'))
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}
