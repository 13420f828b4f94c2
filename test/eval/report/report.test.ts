/** The three forms of a report: what is in them, that they line up, and that no text can break out of its place. */
import * as fc from 'fast-check'
import { type DefaultTreeAdapterTypes, parse } from 'parse5'
import { describe, expect, test } from 'vitest'
import { type Comparison, compare, figuresOf } from '../../../src/eval/compare.ts'
import { contrasts, headline, isBest } from '../../../src/eval/report/findings.ts'
import { column, isNumeric, quantity, signed } from '../../../src/eval/report/format.ts'
import { type HtmlExtras, toHtml, toJson, toText } from '../../../src/eval/report/report.ts'
import { made, run, small } from '../madeRuns.ts'

const SYSTEMS = [
  { name: 'lexical', description: 'By words.', skill: 0.5, bytes: 310, ms: 0.8 },
  { name: 'plaid:bits=2', description: '128 scored in full.', skill: 0.6, bytes: 4100, ms: 14 },
  { name: 'bi-encoder', skill: 0.49, bytes: 1536, ms: 9 },
  { name: 'rerank:lexical+exact', skill: 0.6, ms: 1900 },
]
const four = compare(made(SYSTEMS, 120))
const extras: HtmlExtras = {
  facts: [['Model', 'selvage-mini']],
  tables: [
    {
      title: 'Pairs',
      columns: ['System', 'Right', 'Pairs', 'Remark'],
      rows: [
        ['lexical', 0.12345, 1380, null],
        ['plaid:bits=2', 1, 1380, 'All of them.'],
      ],
      note: 'Both of a pair.',
    },
  ],
  sections: [{ title: 'Made elsewhere', html: '<p id="elsewhere">As <b>it</b> is.</p>' }],
}

describe('text', () => {
  test('a line a system, figures below each other, within 120 columns', () => {
    const lines = toText(four, extras).split('\n')
    expect(lines[0]).toBe('made-up: 120 queries, 5,183 documents, ranked by documents')
    expect(lines[1]).toBe('Model: selvage-mini')
    const head = lines.findIndex((line) => line.startsWith('system'))
    const rows = lines.slice(head + 1, head + 5)
    expect(rows.map((row) => row.split(' ')[0])).toEqual(SYSTEMS.map(({ name }) => name))
    for (const { label: whole } of four.metrics) {
      const label = whole.replace('Recall', 'R').replace('Success', 'S')
      const end = lines[head]!.indexOf(label) + label.length
      for (const [s, row] of rows.entries()) {
        const shown = /(\d\.\d{4})[* ]?$/.exec(row.slice(0, end + 1).trimEnd())
        const metric = four.metrics.find((one) => one.label === whole)!
        expect(shown?.[1], `${label} of ${row}`).toBe(figuresOf(four.systems[s]!, metric).mean.toFixed(4))
      }
    }
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120)
    expect(lines.filter((line) => line.endsWith(' '))).toEqual([])
  })

  test('an asterisk where a difference is more than chance, and only there', () => {
    const row = (name: string) =>
      toText(four)
        .split('\n')
        .find((line) => line.startsWith(`${name} `))!
    for (const system of four.systems) {
      const stars = row(system.name).split('*').length - 1
      const significant = four.metrics.filter((metric) => (figuresOf(system, metric).difference?.pHolm ?? 1) < 0.05)
      expect(stars, system.name).toBe(significant.length)
    }
    expect(row('plaid:bits=2')).toContain('*')
    expect(row('lexical')).not.toContain('*')
  })

  test('long names have lines of their own', () => {
    const long = compare(
      made([...SYSTEMS, { name: `rerank:${'plaid:bits=2,'.repeat(9)}exact`, skill: 0.6, ms: 3 }], 20),
    )
    const lines = toText(long).split('\n')
    expect(lines).toContain('plaid:bits=2')
    expect(lines[lines.indexOf('plaid:bits=2') + 1]).toMatch(/^ +0\.\d{4}/)
    const figures = lines.filter((line) => /^ +\d\.\d{4}/.test(line))
    expect(figures).toHaveLength(5)
    expect(Math.max(...figures.map((line) => line.length))).toBeLessThanOrEqual(120)
  })

  test('tables made elsewhere, notes and warnings', () => {
    const text = toText({ ...four, warnings: ['Two labels name nothing.'] }, extras)
    expect(text).toContain(
      [
        'Pairs',
        'System         Right  Pairs  Remark',
        'lexical       0.1235  1,380  –',
        'plaid:bits=2  1.0000  1,380  All of them.',
        '',
        'Both of a pair.',
      ].join('\n'),
    )
    expect(text).toContain('Warning: Two labels name nothing.\n')
    expect(toText(four)).not.toContain('Warning')
    const long = toText({ ...four, warnings: ['many words '.repeat(40).trim()] }).split('\n')
    expect(Math.max(...long.map((line) => line.length))).toBeLessThanOrEqual(120)
    expect(long.join(' ')).toContain(`Warning: ${'many words '.repeat(40).trim()}`)
  })
})

describe('JSON', () => {
  test('everything, query by query, and nothing that JSON loses', () => {
    const json = toJson(four, extras)
    expect(JSON.parse(JSON.stringify(json))).toEqual(json)
    expect(Object.keys(json)).toEqual([
      'version',
      'dataset',
      'documents',
      'ranked',
      'queries',
      'facts',
      'metrics',
      'baseline',
      'warnings',
      'systems',
      'perQuery',
      'tables',
    ])
    expect(json).toMatchObject({ version: 1, queries: 120, baseline: 'lexical', facts: { Model: 'selvage-mini' } })
    expect(json.perQuery.map(({ id }) => id)).toEqual(four.queries.map(({ id }) => id))
    for (const { name, metrics, ms } of json.systems)
      for (const metric of json.metrics) {
        const each = json.perQuery.map(({ systems }) => systems[name]!.metrics[metric]!)
        expect(metrics[metric]!.mean).toBeCloseTo(each.reduce((sum, value) => sum + value, 0) / 120, 12)
        expect(ms.mean).toBeCloseTo(json.perQuery.reduce((sum, { systems }) => sum + systems[name]!.ms, 0) / 120, 9)
      }
    expect(json.systems[0]!.metrics['ndcg@10']).not.toHaveProperty('difference')
    expect(json.systems[1]!.metrics['ndcg@10']!.difference).toEqual(
      figuresOf(four.systems[1]!, { name: 'ndcg@10' }).difference,
    )
  })
})

type Node = DefaultTreeAdapterTypes.Node
type Element = DefaultTreeAdapterTypes.Element

function elements(html: string): Element[] {
  const found: Element[] = []
  const visit = (node: Node) => {
    if ('tagName' in node) found.push(node)
    if ('childNodes' in node) node.childNodes.forEach(visit)
  }
  const errors: string[] = []
  visit(parse(html, { onParseError: ({ code }) => errors.push(code) }))
  expect(errors).toEqual([])
  return found
}

const attribute = (element: Element, name: string) => element.attrs.find((one) => one.name === name)?.value

function textOf(node: Node): string {
  if ('value' in node && node.nodeName === '#text') return node.value
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : ''
}

describe('HTML', () => {
  const all = elements(toHtml({ ...four, warnings: ['Two labels name nothing.'] }, extras))
  const named = (tag: string) => all.filter(({ tagName }) => tagName === tag)

  test('one file: no script, and nothing that is asked for', () => {
    expect(named('script')).toEqual([])
    const addresses = all.flatMap(({ attrs }) =>
      attrs.filter(({ name }) => /^(src|srcset|href|action|data)$/.test(name)),
    )
    expect(addresses.map(({ value }) => value.slice(0, 18))).toEqual(['data:image/svg+xml'])
    expect(all.flatMap(({ attrs }) => attrs.filter(({ name }) => name.startsWith('on')))).toEqual([])
    expect(textOf(named('style')[0]!)).not.toMatch(/url\(|@import/)
    const policy = named('meta').find((meta) => attribute(meta, 'http-equiv') === 'Content-Security-Policy')
    expect(attribute(policy!, 'content')).toContain("default-src 'none'")
  })

  test('every table has a caption and heads, every plot words of its own, every id is there once', () => {
    expect(named('table')).toHaveLength(6) // quality, cost, three against the first, pairs
    for (const table of named('table')) expect(elementsIn(table).map(({ tagName }) => tagName)).toContain('caption')
    for (const head of named('th')) expect(attribute(head, 'scope')).toBeTruthy()
    const ids = all.flatMap((element) => attribute(element, 'id') ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const plots = named('svg').filter((svg) => attribute(svg, 'aria-hidden') !== 'true')
    expect(plots).toHaveLength(3 + 4) // differences; two costs, wide and narrow
    for (const plot of plots) {
      expect(attribute(plot, 'role')).toBe('img')
      const labels = attribute(plot, 'aria-labelledby')!.split(' ')
      expect(labels).toHaveLength(2)
      for (const id of labels) expect(ids).toContain(id)
      const inside = elementsIn(plot).filter(({ tagName }) => tagName === 'title' || tagName === 'desc')
      for (const element of inside) expect(textOf(element).length).toBeGreaterThan(3)
    }
    for (const element of all)
      for (const id of attribute(element, 'aria-labelledby')?.split(' ') ?? []) expect(ids).toContain(id)
  })

  test('the best of a column is marked, and what is said stands in it', () => {
    const rows = elementsIn(named('table')[0]!).filter(({ tagName }) => tagName === 'tr')
    expect(rows).toHaveLength(5)
    for (const [s, system] of four.systems.entries()) {
      const cells = elementsIn(rows[s + 1]!).filter(({ tagName }) => tagName === 'td')
      for (const [m, metric] of four.metrics.entries()) {
        expect(textOf(cells[m]!)).toContain(figuresOf(system, metric).mean.toFixed(4))
        expect(attribute(cells[m]!, 'class')?.includes('best'), metric.name).toBe(isBest(four, system, metric))
      }
    }
    const page = textOf(named('body')[0]!)
    expect(page).toContain(headline(four))
    expect(page).toContain('Two labels name nothing.')
    expect(page).toContain('Not drawn: rerank:lexical+exact (no bytes known).')
    expect(page).toContain('Both of a pair.')
    expect(all.some((element) => attribute(element, 'id') === 'elsewhere')).toBe(true)
  })

  test('one system: nothing is compared', () => {
    const one = toHtml(compare(made([SYSTEMS[0]!], 3)))
    const tags = elements(one)
    expect(tags.filter(({ tagName }) => tagName === 'details')).toEqual([])
    expect(one).not.toContain('Better')
    expect(one).not.toMatch(/NaN|undefined|Infinity/)
  })

  test.each([
    ['equal systems', [0.5, 0.5]],
    ['a system that finds nothing', [0.5, 1e-9]],
  ])('%s: no number that is none', (_, skills) => {
    const got = compare(
      made(
        skills.map((skill, s) => ({ name: `s${s}`, skill, ms: 1, bytes: 1 })),
        4,
      ),
    )
    expect(toHtml(got)).not.toMatch(/NaN|undefined|Infinity/)
    const twin = { ...got, systems: got.systems.map((system) => ({ ...got.systems[0]!, name: system.name })) }
    expect(toHtml(twin)).not.toMatch(/NaN|undefined|Infinity/)
    elements(toHtml(twin))
  })

  test('whatever a text says, it stays text', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.constantFrom(
            '"><img src=x onerror=alert(1)>',
            "'><script>alert(1)</script>",
            '</title></style></svg><b>',
            '<!-- ]]> &lt;',
            '\u0000\u0001',
            '\u{10fffe}\ufdd0',
            '\ud800',
          ),
          fc.string({ unit: 'binary', maxLength: 20 }),
        ),
        (hostile) => {
          const given = made(
            [
              { name: `${hostile}a`, description: hostile, skill: 0.4, ms: 1, bytes: 5 },
              { name: `${hostile}b`, description: hostile, skill: 0.9, ms: 2, bytes: 9 },
            ],
            6,
            () => hostile,
          )
          const stages = { [hostile]: 1 }
          const got = compare({
            ...given,
            dataset: hostile,
            warnings: [hostile],
            runs: given.runs.map((one) => ({ ...one, msPerStage: stages })),
          })
          const table = { title: hostile, columns: [hostile, hostile], rows: [[hostile, hostile]], note: hostile }
          const tags = (html: string) => elements(html).map(({ tagName }) => tagName)
          const html = toHtml(got, {
            facts: [[hostile, hostile]],
            tables: [table],
            sections: [{ title: hostile, html: '' }],
          })
          const count = (tag: string) => tags(html).filter((name) => name === tag).length
          expect(count('script') + count('img') + count('b')).toBe(0)
          expect(count('title')).toBe(1 + 1 + 4 + 8) // the page's, plots', points'
          expect(count('style')).toBe(1)
        },
      ),
      { numRuns: 30 },
    ))
})

function elementsIn(element: Element): Element[] {
  return element.childNodes.flatMap((node) => ('tagName' in node ? [node, ...elementsIn(node)] : []))
}

describe('findings', () => {
  const at = (...ranks: number[]) =>
    Object.fromEntries(
      ranks.map((rank, i) => {
        const ids = Array.from({ length: 12 }, (_, n) => (n + 1 === rank ? 'a' : `x${n}`))
        return [`q${i + 1}`, { first: ids.slice(0, 10), deep: ids, ms: 1 }]
      }),
    )
  const of = (...runs: readonly (readonly [string, readonly number[]])[]): Comparison =>
    compare(small(runs.map(([name, ranks]) => run(name, at(...ranks)))), { metrics: ['mrr@10'] })

  test('the sentence that stands first', () => {
    expect(headline(of(['only', [1, 2, 4]]))).toBe('only reaches MRR@10 0.583 on 3 queries.')
    expect(headline(of(['base', [1, 1, 1]], ['other', [2, 1, 1]]))).toBe(
      'No system has a higher MRR@10 than base: 1.000.',
    )
    expect(headline(of(['base', [2, 2, 2]], ['other', [1, 1, 1]]))).toBe(
      'other has the highest MRR@10, 1.000: 0.500 above base, which chance alone may give (p = 0.250).',
    )
    expect(headline(four)).toMatch(/ above lexical, more than chance would give \(p [=<] 0\.00\d\)\.$/)
  })

  test('where systems differ most, the largest first, with the ranks of the first relevant', () => {
    const got = of(['base', [1, 3, 12]], ['other', [2, 1, 12]])
    const { better, worse } = contrasts(got, got.systems[1]!, 5)
    expect(better).toMatchObject([{ id: 'q2', first: 1 / 3, other: 1, firstRank: 3, otherRank: 1 }])
    expect(worse).toMatchObject([{ id: 'q1', difference: -0.5, firstRank: 1, otherRank: 2 }])
    const many = contrasts(four, four.systems[1]!, 3)
    expect(many.better).toHaveLength(3)
    const sizes = many.better.map(({ difference }) => difference)
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a))
    const most = Math.max(
      ...figuresOf(four.systems[1]!, { name: 'ndcg@10' }).perQuery.map(
        (value, q) => value - figuresOf(four.systems[0]!, { name: 'ndcg@10' }).perQuery[q]!,
      ),
    )
    expect(sizes[0]).toBeCloseTo(most, 12)
    const { firstRank } = contrasts(of(['base', [12, 1, 1]], ['other', [1, 1, 1]]), got.systems[1]!, 1).better[0]!
    expect(firstRank).toBeUndefined()
  })
})

test('numbers', () => {
  expect([signed(0.04691), signed(-0.5), signed(1e-9), signed(-1e-9)]).toEqual([
    '+0.0469',
    '-0.5000',
    '0.0000',
    '0.0000',
  ])
  expect([0.123, 9.99, 12.34, 99.96, 1234.5].map(quantity)).toEqual(['0.12', '9.99', '12.3', '100.0', '1,235'])
  expect(column([0.5, 1, null])).toEqual(['0.5000', '1.0000', '–'])
  expect(column([1380, 0, 'x'])).toEqual(['1,380', '0', 'x'])
  expect(
    [
      [0.5, null],
      ['<0.001', ''],
      ['12/3', '0.11–0.18'],
      ['x1', 2],
      [null, ''],
    ].map(isNumeric),
  ).toEqual([...[true, true, true, false, false]])
  expect(column([12.5, 3, -0.25])).toEqual(['12.5', '3.00', '-0.25'])
})
