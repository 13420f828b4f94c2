/**
 * Own files on the demo page: dropped, found beside the documentation, there after the browser was started anew, replaced,
 * deleted; a browser that ends in the middle of adding; what cannot be read.
 */
import { join } from 'node:path'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { ask, makeOffline, waitFor } from '../support/demoPage.ts'
import { drag, drop } from '../support/drop.ts'
import { visitor } from '../support/visitor.ts'

const ON_WASM = '?encoder=wasm&scorer=wasm'
/** Answered by the harbour's file alone, in other words than it has. */
const QUESTION = 'when do boats sail into the bay'
/** A model on one busy core. */
const LONG = { timeout: 90_000 }

const guest = visitor()
const { write } = guest

const harbour = (depth: string) => `# The harbour of Vik

The quay dries out. Ships should come in at high tide, when the sill has ${depth} of water over it.

## Fees

A night costs twelve crowns, to be paid to the harbour master.
`

async function open(): Promise<Page> {
  const { page } = await guest.profile.start()
  await page.goto(guest.url + ON_WASM)
  await waitFor(page, 'ready')
  return page
}

/** Paths in the list. */
const listed = (page: Page) =>
  page
    .locator('.own-file[data-state=added]')
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['id'] ?? ''))

const resting = (page: Page) => page.getByTestId('own-work').waitFor({ state: 'hidden', ...LONG })

/** The first hit that is the visitor's own. */
const own = (page: Page) =>
  page
    .getByTestId('hit')
    .filter({ has: page.locator('.own-mark') })
    .first()

describe('a dropped file', () => {
  test('is found beside the documentation, marked as own, also in a browser that was started anew; deleted it is gone', async () => {
    const file = write('harbour.md', harbour('three metres'))
    const page = await open()
    const dragged = await drag(page, [file])
    await page.getByTestId('drop').waitFor()
    await dragged.drop()
    await page.getByTestId('drop').waitFor({ state: 'hidden' })
    await expect.poll(() => listed(page), LONG).toEqual(['harbour.md'])
    await resting(page)
    expect((await ask(page, QUESTION))[0]).toBe('The harbour of Vik')
    expect(await page.getByTestId('hit').count()).toBe(10)
    expect(await own(page).locator('.hit-url').textContent()).toBe('harbour.md')
    expect(await own(page).getByRole('link').count()).toBe(0)
    await guest.profile.stop()

    const again = await open()
    expect((await ask(again, QUESTION))[0]).toBe('The harbour of Vik')
    await expect.poll(() => listed(again), LONG).toEqual(['harbour.md'])
    await again.getByRole('button', { name: 'Delete harbour.md' }).click()
    await expect.poll(() => own(again).count(), LONG).toBe(0) // the answer in view is given anew
    expect(await listed(again)).toEqual([])
    await again.reload()
    await waitFor(again, 'done')
    expect(await again.getByTestId('hit-title').allTextContents()).not.toContain('The harbour of Vik')
  })

  test('dropped again it takes the place of what it was; dropped without a network it is added as well', async () => {
    const file = write('harbour.md', harbour('three metres'))
    const page = await open()
    await makeOffline(page)
    await page.context().setOffline(true)
    await drop(page, [file])
    await expect.poll(() => listed(page), LONG).toEqual(['harbour.md'])
    await resting(page)
    await ask(page, QUESTION)
    expect(await own(page).textContent()).toMatch(/three metres/)
    write('harbour.md', harbour('five fathoms'))
    await drop(page, [file])
    await expect.poll(() => own(page).textContent(), LONG).toMatch(/five fathoms/)
    await resting(page)
    expect(await listed(page)).toEqual(['harbour.md'])
    expect(await page.locator('.hit', { hasText: 'three metres' }).count()).toBe(0)
  })

  test('not let go it changes nothing', async () => {
    const page = await open()
    const dragged = await drag(page, [write('harbour.md', harbour('three metres'))])
    await page.getByTestId('drop').waitFor()
    await dragged.leave()
    await page.getByTestId('drop').waitFor({ state: 'hidden' })
    expect(await listed(page)).toEqual([])
    expect(page.url()).toBe(guest.url + ON_WASM)
  })
})

describe('many files', () => {
  test('of a folder: what cannot be read is named, the rest is added, all can be deleted at once', async () => {
    write('notes/harbour.md', harbour('three metres'))
    write('notes/deep/kiln.mdx', '# Firing the kiln\n\nThe kiln is fired with birch for two days.\n')
    write('notes/page.html', '<title>Bees</title><main><h1>Bees</h1><p>A swarm is caught in a straw basket.</p></main>')
    write('notes/plain.txt', 'The ferry to the island does not run on Sundays.\n')
    write('notes/binary.txt', Uint8Array.of(0x50, 0x4b, 0, 4, 0xff))
    write('notes/empty.md', '')
    write('notes/photo.png', Uint8Array.of(1, 2, 3))
    write('notes/.git/config.txt', 'not meant')
    const large = write('large.txt', 'word '.repeat(6_000_000))
    const image = write('image.png', Uint8Array.of(1, 2, 3))
    const page = await open()
    await drop(page, [join(guest.folder, 'notes'), large, image])
    const added = ['notes/deep/kiln.mdx', 'notes/harbour.md', 'notes/page.html', 'notes/plain.txt']
    await expect.poll(async () => (await listed(page)).toSorted(), LONG).toEqual(added)
    await resting(page)
    const problems = await page.getByTestId('own-problems').locator('li').allTextContents()
    expect(problems.toSorted()).toEqual([
      '1 picture was left out: not Markdown, HTML or text.',
      'image.png is not Markdown, HTML or plain text, by its ending.',
      'large.txt is larger than 20.0 MB, and was not read.',
      'notes/binary.txt is not text, or not in UTF-8.',
      'notes/empty.md is empty.',
    ])
    expect((await ask(page, 'catching bees'))[0]).toBe('Bees')
    expect(await own(page).locator('.hit-url').textContent()).toBe('notes/page.html')
    await ask(page, 'ferry on sundays')
    expect(await own(page).locator('.hit-url').textContent()).toBe('notes/plain.txt')
    await page.getByRole('button', { name: 'Delete all' }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await expect.poll(() => listed(page), LONG).toEqual([])
    await expect.poll(() => own(page).count(), LONG).toBe(0)
  })

  test('chosen by a button, on a narrow page', async () => {
    write('notes/harbour.md', harbour('three metres'))
    const { page } = await guest.profile.start()
    await page.setViewportSize({ width: 390, height: 844 })
    await page.goto(guest.url + ON_WASM)
    const choosing = page.waitForEvent('filechooser') // before anything is ready: they wait
    await page.getByRole('main').getByRole('button', { name: 'A folder' }).click()
    await (await choosing).setFiles(join(guest.folder, 'notes'))
    await expect.poll(() => listed(page), LONG).toEqual(['notes/harbour.md'])
  })

  test('a browser that ends in the middle goes on when it is started again; a pause outlasts it', async () => {
    const count = 24
    for (let i = 0; i < count; i++)
      write(
        `log/day-${i}.md`,
        `# Day ${i}\n\n${`On day ${i} the wind came from the north and the nets were mended on the quay. `.repeat(60)}\n`,
      )
    const page = await open()
    await drop(page, [join(guest.folder, 'log')])
    const words = (of: Page) => of.getByTestId('own').locator('.own-words').textContent()
    await expect.poll(() => words(page), LONG).toMatch(/^Added [1-9]/)
    expect((await listed(page)).length).toBeLessThan(count)
    await guest.profile.stop()

    const second = await open()
    await expect.poll(() => words(second), LONG).toMatch(/^Added [1-9]/)
    await second.getByRole('button', { name: 'Pause' }).click()
    await expect.poll(() => words(second), LONG).toMatch(/^Paused/)
    await guest.profile.stop()

    const third = await open()
    await expect.poll(() => words(third), LONG).toMatch(/^Paused at 0 of \d+/)
    await third.waitForTimeout(3000)
    const before = (await listed(third)).length
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(count)
    await third.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(async () => (await listed(third)).length, LONG).toBe(count)
    await resting(third)
    expect(new Set(await listed(third)).size).toBe(count)
    expect(await ask(third, 'the north wind on day 17')).toContain('Day 17')
  })
})
