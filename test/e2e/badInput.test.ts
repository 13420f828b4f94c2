/**
 * What people drop and what browsers lack: zips, pictures, files that are too many, too large or the same as before, no room, no
 * database. In each case the page says what happened, and what was there before is still found.
 */
import { readdirSync, readFileSync, truncateSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright'
import { describe, expect, test } from 'vitest'
import { ask, waitFor } from '../support/demoPage.ts'
import { drop } from '../support/drop.ts'
import { watchTurns } from '../support/turns.ts'
import { visitor } from '../support/visitor.ts'
import { zipOf } from '../support/zip.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const ON_WASM = '?encoder=wasm&scorer=wasm'
/** A model on one busy core. */
const LONG = { timeout: 90_000 }

const guest = visitor()
const { write } = guest

const BEES = '# Bees\n\nA swarm is caught in a straw basket before noon.\n'
const KILN = '# The kiln\n\nIt is fired with birch for two days.\n'

async function open(before?: (page: Page) => Promise<void>): Promise<Page> {
  const { page } = await guest.profile.start()
  await before?.(page)
  await page.goto(guest.url + ON_WASM)
  await waitFor(page, 'ready')
  return page
}

const listed = (page: Page) =>
  page
    .locator('.own-file[data-state=added]')
    .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset['id'] ?? '').toSorted())
const problems = (page: Page) => page.getByTestId('own-problems').locator('li').allTextContents()
const told = (page: Page) => page.getByTestId('own-told').textContent()
const resting = (page: Page) => page.getByTestId('own-work').waitFor({ state: 'hidden', ...LONG })

async function dropAndRest(page: Page, paths: readonly string[], added: readonly string[]): Promise<void> {
  await drop(page, paths)
  await expect.poll(() => listed(page), LONG).toEqual(added)
  await resting(page)
}

describe('a zip', () => {
  test('is read as a folder; an encrypted and a broken one beside it are named, and the rest goes on', async () => {
    const good = write(
      'notes.zip',
      zipOf([
        { name: 'deep/bees.md', content: BEES },
        { name: 'p.png', content: 'x' },
      ]),
    )
    const locked = write('locked.zip', zipOf([{ name: 'secret.md', content: KILN, isEncrypted: true }]))
    const broken = write('broken.zip', zipOf([{ name: 'a.md', content: KILN }]).subarray(0, 60))
    const page = await open()
    await dropAndRest(page, [locked, broken, good], ['notes.zip/deep/bees.md'])
    expect(await told(page)).toBe('1 file was added.')
    expect(await problems(page)).toEqual([
      expect.stringMatching(/^locked\.zip is encrypted, and was not read\./),
      expect.stringMatching(/^broken\.zip could not be read: it is damaged/),
      '1 picture was left out: not Markdown, HTML or text.',
    ])
    expect((await ask(page, 'catching a swarm'))[0]).toBe('Bees')
  })
})

describe('a folder', () => {
  test('of pictures and other files: they are counted by kind, nothing is said of each', async () => {
    for (let i = 0; i < 14; i++) write(`notes/photo-${i}.jpg`, 'x')
    for (const name of ['main.c', 'Makefile', 'paper.pdf']) write(`notes/${name}`, 'x')
    write('notes/bees.md', BEES)
    const page = await open()
    await dropAndRest(page, [join(guest.folder, 'notes')], ['notes/bees.md'])
    expect(await problems(page)).toEqual([
      '14 pictures, 1 PDF and 2 other files were left out: not Markdown, HTML or text.',
    ])
    await page.getByRole('button', { name: 'Dismiss these messages' }).click()
    await expect.poll(() => page.getByTestId('own-problems').isVisible()).toBe(false)
  })

  test('that comes a second time: what is the same stays, what has changed takes its old place', async () => {
    for (let i = 0; i < 9; i++) write(`notes/day-${i}.md`, `# Day ${i}\n\nThe wind came from the north.\n`)
    const page = await open()
    const names = readdirSync(join(guest.folder, 'notes')).map((name) => `notes/${name}`)
    await dropAndRest(page, [join(guest.folder, 'notes')], names.toSorted())
    expect(await told(page)).toBe('9 files were added.')

    await drop(page, [join(guest.folder, 'notes')])
    await expect.poll(() => told(page)).toBe('9 files are the same as before, and stayed.')
    expect(await page.getByTestId('own-work').isVisible()).toBe(false)

    write('notes/day-3.md', BEES)
    await page.reload() // it is known again by what is kept
    await waitFor(page, 'ready')
    await drop(page, [join(guest.folder, 'notes')])
    await expect
      .poll(() => told(page), LONG)
      .toBe('1 file took the place of its older text. 8 files are the same as before, and stayed.')
    await resting(page)
    expect((await ask(page, 'catching a swarm'))[0]).toBe('Bees')
    expect(await listed(page)).toEqual(names.toSorted())
  })
})

describe('too much', () => {
  test('a file of 200 MB is refused before it is read, and the limit is said', async () => {
    const large = write('large.txt', 'words ')
    truncateSync(large, 200e6)
    const page = await open()
    const turns = await watchTurns(page)
    await drop(page, [large, write('bees.md', BEES)])
    await expect.poll(() => problems(page)).toEqual(['large.txt is larger than 20.0 MB, and was not read.'])
    await expect.poll(() => listed(page), LONG).toEqual(['bees.md'])
    expect(await turns()).toEqual([])
  })

  test('ten thousand tiny files: the page answers all the while, and says in one sentence what was wrong with most', async () => {
    for (let i = 0; i < 10_000; i++) write(`many/${i % 100}/${i}.md`, '')
    write('many/bees.md', BEES)
    const page = await open()
    const turns = await watchTurns(page)
    await drop(page, [join(guest.folder, 'many')])
    await expect
      .poll(() => page.getByTestId('own').locator('.own-words').textContent())
      .toMatch(/^Looking through the folder: [\d,]+ files/)
    await page.getByTestId('query').fill('keep inputs')
    await expect.poll(() => listed(page), LONG).toEqual(['many/bees.md'])
    await resting(page)
    expect(await problems(page)).toEqual([expect.stringMatching(/ and 9,997 more are empty\.$/)])
    expect(await turns()).toEqual([])
  })

  test('forty real pages: while they are added no turn of the page is longer than 50 ms; speed and time left are told', async () => {
    const pages = sources(join(ROOT, 'demo/content/react')).slice(0, 40)
    for (const [i, path] of pages.entries()) write(`react/${i}.md`, readFileSync(path, 'utf8').slice(0, 4000))
    const page = await open()
    const turns = await watchTurns(page)
    await drop(page, [join(guest.folder, 'react')])
    await expect
      .poll(() => page.getByTestId('own').locator('.own-words').textContent(), LONG)
      .toMatch(/^Added \d+ of 40 · [\d.]+ a (second|minute) · \d+ (s|min) left$/)
    await page.getByTestId('query').fill('state') // the answer is drawn meanwhile, and drawn anew
    await expect.poll(async () => (await listed(page)).length, { timeout: 110_000 }).toBe(40)
    await resting(page)
    expect(await turns()).toEqual([])
  })

  test('of which the browser has no room: what was there stays and is found, and the page says how to make room', async () => {
    await dropAndRest(await open(), [write('bees.md', BEES)], ['bees.md'])
    await guest.profile.stop()
    // A browser that has looked remembers how much room there is: it is told before it looks.
    const page = await open((page) => setRoom(page, 1000))
    for (let i = 0; i < 120; i++) write(`more/${i}.md`, `${KILN}\n${Math.random()}\n`.repeat(20))
    await drop(page, [join(guest.folder, 'more')])
    await expect
      .poll(() => problems(page), LONG)
      .toEqual([expect.stringMatching(/the browser gives this site no more room/)])
    expect((await problems(page))[0]).toMatch(/stays and is found.*Delete files from it/)
    expect((await ask(page, 'catching a swarm'))[0]).toBe('Bees')
    expect(await listed(page)).toEqual(['bees.md'])
    await guest.profile.stop()

    await dropAndRest(await open(), [write('kiln.md', KILN)], ['bees.md', 'kiln.md'])
  })
})

async function setRoom(page: Page, quotaSize: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(guest.url).origin, quotaSize })
}

describe('a browser', () => {
  test('without a database keeps files in memory, says so before any is added, and finds them', async () => {
    const page = await open((page) => withoutDatabase(page))
    await expect.poll(() => page.getByTestId('own-home').textContent()).toMatch(/gone when the tab is closed/)
    await dropAndRest(page, [write('bees.md', BEES)], ['bees.md'])
    expect((await ask(page, 'catching a swarm'))[0]).toBe('Bees')
    await page.reload()
    await waitFor(page, 'done')
    expect(await page.getByTestId('hit-title').allTextContents()).not.toContain('Bees')
  })
})

/** Its workers have none: scripts come with a line in front of them. */
async function withoutDatabase(page: Page): Promise<void> {
  const gone =
    "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError') } });"
  await page.addInitScript(gone)
  await page.route(/\/assets\/(engine|encoder|writer)-[\w-]+\.js$/, async (route) => {
    const response = await route.fetch()
    await route.fulfill({ response, body: gone + (await response.text()) })
  })
}

function sources(under: string): string[] {
  return readdirSync(under, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => join(under, name))
}
