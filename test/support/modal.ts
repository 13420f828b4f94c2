/** The search dialog in a page, as a reader uses it; and what the browser saw meanwhile. */
import type { Locator, Page } from 'playwright'
import { expect } from 'vitest'
import { SLOW } from './widget.ts'

export const field = (page: Page): Locator => page.getByRole('combobox')
export const options = (page: Page): Locator => page.getByRole('option')
export const dialog = (page: Page): Locator => page.getByRole('dialog')
export const statusLine = (page: Page): Locator => page.locator('selvage-modal .status').first()
export const notice = (page: Page): Locator => page.locator('selvage-modal .notice')

export async function openByKeys(page: Page): Promise<void> {
  // The element is there when its script is.
  await page.waitForFunction(() => document.querySelector('selvage-modal')?.shadowRoot?.querySelector('dialog') != null)
  await page.keyboard.press('Control+k')
  await field(page).waitFor()
}

/** Types a question, letter by letter. */
export async function type(page: Page, question: string): Promise<void> {
  await field(page).fill('')
  await field(page).pressSequentially(question, { delay: 15 })
}

/** The whole answer is there, by meaning or by what is left: as many pages as are said. */
export async function answered(page: Page): Promise<void> {
  await expect.poll(() => statusLine(page).textContent(), SLOW).toMatch(/\d+ pages? in [\d,]+ ms/)
}

/** Titles of the pages found, best first. */
export function pageTitles(page: Page): Promise<string[]> {
  return page.locator('selvage-modal .group-title[id$="-page"]').allTextContents()
}

export function hrefs(page: Page): Promise<string[]> {
  return options(page).evaluateAll((all) => all.map((option) => option.getAttribute('href') ?? ''))
}

/** What the list and the status line showed, in order, without repetitions; from now on. */
export async function record(page: Page): Promise<() => Promise<Seen[]>> {
  await page.evaluate(() => {
    const root = document.querySelector('selvage-modal')?.shadowRoot
    if (!root) throw new Error('There is no dialog.')
    const seen: Seen[] = []
    const look = () => {
      const links = [...root.querySelectorAll('[role=option]')].map((option) => option.getAttribute('href') ?? '')
      const status = root.querySelector('.status')?.textContent ?? ''
      const last = seen.at(-1)
      if (last?.status !== status || last.hrefs.join() !== links.join())
        seen.push({ atMs: performance.now(), status, hrefs: links })
    }
    new MutationObserver(look).observe(root, { childList: true, subtree: true, characterData: true })
    Object.assign(window, { selvageSeen: seen })
  })
  return () => page.evaluate(() => (window as unknown as { selvageSeen: Seen[] }).selvageSeen) // set above
}

export interface Seen {
  readonly atMs: number
  readonly status: string
  readonly hrefs: readonly string[]
}
