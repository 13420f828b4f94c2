/** The command line of `selvage train`. What the trainer's options may be the trainer checks; here a number is a number. */
import { type Command, Option } from 'commander'
import type { TrainOptions } from '../training/options.ts'
import { examples, modelOption, numberFrom, wholeNumber, wholeNumberFrom } from './cliOptions.ts'

export function addTrainCommand(program: Command, onExit: (code: number) => void, signal?: AbortSignal): void {
  program
    .command('train')
    .description(
      'Fine-tune a late-interaction model on pairs or triples: a model for your own documents and questions.',
    )
    .argument(
      '<data...>',
      'files of lines {"query", "positive", "negative"}, with "title" and "scores" perhaps; .gz too',
    )
    .addOption(modelOption())
    .requiredOption('-o, --output <dir>', 'where the model goes: an empty or new folder')
    .addOption(
      new Option('--resume', 'go on with the run that is in the output folder, with the same data and options')
        .default(false)
        .conflicts('force'),
    )
    .option('--force', 'begin anew in a folder that is not empty', false)
    .option('--json', 'print the report as JSON', false)
    .optionsGroup('What is learned:')
    .addOption(
      new Option(
        '--loss <name>',
        "contrastive (default): the positive before all other texts of its batch; distillation: a teacher's scores",
      ).choices(['contrastive', 'distillation'] as const),
    )
    .option('--temperature <n>', 'what scores are divided by in the contrastive loss (default: 1)', positive)
    .option('--query-tokens <n>', "tokens of a query (default: the model's)", wholeNumber)
    .option('--document-tokens <n>', "tokens of a document; fewer are faster (default: the model's)", wholeNumber)
    .option('--dim <n>', 'width of the vectors of a model that has no projection yet (default: 96)', wholeNumber)
    .option(
      '--query-padding',
      'pad queries with [MASK], whose vectors are scored too, as PyLate does (default: as the model has it; not, where it has no projection yet)',
    )
    .option('--no-query-padding', 'score the words of queries alone')
    .optionsGroup('How:')
    .option('--batch-size <n>', 'examples of a batch: the others are negatives too (default: 16)', wholeNumber)
    .option('--accumulate <n>', 'batches of a step (default: 1)', wholeNumber)
    .option('--epochs <n>', 'times that each example is seen (default: 1)', wholeNumber)
    .option(
      '--learning-rate <n>',
      'of the encoder, at its highest (default: 3e-6, for a model that is trained already)',
      positive,
    )
    .option('--projection-rate <n>', 'of the projection (default: ten times the other)', positive)
    .option('--warmup <share>', 'of the steps, in which the rate rises (default: 0.1)', share)
    .option('--weight-decay <n>', '(default: 0.01)', notNegative)
    .option('--clip-norm <n>', 'length to which a longer gradient is cut (default: 1)', positive)
    .option(
      '--keep-start <share>',
      'of the weights that it began with in those it ends with: less is learned, less forgotten (default: 0)',
      share,
    )
    .option('--threads <n>', 'that work on a batch (default: one for each core, at most 8)', wholeNumber)
    .option('--seed <n>', 'of the order, of what is held out, and of a new projection (default: 0)', wholeNumberFrom(0))
    .optionsGroup('How long, and how good:')
    .option('--limit <n>', 'train on so many of the examples, drawn by the seed (default: all)', wholeNumber)
    .option('--minutes <n>', 'stop after so long, and make a model of what is there', notNegative)
    .option('--checkpoint-every <n>', 'steps between two checkpoints', wholeNumber, 50)
    .option(
      '--held-out <share|file>',
      'examples kept apart to measure by: a share of them (default: 0.05, at most 200), or a file of its own',
    )
    .option('--evaluate-every <n>', 'steps between two measurements (default: three in a run)', wholeNumber)
    .addHelpText(
      'after',
      examples(
        [
          'selvage mine docs pairs.jsonl.gz -o triples.jsonl.gz',
          'selvage train triples.jsonl.gz -o my-model --minutes 40',
          'selvage train triples.jsonl.gz -o my-model --resume',
          'selvage build docs --model my-model -o public/search',
        ],
        'Ctrl-C ends after the step at hand and leaves a checkpoint: --resume goes on from it, bit for bit as if it had not ended.',
      ),
    )
    .action(async (data, options) => {
      const { loss, temperature, queryTokens, documentTokens, batchSize, accumulate, epochs, ...others } = options
      const { learningRate, projectionRate, warmup, weightDecay, clipNorm, keepStart, seed, ...run } = others
      const learned = { loss, temperature, queryTokens, documentTokens, batchSize, accumulate, epochs }
      const rates = { learningRate, projectionRate, warmupShare: warmup, weightDecay, clipNorm, keepStart }
      const train = { ...learned, ...rates, seed }
      const { trainCommand } = await import('./trainCommand.ts') // gradients are not loaded to search
      onExit(await trainCommand({ data, train: definite(train), ...run }, signal))
    })
}

const positive = numberFrom('a number above 0', (value) => value > 0 && value < Infinity)
const notNegative = numberFrom('a number from 0 on', (value) => value >= 0 && value < Infinity)
const share = numberFrom('a number from 0 to 1', (value) => value >= 0 && value <= 1)

/** Without those that were not given: a run that is resumed has its own. */
function definite(options: { readonly [Name in keyof TrainOptions]: TrainOptions[Name] | undefined }): TrainOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}
