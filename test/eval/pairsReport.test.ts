import { expect, test } from 'vitest'
import type { ContrastPair } from '../../src/eval/pairs.ts'
import { pairLines, pairsOfRuns, pairsTable } from '../../src/eval/pairsReport.ts'

const pair = (id: string): ContrastPair => ({ id, q1: `${id}q1`, q2: `${id}q2`, doc1: `${id}d1`, doc2: `${id}d2` })
const PAIRS = ['a', 'b', 'c'].map(pair)

/** A run that answers each question with the documents given. */
function run(name: string, rankings: Readonly<Record<string, readonly string[]>>) {
  const queries = Object.entries(rankings).map(([id, deep]) => [id, { first: [], deep, ms: 1 }] as const)
  return { name, queries: new Map(queries) }
}

const deaf = run('deaf', {
  aq1: ['ad1', 'ad2'],
  aq2: ['ad1', 'ad2'],
  bq1: ['bd2', 'bd1'],
  bq2: ['bd1', 'bd2'],
  cq1: ['x'],
  cq2: ['cd2'],
})
const hearing = run('hearing', {
  aq1: ['ad1', 'ad2'],
  aq2: ['x', 'ad2', 'ad1'],
  bq1: ['bd1', 'bd2'],
  bq2: ['bd2'],
  cq1: ['cd1'],
  cq2: ['cd1'],
})

test('a row for each system, and what it won against the first', () => {
  const { title, columns, rows, note } = pairsTable(pairsOfRuns(PAIRS, [deaf, hearing]), ['deaf', 'hearing'])
  expect(title).toContain('3 pairs')
  expect(rows.every((row) => row.length === columns.length)).toBe(true)
  const cell = (row: number, column: string) => rows[row]?.[columns.indexOf(column)]
  expect(
    ['pairs right', 'questions right', 'same text', 'both wrong', 'undecided'].map((name) => cell(0, name)),
  ).toEqual([0, 2 / 6, 1, 1, 1])
  expect(['pairs right', 'questions right', 'same text', 'won/lost', 'p'].map((name) => cell(1, name))).toEqual([
    2 / 3,
    5 / 6,
    1,
    '2/0',
    '0.500', // two of two: 2 / 2^2
  ])
  expect(cell(0, '95 %')).toBe('0.000–0.561') // of 0 in 3 by Wilson: z² / (3 + z²)
  expect(cell(0, 'won/lost')).toBe('')
  expect(note).not.toContain('Left out')
})

test('pairs of questions that were not asked are left out, and said to be', () => {
  const short = run('short', { aq1: ['ad1'], aq2: ['ad2'], bq1: ['bd1'] })
  const pairs = pairsOfRuns(PAIRS, [short])
  expect(pairs.asked.map(({ id }) => id)).toEqual(['a'])
  expect(pairsTable(pairs, ['short'], PAIRS.length).note).toContain('Left out are 2 pairs')
  expect(() => pairsOfRuns(PAIRS, [run('none', { aq1: ['ad1'] })])).toThrow('Of 3 pairs none has both its questions')
})

test('a line for each pair', () => {
  const lines = pairLines(pairsOfRuns(PAIRS, [deaf, hearing]), ['deaf', 'hearing'])
  expect(lines.endsWith('}\n')).toBe(true)
  expect(
    lines
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([
    {
      pair: 'a',
      systems: {
        deaf: { verdict: 'same text', q1: 'own', q2: 'other' },
        hearing: { verdict: 'right', q1: 'own', q2: 'own' },
      },
    },
    {
      pair: 'b',
      systems: {
        deaf: { verdict: 'both wrong', q1: 'other', q2: 'other' },
        hearing: { verdict: 'right', q1: 'own', q2: 'own' },
      },
    },
    {
      pair: 'c',
      systems: {
        deaf: { verdict: 'undecided', q1: 'neither found', q2: 'own' },
        hearing: { verdict: 'same text', q1: 'own', q2: 'other' },
      },
    },
  ])
})
