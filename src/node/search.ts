/** `selvage search`: one question, answered on the command line. */
import { EXIT } from './exit.ts'
import { openFolder } from './open.ts'
import { seconds } from './progress.ts'

export interface SearchCommandOptions {
  readonly dir: string
  readonly query: string
  readonly k: number
  readonly json: boolean
  readonly model: string
}

export async function searchCommand({ dir, query, k, json, model }: SearchCommandOptions): Promise<number> {
  const index = await openFolder(dir, { model })
  try {
    const result = await index.search(query, k)
    if (json) {
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
      return EXIT.ok
    }
    const lines = result.hits.flatMap(({ score, headings, url, passage }, i) => [
      `${String(i + 1).padStart(2)}. ${headings.join(' > ')}  (${score.toFixed(2)})`,
      `    ${url}`,
      ...indented(passage.text.slice(passage.excerpt.start, passage.excerpt.end)),
      '',
    ])
    process.stdout.write(lines.length > 0 ? `${lines.join('\n')}\n` : 'No hits.\n')
    const total = Object.values(result.elapsedMs).reduce((sum, ms) => sum + ms, 0)
    const steps = `${seconds(result.elapsedMs.encode)} of it encoding the query`
    process.stderr.write(`${seconds(total)}, ${steps}; scores by ${result.scorer}\n`)
    return EXIT.ok
  } finally {
    await index.close()
  }
}

function indented(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => `    ${line}`)
}
