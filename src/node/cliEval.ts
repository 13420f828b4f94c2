/**
 * What `selvage eval` is told. Three things stand behind it: systems side by side (`--compare`), an index as it is (`--index`),
 * and one way of ranking with its steps (`--mode`); which of them is meant is found out here, and nothing else.
 */
import { type Command, Option } from 'commander'
import { SelvageError } from '../errors.ts'
import { SEARCH_MODES } from '../types.ts'
import { orList } from '../util.ts'
import {
  bitsOption,
  candidatesOption,
  clusteringOption,
  examples,
  modelOption,
  poolOption,
  wholeNumber,
  wholeNumberFrom,
} from './cliOptions.ts'
import { evalCommand } from './evaluate.ts'
import { evalIndexCommand } from './evaluateIndex.ts'
import { NODE_BACKENDS } from './model.ts'
import { compareCommand } from './systems/command.ts'

/** What an index that is there has been given already. */
const BUILD_OPTIONS = ['bits', 'pool', 'clustering', 'centroids', 'seed', 'threads']

/** What eval makes of a set by itself. */
const EVAL_MODES = ['plaid', 'exact', 'both', 'hybrid'] as const

/** What is compared where only the report of a comparison was asked for. */
const ALONE = 'plaid'

const SYSTEMS_HELP = `Systems of --compare, with commas between them; settings stand behind a colon:
  lexical                       by words
  exact                         float MaxSim over every token's vector
  plaid:bits=2,pool=2           the index of "build": bits, pool, candidates, centroids, clustering, seed
  hybrid:fusion=rrf             both joined: fusion (scores or rrf), and what plaid takes
  bi-encoder:model=<dir>        one vector a document, any sentence-transformers model as ONNX: model, graph
  cross-encoder:model=<dir>     query and document read together, any sequence classifier as ONNX: model, graph
  rerank:lexical+exact,depth=50 the first one's best in the order of the second: depth (100)
The first is what the others are tested against. bi-encoder and cross-encoder need: npm install @huggingface/transformers`

export function addEvalCommand(program: Command, onExit: (code: number) => void, signal?: AbortSignal): void {
  program
    .command('eval')
    .description(
      'Measure retrieval on a labelled set in BEIR layout (corpus.jsonl, queries.jsonl, qrels.tsv or qrels/test.tsv; .gz too).',
    )
    .argument('<folder>', 'the labelled set')
    .option('--qrels <file>', 'judgements (default: those in the folder); labels may name pages of sections')
    .option('--limit <n>', 'use the first n queries only', wholeNumber)
    .option('--json', 'print JSON', false)
    .optionsGroup('Systems side by side:')
    .addOption(
      new Option('--compare <systems>', 'rank with each of these and compare them; see below').conflicts([
        'index',
        'mode',
      ]),
    )
    .option('--metrics <names>', 'ndcg, mrr, recall, map or success, each with its depth: ndcg@10,success@5')
    .option('--report <file>', 'also write a page with tables and plots')
    .option('--per-query <file>', 'also write a line of JSON for each query and system')
    .option('--bi-encoder <dir>', 'folder of the model of bi-encoder')
    .option('--cross-encoder <dir>', 'folder of the model of cross-encoder')
    .option('--cache-dir <dir>', 'where vectors are kept for the next time (default: node_modules/.cache/selvage)')
    .option('--no-cache', 'encode everything anew, and keep nothing')
    .optionsGroup('An index as it is, or one way of ranking:')
    .addOption(
      new Option('--index <dir>', 'measure this index as it is, by the search of a page').conflicts(BUILD_OPTIONS),
    )
    .addOption(
      new Option(
        '--mode <mode>',
        'plaid (default): vectors of the index that build writes; exact: float MaxSim over all vectors; both: and how far they agree; hybrid: vectors, words, and both joined. With --index: semantic (default), keyword or hybrid',
      ).choices([...EVAL_MODES, 'semantic', 'keyword'] as const),
    )
    .addOption(
      new Option(
        '--encoder <name>',
        'with --index: node, fast and in f32; or wasm, the runtime and the graph of a page, with its vectors',
      ).choices(NODE_BACKENDS),
    )
    .option('--no-deep', 'with --index: without recall@100, which takes a long search of its own for each query')
    .optionsGroup('How vectors are made and searched:')
    .addOption(candidatesOption())
    .addOption(bitsOption())
    .addOption(poolOption())
    .addOption(clusteringOption())
    .option('--centroids <n>', 'number of centroids (default: by the number of tokens)', wholeNumber)
    .option('--seed <n>', 'another one gives another index, as good, and other draws for tests', wholeNumberFrom(0), 42)
    .addOption(modelOption())
    .option('--threads <n>', 'passages encoded at a time (default: one for each core and GB of memory)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        [
          'selvage eval scifact',
          'selvage eval scifact --compare lexical,exact,plaid,hybrid --report scifact.html',
          'selvage eval scifact --compare exact,plaid:bits=4,plaid:pool=2 --metrics ndcg@10,recall@100',
          'selvage eval scifact --compare lexical,bi-encoder,rerank:lexical+exact --bi-encoder all-MiniLM-L6-v2',
          'selvage build scifact/corpus.jsonl -o scifact-index && selvage eval scifact --index scifact-index --mode hybrid',
        ],
        SYSTEMS_HELP,
      ),
    )
    .action(async (folder, { index, mode, bits, pool, clustering, centroids, seed, encoder, deep, ...options }) => {
      const { compare, metrics, report, perQuery, biEncoder, crossEncoder, cacheDir, cache, ...common } = options
      const plaid = { bits, pool, clustering, centroids, seed }
      const isCompared = [compare, metrics, report, perQuery].some((given) => given !== undefined)
      if (encoder !== undefined && index === undefined)
        throw misplaced('--encoder is for --index; without it onnxruntime-node encodes.')
      if (!deep && index === undefined) throw misplaced('--no-deep is for --index; without it all is ranked at once.')
      if (isCompared) {
        if (index !== undefined || mode !== undefined)
          throw misplaced(
            `--metrics, --report and --per-query are of --compare, and ${index === undefined ? '--mode' : '--index'} is something else. Leave one out.`,
          )
        if (cacheDir !== undefined && !cache) throw misplaced('--cache-dir and --no-cache were both given.')
        const { candidates, ...rest } = common
        const defaults = { plaid, candidates, biEncoder, crossEncoder }
        const cacheFolder = cache ? cacheDir : false
        const asked = { folder, systems: compare ?? ALONE, defaults, metrics, report, perQuery, cacheFolder, seed }
        return onExit(await compareCommand({ ...asked, ...rest }, signal))
      }
      const stray = Object.entries({ biEncoder, crossEncoder, cacheDir }).find(([, given]) => given !== undefined)
      if (stray || !cache)
        throw misplaced(`${stray ? flagOf(stray[0]) : '--no-cache'} is for --compare. Say --compare <systems>.`)
      if (index !== undefined) {
        const { threads: _, ...rest } = common
        const wanted = oneOfModes(mode ?? 'semantic', SEARCH_MODES, 'With --index')
        const asked = { folder, index, mode: wanted, isDeep: deep, ...(encoder && { encoder }) }
        return onExit(await evalIndexCommand({ ...asked, ...rest }))
      }
      const wanted = oneOfModes(mode ?? 'plaid', EVAL_MODES, 'Without --index')
      onExit(await evalCommand({ folder, mode: wanted, plaid, ...common }))
    })
}

function misplaced(what: string): SelvageError {
  return new SelvageError('invalid-argument', `eval: ${what}`)
}

/** biEncoder -> --bi-encoder */
function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

function oneOfModes<const Mode extends string>(given: string, allowed: readonly Mode[], when: string): Mode {
  const mode = allowed.find((one) => one === given)
  if (mode !== undefined) return mode
  throw misplaced(`--mode is "${given}". ${when} it is ${orList(allowed)}.`)
}
