/** `selvage search`: one question, answered on the command line. */
import type { ReadWord } from '../lexical/search.ts'
import type { FacetCounts, Fusion, Hit, QueryOptions, RankTrace, SearchMode } from '../types.ts'
import { EXIT } from './exit.ts'
import { type FolderSearchResult, openFolder } from './open.ts'
import { seconds } from './progress.ts'

export interface SearchCommandOptions {
  readonly dir: string
  readonly query: string
  readonly k: number
  readonly json: boolean
  readonly model: string
  readonly mode?: SearchMode
  readonly fusion: Fusion
  /** "name=value", alternatives by saying a name twice. */
  readonly filter?: readonly string[]
  /** "name" or "-name". */
  readonly sort?: string
  /** Infinity for all. */
  readonly candidates?: number
  readonly pages: boolean
  readonly explain: boolean
}

export async function searchCommand({ dir, query, json, model, ...given }: SearchCommandOptions): Promise<number> {
  const index = await openFolder(dir, { model })
  try {
    const result = await index.search(query, optionsOf(given))
    if (json) {
      process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
      return EXIT.ok
    }
    const lines = result.hits.flatMap((hit, i) =>
      hitLines(hit, `${String(i + 1).padStart(2)}. `, given.explain ? result.mode : undefined),
    )
    process.stdout.write(lines.length > 0 ? `${lines.join('\n')}\n` : 'No hits.\n')
    if (result.counts) process.stdout.write(`${countLines(result.counts).join('\n')}\n`)
    if (given.explain) process.stdout.write(`${result.words.flatMap(wordLines).join('\n')}\n`)
    process.stderr.write(`${timeLine(result)}\n`)
    return EXIT.ok
  } finally {
    await index.close()
  }
}

type Given = Pick<SearchCommandOptions, 'k' | 'mode' | 'fusion' | 'filter' | 'sort' | 'candidates' | 'pages'>

function optionsOf({ k, mode, fusion, filter = [], sort, candidates, pages }: Given): QueryOptions {
  const filters: Record<string, string[]> = {}
  for (const one of filter) {
    const at = one.indexOf('=')
    const name = one.slice(0, at)
    filters[name] = [...(filters[name] ?? []), one.slice(at + 1)]
  }
  const isDescending = sort?.startsWith('-') === true
  return {
    k,
    fusion,
    filters,
    ...(mode && { mode }),
    ...(candidates !== undefined && { candidates }),
    ...(sort && { sort: { by: isDescending ? sort.slice(1) : sort, descending: isDescending } }),
    ...(pages && { groupBy: 'page' as const }),
    ...(filter.length > 0 && { counts: true }),
  }
}

/** @param explained the mode of a search that is explained */
function hitLines(hit: Hit, mark: string, explained: SearchMode | undefined): string[] {
  const { score, headings, url, passage, ranking, more } = hit
  const margin = ' '.repeat(mark.length)
  return [
    `${mark}${headings.join(' > ')}  (${score.toFixed(2)})`,
    `${margin}${url}`,
    ...(explained ? [`${margin}${traceOf(ranking, explained)}`] : []),
    ...indented(passage.text.slice(passage.excerpt.start, passage.excerpt.end), margin),
    '',
    ...more.flatMap((further) => hitLines(further, `${margin}- `, explained)),
  ]
}

/** "meaning: 3rd of its list, 14.21, gives .55 · words: ..." */
function traceOf({ semantic, keyword, bonus }: RankTrace, mode: SearchMode): string {
  const part = (name: string, trace: RankTrace['semantic'], without: SearchMode) =>
    trace
      ? `${name}: place ${trace.rank}, score ${trace.score.toFixed(2)}, counts ${trace.contribution.toFixed(3)}`
      : `${name}: ${mode === without ? 'not asked' : 'nothing'}`
  const exact =
    bonus &&
    `heading is ${bonus.kind === 'title' ? 'the query' : 'an identifier of it'}: counts ${bonus.contribution.toFixed(3)}`
  return [part('meaning', semantic, 'keyword'), part('words', keyword, 'semantic'), exact].filter(Boolean).join(' · ')
}

function wordLines({ word, terms, passages, idf }: ReadWord): string[] {
  if (idf === 0) return [`"${word}": too common to tell passages apart`]
  const meant = terms
    .slice(0, 6)
    .map(({ term, how, weight }) => (how === 'exact' ? term : `${term} (${how}, ${weight.toFixed(2)})`))
  const others = terms.length > 6 ? ` and ${terms.length - 6} more` : ''
  const read = terms.length === 0 ? 'not in the index' : `read as ${meant.join(', ')}${others}`
  return [`"${word}": ${read}; in ${passages} passage${passages === 1 ? '' : 's'}, worth ${idf.toFixed(2)}`]
}

function countLines(counts: FacetCounts): string[] {
  return Object.entries(counts).map(([name, values]) => {
    const found = Object.entries(values).filter(([, count]) => count > 0)
    return `${name}: ${found.map(([value, count]) => `${value} (${count})`).join(', ') || 'none'}`
  })
}

function timeLine({ elapsedMs, scorer, mode, work }: FolderSearchResult): string {
  const total = Object.values(elapsedMs).reduce((sum, ms) => sum + ms, 0)
  const encode = elapsedMs.encode > 0 ? `, ${seconds(elapsedMs.encode)} of it encoding the query` : ''
  const scored = work?.candidates === undefined ? '' : `, ${work.candidates} passages in full`
  return `${mode}: ${seconds(total)}${encode}${scorer ? `; scores by ${scorer}${scored}` : ''}`
}

function indented(text: string, margin: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => margin + line)
}
