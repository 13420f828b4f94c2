/** The demo page as tests use it: waiting for its states, asking, reading what was found. */
import type { Page } from 'playwright'

const TIMEOUT_MS = 90_000

/** As the panel says. */
export async function waitFor(page: Page, state: string): Promise<void> {
  await page.waitForFunction(
    (wanted) => document.querySelector<HTMLElement>('[data-testid=status]')?.dataset['state'] === wanted,
    state,
    { timeout: TIMEOUT_MS },
  )
}

/** Titles of the sections found. */
export async function ask(page: Page, question: string): Promise<string[]> {
  await page.getByTestId('query').fill(question)
  await page.waitForFunction(
    (wanted) =>
      document.querySelector<HTMLElement>('[data-testid=status]')?.dataset['state'] === 'done' &&
      new URL(location.href).searchParams.get('q') === wanted,
    question,
    { timeout: TIMEOUT_MS },
  )
  return page.getByTestId('hit-title').allTextContents()
}

/** Index, model and page are made available offline, and the page says so. */
export async function makeOffline(page: Page): Promise<void> {
  const label = page.getByTestId('here')
  // On a narrow page it is one line, to be opened.
  if (!(await label.evaluate((element) => element.hasAttribute('open')))) await label.locator('summary').click()
  await page.getByTestId('keep').click({ timeout: TIMEOUT_MS })
  await page.getByTestId('offline').waitFor({ timeout: TIMEOUT_MS })
}
