/**
 * Many real pages dropped on the demo's Search page as one folder: how fast they are indexed, and whether the page ever blocks
 * meanwhile. What blocks is measured twice: by the browser's own long tasks, and by a timer of 5 ms that comes late.
 */
import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { waitFor } from '../support/demoPage.ts'
import { drop } from '../support/drop.ts'
import { newProfile } from '../support/profile.ts'

/** A task that a person feels. */
const FELT_MS = 50
/** A page takes its encoder a second or more where cores are few. */
const PATIENCE_MS = 60 * 60_000

/** What came of it, line by line. @param content the folder with `react` and `vue` in it */
export async function indexPages(url: string, content: string, wanted: number): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'selvage-pages-'))
  const profile = await newProfile()
  try {
    const count = await copyPages(content, folder, wanted)
    const { page } = await profile.start()
    await page.addInitScript(watchBlocking)
    await page.goto(url)
    await waitFor(page, 'ready')
    await page.evaluate(() => document.dispatchEvent(new Event('bench-start')))
    const start = performance.now()
    await drop(page, [folder])
    const work = page.getByTestId('own-work')
    await work.waitFor({ state: 'attached' })
    await page.waitForFunction(() => document.querySelector('[data-testid=own-work]')?.hasAttribute('hidden') === false)
    await page.waitForFunction(
      () => document.querySelector('[data-testid=own-work]')?.hasAttribute('hidden') === true,
      undefined,
      { timeout: PATIENCE_MS, polling: 500 },
    )
    const seconds = (performance.now() - start) / 1000
    const { tasks, gaps } = await page.evaluate(() => {
      const { benchTasks = '[]', benchGaps = '[]' } = document.documentElement.dataset
      return { tasks: JSON.parse(benchTasks), gaps: JSON.parse(benchGaps) } as { tasks: number[]; gaps: number[] }
    })
    const told = await page.locator('#own-title .own-count').textContent()
    return [
      `${count} pages dropped as a folder: ${told?.trim()} are here after ${seconds.toFixed(0)} s, ${(count / seconds).toFixed(2)} a second`,
      `Long tasks of the page meanwhile: ${described(tasks)}`,
      `A timer of 5 ms was late by: ${described(gaps)}`,
    ]
  } finally {
    await profile.remove()
    await rm(folder, { recursive: true, force: true })
  }
}

function described(all: readonly number[]): string {
  const felt = all.filter((ms) => ms > FELT_MS).length
  const most = all.length === 0 ? 'none' : `at most ${Math.max(...all).toFixed(0)} ms`
  return `${most}, ${felt} over ${FELT_MS} ms`
}

/** React's pages, then Vue's, as they lie in their folders; as many as there are. */
async function copyPages(content: string, folder: string, wanted: number): Promise<number> {
  const all: string[] = []
  for (const docs of ['react', 'vue']) {
    const entries = await readdir(join(content, docs), { recursive: true })
    all.push(
      ...entries
        .filter((path) => path.endsWith('.md'))
        .sort()
        .map((path) => join(docs, path)),
    )
  }
  const chosen = all.slice(0, wanted)
  for (const path of chosen) {
    const target = join(folder, path)
    await mkdir(dirname(target), { recursive: true })
    await copyFile(join(content, path), target)
  }
  return chosen.length
}

/** In the page, from the start mark on: what was longer than it should be, kept where the bench can read it. */
function watchBlocking(): void {
  document.addEventListener('bench-start', () => {
    const { dataset } = document.documentElement
    const tasks: number[] = []
    const gaps: number[] = []
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) tasks.push(duration)
      dataset['benchTasks'] = JSON.stringify(tasks)
    }).observe({ type: 'longtask' })
    let last = performance.now()
    setInterval(() => {
      const now = performance.now()
      // A timer may come twice as late as asked without anybody's fault.
      if (now - last > 20) {
        gaps.push(now - last - 5)
        dataset['benchGaps'] = JSON.stringify(gaps.sort((a, b) => b - a).slice(0, 200))
      }
      last = now
    }, 5)
  })
}
