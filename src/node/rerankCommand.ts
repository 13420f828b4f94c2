/** `selvage rerank`: the lines of standard input, that which answers best first. */
import { SelvageError } from '../errors.ts'
import type { Reranked } from '../rankTypes.ts'
import { decodeText } from '../text/decode.ts'
import { parseRecordLine } from '../text/parse/index.ts'
import { EXIT } from './exit.ts'
import { interruptible } from './interrupt.ts'
import type { NodeBackend } from './model.ts'
import { progressDisplay, seconds } from './progress.ts'
import { openReranker, type Reranker } from './rerank.ts'

export interface RerankCommandOptions {
  readonly query: string
  /** Default: all. */
  readonly k?: number
  /** Lines are records with `id` and `text`, and a `title` perhaps. */
  readonly jsonl: boolean
  readonly json: boolean
  readonly explain: boolean
  readonly model: string
  readonly threads?: number
  readonly encoder?: NodeBackend
}

interface Passage {
  readonly text: string
  readonly title?: string
  readonly id?: string
}

/** Standard input, or what a test has in its place. */
type Input = AsyncIterable<unknown> & Partial<Pick<NodeJS.ReadStream, 'isTTY'>>

export async function rerankCommand(
  options: RerankCommandOptions,
  input: Input = process.stdin,
  outer?: AbortSignal,
): Promise<number> {
  const passages = await readPassages(input, options.jsonl)
  const progress = progressDisplay()
  const { onProgress } = progress
  const { query, k, explain, model, threads, encoder } = options
  const reranker = await openReranker({ model, ...(threads && { threads }), ...(encoder && { encoder }), onProgress })
  try {
    const result = await interruptible(
      (signal) => reranker.rerank(query, passages, { explain, signal, onProgress, ...(k !== undefined && { k }) }),
      outer,
    )
    progress.done()
    const hits = result.hits.map((hit) => ({ ...hit, ...passages[hit.index]! }))
    const shown = options.json
      ? [JSON.stringify({ ...result, hits }, null, 2)]
      : hits.flatMap((hit) => linesOf(hit, query))
    if (shown.length > 0) process.stdout.write(`${shown.join('\n')}\n`)
    const ranked = passages.filter(({ text, title = '' }) => (title + text).trim() !== '').length
    process.stderr.write(`${ranked} passage${ranked === 1 ? '' : 's'}: ${timesOf(result)}\n`)
    const cut = hits.filter(({ isCut }) => isCut).length
    const limit = reranker.model.documentLength
    if (cut > 0)
      process.stderr.write(
        `${cut} of those shown ${cut === 1 ? 'is' : 'are'} longer than the ${limit} tokens that the model reads: the rest did not count.\n`,
      )
    return EXIT.ok
  } catch (error) {
    progress.done()
    if (!(error instanceof SelvageError && error.code === 'aborted')) throw error
    process.stderr.write('Stopped; nothing was ranked.\n')
    return EXIT.interrupted
  } finally {
    await reranker.close()
  }
}

/** Errors: `invalid-argument` where nobody gives anything; `unreadable-document` for what is not text, or no record. */
async function readPassages(input: Input, isRecords: boolean): Promise<Passage[]> {
  if (input.isTTY)
    throw new SelvageError(
      'invalid-argument',
      'rerank: it ranks the lines of standard input, and that is a terminal. Say: grep -rh cancel docs | selvage rerank "how do I cancel"',
    )
  const chunks: Uint8Array[] = []
  for await (const chunk of input) chunks.push(chunk instanceof Uint8Array ? chunk : Buffer.from(String(chunk)))
  const lines = decodeText(Buffer.concat(chunks), 'standard input').split(/\r?\n/)
  if (!isRecords) return lines.map((text) => ({ text }))
  return lines.flatMap((line, i): Passage[] => {
    if (line.trim() === '') return []
    const { id, text, title } = parseRecordLine(line, `standard input:${i + 1}`)
    return [{ id, text, ...(title !== undefined && { title }) }]
  })
}

type Shown = Reranked & Passage

/** "14.21<tab>the line", with the record's id before its text; what matched on a line of its own, which begins with a tab. */
function linesOf({ score, id, title, text, explanation }: Shown, query: string): string[] {
  const whole = title === undefined ? text : `${title}: ${text}`
  const line = [score.toFixed(3), ...(id === undefined ? [] : [id]), whole.replace(/\s*[\t\r\n]+\s*/g, ' ')].join('\t')
  return explanation ? [line, `\t${wordsOf(text, query, explanation)}`] : [line]
}

/** Words shown at most: a long text has many that match somewhat. */
const MOST_WORDS = 8

function wordsOf(text: string, query: string, { matches, queryWords }: NonNullable<Reranked['explanation']>): string {
  const strongest = new Map<string, number>()
  for (const { start, end, strength } of [...matches].sort((a, b) => b.strength - a.strength)) {
    const word = text.slice(start, end)
    if (!strongest.has(word)) strongest.set(word, strength)
  }
  const found = [...strongest].slice(0, MOST_WORDS).map(([word, strength]) => `${word} ${strength.toFixed(2)}`)
  const weak = queryWords.filter(({ isWeak }) => isWeak).map(({ start, end }) => query.slice(start, end))
  const missing = weak.length > 0 ? ` · nothing near: ${weak.join(', ')}` : ''
  return `matched: ${found.join(', ') || 'no word'}${missing}`
}

function timesOf({ elapsedMs: { total, encode }, scorer }: Awaited<ReturnType<Reranker['rerank']>>): string {
  return `${seconds(total)}, ${seconds(encode)} of it encoding${scorer ? `; scores by ${scorer}` : ''}`
}
