/**
 * Teaching in a real Chromium, with the real model and index: right ones marked, lines added, a lesson learned from the ready set,
 * used, there again after a reload, forgotten. Nothing but code of the site is asked for meanwhile.
 */
import AxeBuilder from '@axe-core/playwright'
import type { Page } from 'playwright'
import { expect, test } from 'vitest'
import { ANSWER, ask, QUESTION, waitFor } from '../support/demoPage.ts'
import { demoSite } from '../support/demoSite.ts'

const LONG = { timeout: 90_000 }
const ON_WASM = '?encoder=wasm&scorer=wasm'

const site = demoSite()

const section = (page: Page) => page.getByTestId('teach')
const press = (page: Page, name: string | RegExp) => section(page).getByRole('button', { name }).click(LONG)
const marked = (page: Page) => page.locator('.right-mark[aria-pressed=true]').count()

test('the right one is marked by keyboard, listed, kept, taken back; lines are added, wrong ones named', async () => {
  const { page, console: log } = await site.open(ON_WASM)
  await waitFor(page, 'ready')
  await ask(page, QUESTION)
  const mark = page.getByTestId('mark').first()
  await mark.focus()
  await page.keyboard.press('Space')
  expect(await mark.getAttribute('aria-pressed')).toBe('true')
  await expect.poll(() => page.locator('#announce').textContent()).toMatch(/^Noted as the right one/)
  expect(await section(page).locator('.own-file').allTextContents()).toEqual([`${QUESTION}→ ${ANSWER}`])
  // The way from there to where it is learned from.
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('teach-title')

  await page.reload()
  await ask(page, QUESTION)
  expect(await marked(page)).toBe(1)
  // Taken back in the list: the result says so too.
  await section(page)
    .getByRole('button', { name: `Take back “${QUESTION}”` })
    .click()
  expect(await marked(page)).toBe(0)
  expect(await section(page).locator('.own-file').count()).toBe(0)

  await press(page, 'Add many')
  const dialog = page.getByTestId('pairs')
  await dialog.getByRole('textbox').fill('slow lists\tdocs/vue/guide/best-practices/performance.html\nno address\n')
  await expect
    .poll(() => dialog.locator('.teach-found').textContent())
    .toBe('1 question can be added.Line 2 has no tab between a question and an address.')
  await dialog.getByRole('button', { name: 'Add them' }).click()
  expect(await page.getByTestId('told-count').textContent()).toBe('1')
  expect(await page.getByTestId('teach-problems').textContent()).toMatch(/^Line 2 has no tab/)
  await press(page, 'Teach it')
  await expect.poll(() => page.getByTestId('teach-problems').textContent(), LONG).toMatch(/at least \d+ are wanted/)
  expect(log).toEqual([])
})

test('a lesson is learned from the ready set, used, there after a reload, forgotten; axe finds nothing', async () => {
  // Without motion: in the middle of a fade nothing has the contrast that it will have.
  const { page, console: log, foreign } = await site.open(ON_WASM, { reducedMotion: 'reduce' })
  const violations = async () => {
    const all: string[] = []
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme })
      // However short, colours change one level of the page after the other.
      await page.waitForTimeout(100)
      await page.waitForFunction(() => document.getAnimations().length === 0)
      const { violations: found } = await new AxeBuilder({ page }).analyze()
      all.push(...found.map(({ id, nodes }) => `${colorScheme} ${id}: ${nodes.map(({ html }) => html).join(' ')}`))
    }
    return all
  }
  await waitFor(page, 'ready')
  await ask(page, QUESTION)
  const scores = () => page.locator('.score').allTextContents()
  const before = await scores()
  await press(page, 'Take examples')
  await expect.poll(() => page.getByTestId('told-count').textContent(), LONG).toBe('126')

  await press(page, 'Teach it')
  await press(page, 'Stop')
  await expect.poll(() => page.getByTestId('teach-told').textContent(), LONG).toBe('Stopped. Nothing was changed.')

  await press(page, 'Teach it')
  await page.getByTestId('lesson').waitFor(LONG)
  expect(await page.locator('.teach-first').textContent()).toMatch(
    /^\d+ of \d+ right sections come first \(\d+ before\)/,
  )
  // On questions that it was not taught: the set is there to show that something is learned.
  expect(await page.getByTestId('lesson').getAttribute('data-better')).toBe('true')
  expect(await page.evaluate(() => document.activeElement?.className)).toBe('teach-first')
  expect(await violations()).toEqual([])
  expect(await scores()).toEqual(before)

  await press(page, 'Use it')
  await page.getByTestId('adopted').getByText('Your words are in use').waitFor(LONG)
  // The question in view is asked again.
  await expect.poll(scores, LONG).not.toEqual(before)
  const after = await scores()
  expect(await violations()).toEqual([])

  await page.reload()
  await ask(page, QUESTION)
  await page.getByTestId('adopted').getByText('Your words are in use').waitFor(LONG)
  expect(await scores()).toEqual(after)
  await press(page, 'Forget it')
  await expect.poll(scores, LONG).toEqual(before)
  expect(await page.getByTestId('adopted').isVisible()).toBe(false)
  expect(log).toEqual([])
  expect(foreign).toEqual([])
}, 240_000)
