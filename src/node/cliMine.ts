/** The command line of `selvage mine`. */
import { type Command, Option } from 'commander'
import { examples, modelOption, numberFrom, wholeNumber, wholeNumberFrom } from './cliOptions.ts'
import { MINE_SOURCES } from './mine.ts'
import { mineCommand } from './mineCommand.ts'

export function addMineCommand(program: Command, onExit: (code: number) => void, signal?: AbortSignal): void {
  program
    .command('mine')
    .description(
      'Find hard negatives for pairs of a query and its answer: what our own search ranks high and is no answer.',
    )
    .argument('<corpus>', 'a folder with corpus.jsonl (.gz too), an index, or documents as build takes them')
    .argument('<pairs...>', 'files of lines {"query", "positive"}, with "title" and "doc" (its id) perhaps; .gz too')
    .requiredOption('-o, --output <file>', 'where the triples go: .jsonl or .jsonl.gz')
    .option('--negatives <n>', 'for each pair', wholeNumber, 4)
    .addOption(
      new Option('--from <how>', 'found by words, by the model, or by both in turn')
        .choices(MINE_SOURCES)
        .default('both' as const),
    )
    .option('--skip <n>', 'first ranks that are left out', wholeNumberFrom(0), 0)
    .option('--depth <n>', 'ranks that are looked at', wholeNumber, 100)
    .option(
      '--margin <share>',
      "a text with more than this share of the positive's score is likely an answer that nobody marked, and left out; 1 keeps all below the positive",
      shareOf,
      0.95,
    )
    .addOption(modelOption())
    .option('--threads <n>', 'passages encoded at a time (default: one for each core and GB of memory)', wholeNumber)
    .option('--cache-dir <dir>', 'where vectors are kept for the next time (default: node_modules/.cache/selvage)')
    .option('--no-cache', 'encode everything anew, and keep nothing')
    .option('--only-mined', 'leave out pairs for which none was found: distillation takes none without', false)
    .option('--force', 'write over a file that is there', false)
    .option('--json', 'print the counts as JSON', false)
    .addHelpText(
      'after',
      examples(
        [
          'selvage mine scifact pairs.jsonl.gz -o triples.jsonl.gz',
          'selvage mine public/search clicks.jsonl -o triples.jsonl --from late --negatives 7 --skip 1',
          'selvage train triples.jsonl.gz --model my-model -o my-model-trained',
        ],
        "Each triple has the model's scores of its texts beside them: of a larger model, a teacher's, for train --loss distillation.",
      ),
    )
    .action(async (corpus, pairs, { cacheDir, cache, ...options }) => {
      const cacheFolder = cache ? cacheDir : false
      onExit(await mineCommand({ corpus, pairs, cacheFolder, ...options }, signal))
    })
}

const shareOf = numberFrom('a number above 0; .95 is usual', (value) => value > 0)
