/** The search of a page, as a reader uses it: a question is typed, and the first hit looked at. */
import type { Locator, Page } from 'playwright'
import { expect } from 'vitest'

/** A model is loaded on a busy machine. */
export const SLOW = { timeout: 40_000 }

export function firstHit(page: Page): Locator {
  return page.getByRole('option').first()
}

/** Types a question until its first hit has the title: a dev server may load the page again on the way. */
export async function ask(page: Page, question: string, title: string): Promise<void> {
  const field = page.getByRole('combobox', { name: 'Search' })
  await expect
    .poll(async () => {
      if ((await field.inputValue()) !== question) await field.pressSequentially(question)
      return firstHit(page)
        .locator('.title')
        .textContent({ timeout: 1000 })
        .catch(() => page.locator('selvage-search .panel').textContent())
    }, SLOW)
    .toBe(title)
}
