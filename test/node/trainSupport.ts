/** What the tests of `selvage train` share: a tiny model in a folder, pairs that it can learn, and the command as a process. */
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

const FIXTURES = resolve(import.meta.dirname, '../fixtures')

/** The golden model of PyLate's with its weights as PyLate saved them: 2 layers, 48 wide. */
export function writeTinyModel(folder: string): string {
  mkdirSync(dirname(folder), { recursive: true })
  cpSync(join(FIXTURES, 'golden/bert-expansion'), folder, { recursive: true })
  for (const name of ['golden.json', 'scores.json']) rmSync(join(folder, name))
  const weights = join(FIXTURES, 'training/checkpoint')
  for (const name of ['model.safetensors', '1_Dense/model.safetensors']) cpSync(join(weights, name), join(folder, name))
  return folder
}

const THINGS = ['river', 'bridge', 'winter', 'engine', 'garden', 'letter', 'market', 'planet', 'window', 'doctor']
const PLACES = ['north', 'south', 'city', 'village', 'island', 'valley', 'forest', 'harbor']

/** Queries whose answers share a word with them, and a negative that shares another. */
export function triples(count: number): { query: string; positive: string; negative: string }[] {
  return Array.from({ length: count }, (_, i) => {
    const [thing, place] = [THINGS[i % THINGS.length], PLACES[Math.floor(i / THINGS.length) % PLACES.length]]
    const other = THINGS[(i + 3) % THINGS.length]
    return {
      query: `where is the ${thing} of the ${place}, number ${i}`,
      positive: `The ${thing} can be found in the ${place} and has been there for ${i} years.`,
      negative: `The ${other} can be found in the ${place} and nobody has seen it for ${i} years.`,
    }
  })
}

export const asLines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

/** Every file below a folder, by path, as text of bytes. */
export function contentsOf(folder: string): Map<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [relative(folder, path), readFileSync(path, 'latin1')]
    }),
  )
}

export function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}
