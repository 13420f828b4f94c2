/** The command line of `selvage rerank`. */
import { type Command, Option } from 'commander'
import { examples, modelOption, wholeNumber } from './cliOptions.ts'
import { NODE_BACKENDS } from './model.ts'
import { rerankCommand } from './rerankCommand.ts'

export function addRerankCommand(
  program: Command,
  onExit: (code: number) => void,
  signal: AbortSignal | undefined,
): void {
  program
    .command('rerank')
    .description('Rank the lines of standard input by how well they answer a question, with no index.')
    .argument('<query>', 'the question, in quotes')
    .option('-k, --k <n>', 'lines to return (default: all)', wholeNumber)
    .option('--jsonl', 'lines are records with "id" and "text", and a "title" perhaps', false)
    .option(
      '--explain',
      'say of each which of its words matched, and which of the question nothing came near to',
      false,
    )
    .option('--json', 'print JSON', false)
    .addOption(
      new Option('--encoder <name>', "node (default), fast and in f32; or wasm, a page's runtime and vectors").choices(
        NODE_BACKENDS,
      ),
    )
    .addOption(modelOption())
    .option('--threads <n>', 'passages encoded at a time (default: one for each core and GB of memory)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        [
          'grep -rhi cancel docs | selvage rerank "how do I cancel a request" -k 5',
          'selvage rerank "heart disease" --jsonl --explain < corpus.jsonl',
        ],
        'Each line that comes back has its score, a tab, and the line; records have their id between. Blank lines are left out.',
      ),
    )
    .action(async (query, options) => onExit(await rerankCommand({ query, ...options }, process.stdin, signal)))
}
