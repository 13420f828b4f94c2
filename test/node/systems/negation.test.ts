import { cp, readFile, rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeEach, expect, test } from 'vitest'
import { run } from '../../../src/node/cli.ts'
import { commandLine } from '../../support/command.ts'

/** The clinical pairs are real input for the real model: what is said of them must add up, whatever the model makes of them. */
const CLINICAL = fileURLToPath(new URL('../../fixtures/clinical-negation', import.meta.url))

const line = commandLine('selvage-negation-')
const compare = (systems: string, ...more: string[]) =>
  run(['eval', line.at('set'), '--compare', systems, '--no-cache', '--threads', '1', ...more])

beforeEach(() => cp(CLINICAL, line.at('set'), { recursive: true }))

interface Table {
  readonly title: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number | null)[])[]
  readonly note?: string
}

function tablesIn(out: string): readonly Table[] {
  const { tables }: { tables: readonly Table[] } = JSON.parse(out)
  return tables
}

test('a set with pairs has a table of them, their verdicts in a file, and token by token why', async () => {
  expect(await compare('lexical,exact', '--json', '--per-query', line.at('queries.jsonl'))).toBe(0)
  const [overview, ...explained] = tablesIn(line.out)
  expect(overview?.title).toContain('45 pairs')
  const column = (name: string) => overview!.rows.map((row) => row[overview!.columns.indexOf(name)])
  expect(column('system')).toEqual(['lexical', 'exact'])

  const verdicts = (await readFile(line.at('queries.pairs.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((one): { pair: string; systems: Record<string, { verdict: string }> } => JSON.parse(one))
  expect(verdicts.length).toBe(45)
  const count = (system: string, verdict: string) =>
    verdicts.filter(({ systems }) => systems[system]?.verdict === verdict).length
  expect(column('pairs right')).toEqual([count('lexical', 'right') / 45, count('exact', 'right') / 45])
  expect(column('same text')).toEqual([count('lexical', 'same text'), count('exact', 'same text')])

  expect(explained.length).toBeGreaterThan(0)
  for (const { columns, rows, note = '' } of explained) {
    const differences = rows.map((row) => Number(row[columns.indexOf('difference')]))
    const parts = differences.slice(0, -1).reduce((sum, one) => sum + one, 0)
    expect(Math.abs(parts - differences.at(-1)!)).toBeLessThan(0.0005 * rows.length + 1e-9) // each is rounded to three places
    const [, own, other] = /: (-?[\d.]+) against (-?[\d.]+),/.exec(note) ?? []
    expect(Math.abs(Number(own) - Number(other) - differences.at(-1)!)).toBeLessThan(0.0015 + 1e-9)
    // The verdict is that of a ranking, in f16; the scores say the same.
    if (note.includes(', right for exact')) expect(differences.at(-1)).toBeGreaterThan(0)
    else expect(differences.at(-1)).toBeLessThan(0)
  }
})

test('the terminal has the table alone; by words nothing is explained; a set without pairs has no table', async () => {
  expect(await compare('lexical')).toBe(0)
  expect(line.out).toContain('Negation: 45 pairs of texts')
  expect(line.out).not.toContain('where the scores differ')
  line.clear()
  expect(await compare('lexical', '--json')).toBe(0)
  expect(tablesIn(line.out).length).toBe(1)
  line.clear()
  await rm(line.at('set/pairs.jsonl'))
  expect(await compare('lexical', '--json')).toBe(0)
  expect(tablesIn(line.out)).toEqual([])
})

test('a pair of a document that is not there is an error with its line, before anything is ranked', async () => {
  const pairs = await readFile(line.at('set/pairs.jsonl'), 'utf8')
  await line.write('set/pairs.jsonl', pairs.replace('"allergy-1-doc2"', '"allergy-9-doc2"'))
  expect(await compare('lexical')).toBe(1)
  expect(line.err).toMatch(/pairs\.jsonl:6: there is no document "allergy-9-doc2" in corpus\.jsonl\./)
})
