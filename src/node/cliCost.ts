/** What `selvage cost` is told on the command line. What it does with it is costCommand.ts's business. */
import { type Command, InvalidArgumentError } from 'commander'
import { examples, wholeNumber } from './cliOptions.ts'
import { COST_DEFAULTS, costCommand } from './costCommand.ts'

export function addCostCommand(program: Command, onExit: (code: number) => void): void {
  const { passages, tokens, dim, biEncoderDim } = COST_DEFAULTS
  program
    .command('cost')
    .description('Say what vectors take, of each kind: for so many passages, or for those of an index.')
    .argument('[index]', 'an index, folder or http(s) address: measured, beside what is computed')
    .option('--passages <n>', `how many (default: ${passages})`, wholeNumber)
    .option('--tokens <n>', `tokens of a passage, in the mean (default: ${tokens})`, atLeastOne)
    .option('--dim <n>', `dimensions of a token's vector (default: ${dim}, as the model that ships has)`, wholeNumber)
    .option('--bi-encoder-dim <n>', 'dimensions of the one vector a passage to compare with', wholeNumber, biEncoderDim)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      examples([
        'selvage cost --passages 50000 --tokens 120',
        'selvage cost --dim 128 --bi-encoder-dim 768',
        'selvage cost public/search',
      ]),
    )
    .action(async (index, options) => onExit(await costCommand({ index, ...options })))
}

/** Means need not be whole. */
function atLeastOne(value: string): number {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  if (!(number >= 1 && Number.isFinite(number))) throw new InvalidArgumentError('It must be a number from 1 on.')
  return number
}
