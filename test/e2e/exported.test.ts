/**
 * A text that is pasted becomes a file of the visitor's; and what was added leaves the browser as one zip: an index folder that the
 * command line finds whole, and searches.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { unzip } from 'unzipit'
import { expect, test } from 'vitest'
import { ask, waitFor } from '../support/demoPage.ts'
import { visitor } from '../support/visitor.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const LONG = { timeout: 90_000 }
const BEES = 'Bees of the island\n\nA swarm is caught in a straw basket before noon.'

const guest = visitor()

test('a pasted text is found, and exported with its index, which the command line can search', async () => {
  const { page } = await guest.profile.start()
  await page.goto(`${guest.url}?encoder=wasm&scorer=wasm`)
  await waitFor(page, 'ready')
  const dialog = page.getByTestId('paste')
  const paste = (into: string) =>
    page.locator(into).evaluate((target, text) => {
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', text)
      target.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }, BEES)

  await paste('#query') // a question is not taken for a file
  expect(await dialog.isVisible()).toBe(false)
  await paste('body')
  await dialog.waitFor()
  expect(await dialog.getByLabel('Text').inputValue()).toBe(BEES)
  expect(await dialog.getByLabel(/^Title/).getAttribute('placeholder')).toBe('Bees of the island')
  expect(await dialog.locator('.paste-kind').textContent()).toBe('14 words, read as plain text.')
  await dialog.getByRole('button', { name: 'Add the text' }).click()
  const row = page.locator('.own-file[data-state=added]')
  await expect.poll(() => row.count(), LONG).toBe(1)
  expect(await row.getAttribute('data-id')).toMatch(/^Pasted\/\d{4}-\d\d-\d\d \d\d\.\d\d Bees of the island\.txt$/)
  await page.getByTestId('own-work').waitFor({ state: 'hidden', ...LONG })
  expect((await ask(page, 'catching a swarm'))[0]).toBe('Bees of the island')

  const saving = page.waitForEvent('download', LONG)
  await page.getByTestId('export').click()
  const zip = join(guest.folder, 'saved.zip')
  await (await saving).saveAs(zip)
  expect(await page.getByTestId('export-note').textContent()).toMatch(
    /^selvage-my-files-[\d-]+\.zip was saved, [\d.]+ kB\./,
  )

  const { entries } = await unzip(new Uint8Array(readFileSync(zip)))
  for (const [name, entry] of Object.entries(entries)) {
    guest.write(name, new Uint8Array(await entry.arrayBuffer()))
  }
  expect(readFileSync(join(guest.folder, 'README.txt'), 'utf8')).toContain('npx selvage search my-files')
  const selvage = (...args: string[]) => {
    const { stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'dist/node/main.js'), ...args], {
      encoding: 'utf8',
    })
    return stdout + stderr
  }
  expect(selvage('verify', join(guest.folder, 'my-files'))).toMatch(/my-files is whole: .* 1 passage/)
  const found = selvage('search', join(guest.folder, 'my-files'), 'how do I get a swarm')
  expect(found).toMatch(/1\. Bees of the island/)
  expect(found).not.toMatch(/React|Vue/) // the site's own index stays where it is
})
