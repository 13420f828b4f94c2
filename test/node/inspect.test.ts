/** `selvage inspect` on the indexes that are committed: small, and made without a model. */
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { commandLine } from '../support/command.ts'
import { serveFolder } from '../support/staticServer.ts'

const FIXTURE = join(import.meta.dirname, '../fixtures/index-v1')
const cli = commandLine('selvage-inspect-')
const { at, clear } = cli

test('what an index holds', async () => {
  expect(await run(['inspect', FIXTURE])).toBe(0)
  expect(cli.out).toBe(
    `Index at ${FIXTURE}
  format       version 1
  model        fake (ffffffffffff)
  fingerprint  none: it was imported or exported, or built without documents that were named
  pages        3
  sections     5
  passages     5
  tokens       34
  vectors      16 dimensions, 2 bits, 34 centroids
               25.7 bytes per token
  keywords     none: build it again to search by words
  languages    no page names one
  size         1.2 kB in 6 packs

  centroids      1     544 B   45.4%
  texts          1     324 B   27.0%
  residuals      1     136 B   11.4%
  codec          1     116 B    9.7%
  codes          1      68 B    5.7%
  lengths        1      10 B    0.8%

  largest file: centroids-7eef946cc0b3b0ab.pack, 544 B
`,
  )
  expect(cli.err).toBe('')
})

test('the same for programs', async () => {
  expect(await run(['inspect', FIXTURE, '--json'])).toBe(0)
  expect(JSON.parse(cli.out)).toMatchObject({
    location: FIXTURE,
    version: 1,
    model: { name: 'fake' },
    pages: 3,
    tokens: 34,
    bits: 2,
    bytes: 1198,
    files: 6,
    packs: expect.arrayContaining([{ kind: 'texts', files: 1, bytes: 324 }]),
    largest: { file: 'centroids-7eef946cc0b3b0ab.pack', bytes: 544 },
    languages: { '': 3 },
  })
})

test('an index behind an address; texts are not downloaded for its summary', async () => {
  const site = await serveFolder(FIXTURE)
  try {
    expect(await run(['inspect', site.url])).toBe(0)
    expect(cli.out).toContain(`Index at ${site.url}\n`)
    expect(cli.out).not.toContain('languages')
    clear()
    expect(await run(['inspect', site.url.slice(0, -1), '--passage', '0'])).toBe(0)
    expect(cli.out).toMatch(/^Cats\n\/guide\/cats\.html\n/)
  } finally {
    site.close()
  }
})

describe('one passage, one page', () => {
  test('a passage', async () => {
    expect(await run(['inspect', FIXTURE, '--passage', '1'])).toBe(0)
    expect(cli.out).toBe(
      'Cats > Food\n/guide/cats.html#food\npassage 1, characters 0 to 14 of 14 in its section\n\nCats eat fish.\n',
    )
    clear()
    expect(await run(['inspect', FIXTURE, '--passage', '1', '--json'])).toBe(0)
    expect(JSON.parse(cli.out)).toMatchObject({
      id: 1,
      range: { start: 0, end: 14 },
      section: { text: 'Cats eat fish.' },
    })
  })

  test('a page', async () => {
    expect(await run(['inspect', FIXTURE, '--page', '/guide/cats.html'])).toBe(0)
    expect(cli.out).toBe(
      `Cats
/guide/cats.html

Cats
  passage 0
    A cat sleeps.

Cats > Food
  passage 1
    Cats eat fish.

Cats > Toys
  passage 2

`,
    )
  })

  test.each([
    [['--passage', '5'], /There is no passage 5: the index at .* has 5, numbered from 0/],
    [['--passage', '-1'], /must be a whole number from 0 on/],
    [['--page', '/guide/dogs.html'], /There is no page \/guide\/dogs\.html .* urls like \/guide\/cats\.html, /],
    [['--page', '/guide/cats.html', '--passage', '1'], /cannot be used with/],
  ])('%j', async (args, message) => {
    expect(await run(['inspect', FIXTURE, ...args])).toBe(1)
    expect(cli.err).toMatch(message)
    expect(cli.out).toBe('')
  })
})

test('a file that some hosts refuse is warned of', async () => {
  await copy()
  await edit((manifest) => manifest.replace('"bytes": 544', `"bytes": ${26 * 2 ** 20}`))
  expect(await run(['inspect', cli.folder])).toBe(0)
  expect(cli.out).toMatch(
    /largest file: centroids-7eef946cc0b3b0ab\.pack, 27\.3 MB\n {2}! Over 25 MiB: some hosts refuse/,
  )
})

test('kinds of packs that come later show by their names', async () => {
  await copy()
  await edit((manifest) => manifest.replaceAll('texts-2b6dfbdaad0e745d', 'new-kind-2b6dfbdaad0e745d'))
  expect(await run(['inspect', cli.folder, '--json'])).toBe(0)
  expect(JSON.parse(cli.out).packs).toContainEqual({ kind: 'new-kind', files: 1, bytes: 324 })
  // Its texts cannot be read under that name: the rest is shown all the same.
  expect(cli.err).toMatch(/^Languages cannot be told: new-kind-2b6dfbdaad0e745d\.pack .* is missing/)
})

test('a folder without an index', async () => {
  expect(await run(['inspect', cli.folder])).toBe(1)
  expect(cli.err).toMatch(/There is no index at .*selvage-inspect-/)
})

const copy = () => cp(FIXTURE, cli.folder, { recursive: true })

async function edit(change: (manifest: string) => string): Promise<void> {
  const file = at('manifest.json')
  await writeFile(file, change(await readFile(file, 'utf8')))
}
