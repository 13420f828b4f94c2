/** The report's page in a real browser: axe finds nothing, nothing is wider than a phone, no name lies over another. */
import axe from 'axe-core'
import { afterEach, describe, expect, test } from 'vitest'
import { page } from 'vitest/browser'
import { compare } from '../../../src/eval/compare.ts'
import { toHtml } from '../../../src/eval/report/report.ts'
import { made } from '../madeRuns.ts'

const NAMES = [
  'lexical',
  'exact',
  'plaid:bits=1',
  'plaid:bits=2,pool=2',
  'plaid:bits=2,pool=3,candidates=512',
  'hybrid',
  'bi-encoder',
  'cross-encoder',
  'rerank:lexical+exact',
  'rerank:plaid:bits=2,pool=2+cross-encoder',
]
const systems = NAMES.map((name, i) => ({
  name,
  description: 'What stands behind the name.',
  skill: 0.5 + ((i * 7) % 5) / 60,
  bytes: 300 * 1.4 ** ((i * 5) % 9),
  ms: 5 * 1.5 ** ((i * 3) % 8),
}))
const given = made(systems, 60, (i) => `Question ${i}: what is the half-life of a long question that goes on and on?`)
const html = toHtml(
  { ...compare(given), warnings: ['Two labels name documents that are not there.'] },
  {
    facts: [['Model', 'selvage-mini']],
    tables: [{ title: 'Pairs', columns: ['System', 'Right'], rows: NAMES.map((name, i) => [name, i / 11]) }],
  },
)

/** The page's body and sheet in this page; the reader's scheme is chosen in the sheet, since no test can set it. */
function show(scheme: 'light' | 'dark'): void {
  const told = new DOMParser().parseFromString(html, 'text/html')
  const sheet = document.createElement('style')
  const dark = scheme === 'dark' ? '@media all' : '@media not all'
  sheet.textContent = told.querySelector('style')!.textContent.replaceAll('@media (prefers-color-scheme: dark)', dark)
  document.documentElement.style.colorScheme = scheme
  document.documentElement.lang = told.documentElement.lang
  document.title = told.title
  document.body.replaceChildren(sheet, ...told.body.children)
  for (const details of document.querySelectorAll('details')) details.open = true
}

afterEach(() => {
  document.documentElement.style.colorScheme = ''
  document.body.replaceChildren()
})

describe.each([
  ['desk', 1280],
  ['phone', 390],
])('%s', (_, width) => {
  test.each(['light', 'dark'] as const)('%s: axe finds nothing', async (scheme) => {
    await page.viewport(width, 844)
    show(scheme)
    const { violations } = await axe.run(document)
    expect(
      violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])]),
    ).toEqual([])
  })

  test('fits, and every plot that is shown has its names apart', async () => {
    await page.viewport(width, 844)
    show('light')
    expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width)
    const plots = [...document.querySelectorAll('svg.plot')].filter((plot) => plot.getClientRects().length > 0)
    expect(plots).toHaveLength(NAMES.length - 1 + 2)
    for (const plot of plots) {
      const edge = plot.getBoundingClientRect()
      const texts = [...plot.querySelectorAll('text')].map((text) => ({
        text: text.textContent,
        box: text.getBoundingClientRect(),
      }))
      for (const [i, { text, box }] of texts.entries()) {
        expect(box.left, text).toBeGreaterThanOrEqual(edge.left - 1)
        expect(box.right, text).toBeLessThanOrEqual(edge.right + 1)
        for (const other of texts.slice(i + 1)) {
          const apart =
            box.right <= other.box.left ||
            other.box.right <= box.left ||
            box.bottom <= other.box.top + 3 ||
            other.box.bottom <= box.top + 3
          expect(apart, `${text} and ${other.text}`).toBe(true)
        }
      }
      const labels = texts.filter(({ text }) => NAMES.includes(text))
      if (plot.querySelector('circle')) expect(labels).toHaveLength(NAMES.length)
      // Names can be read: no plot is drawn smaller than half again.
      for (const text of plot.querySelectorAll('text')) expect(text.getBoundingClientRect().height).toBeGreaterThan(10)
    }
  })
})
