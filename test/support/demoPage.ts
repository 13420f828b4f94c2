/** The demo page as tests use it: waiting for its states, asking, reading what was found. */
import type { Page } from 'playwright'

const TIMEOUT_MS = 90_000

/** Words alone do not find its answer; it is of the Vue documentation. */
export const QUESTION = 'scrolling a huge list is slow'
export const ANSWER = 'Virtualize Large Lists'

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
      new URLSearchParams(location.hash.slice(1)).get('q') === wanted,
    question,
    { timeout: TIMEOUT_MS },
  )
  return page.getByTestId('hit-title').allTextContents()
}

/** Titles of the sections that words find, while meaning is loading or on its way. */
export async function askByWords(page: Page, question: string): Promise<string[]> {
  await page.getByTestId('query').fill(question)
  await shownBy(page, question, 'keyword')
  return page.getByTestId('hit-title').allTextContents()
}

/** The answer in view is this question's, by this mode. */
export async function shownBy(page: Page, question: string, mode: 'keyword' | 'hybrid'): Promise<void> {
  await page.waitForFunction(
    ([wanted, how]) => {
      const { query, mode: by } = document.querySelector<HTMLElement>('[data-testid=hits]')?.dataset ?? {}
      return query === wanted && by === how
    },
    [question, mode],
    { timeout: TIMEOUT_MS },
  )
}

/** Index, model and pages are made available offline, and the page says so. */
export async function makeOffline(page: Page): Promise<void> {
  const label = page.getByTestId('here')
  // On a narrow page it is one line, to be opened.
  if (!(await label.evaluate((element) => element.hasAttribute('open')))) await label.locator('summary').click()
  await page.getByTestId('keep').click({ timeout: TIMEOUT_MS })
  await page.getByTestId('offline').waitFor({ timeout: TIMEOUT_MS })
}
