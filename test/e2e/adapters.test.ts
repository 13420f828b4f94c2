/**
 * DocSearch's dialog and both of Pagefind's UIs, as npm has them, search a site that was built with one command. They are
 * told where, and nothing else of Selvage; the host forbids all but the site's own files.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright'
import { build } from 'vite'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { launch, type WatchedPage, watchedPage } from '../support/page.ts'
import { type StaticSite, serveFolder } from '../support/staticServer.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const APP = join(ROOT, 'test/fixtures/apps/adapters')
const SLOW = { timeout: 40_000 }

let work: string
let site: StaticSite
let browser: Browser
let watched: WatchedPage | undefined

/** Within the repository, so that the UIs are found as if they were installed there. */
beforeAll(async () => {
  work = mkdtempSync(join(ROOT, 'dist/adapters-'))
  const app = join(work, 'app')
  cpSync(APP, app, { recursive: true })
  const input = ['docsearch', 'pagefind', 'component'].map((name) => join(app, `${name}.html`))
  const dist = join(work, 'site')
  await build({
    root: app,
    configFile: false,
    logLevel: 'error',
    build: { outDir: dist, target: 'es2022', modulePreload: false, rolldownOptions: { input } },
  })
  cpSync(join(app, 'docs'), dist, { recursive: true })
  const command = [join(ROOT, 'dist/node/main.js'), 'build', join(app, 'docs'), '-o', join(dist, 'search')]
  execFileSync(process.execPath, [...command, '--with-runtime'], { stdio: 'pipe' })
  site = await serveFolder(dist, '/')
  browser = await launch()
})
afterEach(async () => {
  await watched?.close()
  watched = undefined
})
afterAll(async () => {
  await browser?.close()
  site?.close()
  rmSync(work, { recursive: true, force: true })
})

async function open(name: string): Promise<Page> {
  watched = await watchedPage(browser, site.url)
  await watched.page.goto(`${site.url}${name}.html`)
  return watched.page
}

test('DocSearch: a query, its hits, and the section that Enter leads to', async () => {
  const page = await open('docsearch')
  await page.getByRole('button', { name: /search/i }).click()
  const field = page.getByRole('searchbox')
  await field.pressSequentially('long naps')
  const hits = page.locator('.DocSearch-Hit')
  await expect.poll(() => hits.first().textContent(), SLOW).toContain('Long naps')
  expect(await page.locator('.DocSearch-Hit-source').first().textContent()).toBe('Cats')
  expect(await hits.first().textContent()).toContain('on whatever is <warm> & soft') // as text, not as a tag
  expect(await hits.first().locator('mark').allTextContents()).toEqual(expect.arrayContaining(['Long', 'naps']))
  await field.press('Enter')
  await page.waitForURL(`${site.url}cats.html#naps`)
  // DocSearch itself sets a style that the policy forbids, and goes on without it.
  expect(watched?.console.filter((line) => !/Applying inline style|Autofocus/.test(line))).toEqual([])
  expect(watched?.foreign).toEqual([])
})

test('its answers are by words at once, and by meaning when the model is there', async () => {
  const page = await open('docsearch')
  // As text: what transforms tests would transform the import as well.
  const ask = (query: string): Promise<unknown> =>
    page.evaluate(`(async () => {
      const { docSearchClient } = await import('/search/docsearch.js')
      const requests = [{ indexName: 'docs', query: ${JSON.stringify(query)} }]
      const { mode, model, hits } = (await docSearchClient()({}).search({ requests })).results[0]
      return { mode, model, url: hits[0]?.url }
    })()`)
  expect(await ask('crust')).toMatchObject({ mode: 'keyword', url: '/bread.html' })
  await expect
    .poll(() => ask('crossing water by train'), SLOW)
    .toEqual({ mode: 'hybrid', model: 'ready', url: '/bridges.html' })
})

test('Pagefind’s Default UI: results with sections, and filters with counts', async () => {
  const page = await open('pagefind')
  await page.getByPlaceholder('Search').pressSequentially('cats')
  const titles = page.locator('.pagefind-ui__result-inner > .pagefind-ui__result-title')
  await expect
    .poll(() => titles.allTextContents().then((all) => all.map((title) => title.trim())), SLOW)
    .toEqual(['Cats', 'Bridges'])
  expect(await page.locator('.pagefind-ui__message').textContent()).toContain('2 results for cats')
  const arches = page.locator('.pagefind-ui__result-nested', { hasText: 'Arches' })
  expect(await arches.locator('mark').first().textContent()).toBe('Cats')
  await page.getByLabel('building (1)').check()
  await expect.poll(() => titles.count(), SLOW).toBe(1)
  await arches.getByRole('link').click()
  await page.waitForURL(`${site.url}bridges.html#arches`)
  expect(watched?.console).toEqual([])
  expect(watched?.foreign).toEqual([])
})

test('Pagefind’s Component UI: a query, its results, a filter', async () => {
  const page = await open('component')
  await page.locator('pagefind-input input').pressSequentially('cats')
  const titles = page.locator('.pf-result-title')
  await expect
    .poll(() => titles.allTextContents().then((all) => all.map((title) => title.trim())), SLOW)
    .toEqual(['Cats', 'Bridges'])
  expect(await page.locator('pagefind-filter-pane').textContent()).toContain('building')
  await page.locator('pagefind-filter-pane').getByText('building').first().click()
  await expect.poll(() => titles.count(), SLOW).toBe(1)
  await page.getByRole('link', { name: 'Arches' }).click()
  await page.waitForURL(`${site.url}bridges.html#arches`)
  expect(watched?.foreign).toEqual([])
})
