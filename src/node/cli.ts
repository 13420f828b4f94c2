/**
 * Arguments to commands: what can be said on the command line, in words, and the one place where an error becomes a line
 * for a person and an exit code. The commands themselves are ordinary functions beside this file.
 */
import { Command, CommanderError, Option } from 'commander'
import { asSelvageError } from '../errors.ts'
import { FUSIONS, SEARCH_MODES } from '../types.ts'
import { addBuildCommand } from './cliBuild.ts'
import { addCostCommand } from './cliCost.ts'
import { addEvalCommand } from './cliEval.ts'
import { addMineCommand } from './cliMine.ts'
import { candidatesOption, examples, modelOption, nameAndValue, wholeNumber, wholeNumberFrom } from './cliOptions.ts'
import { addRerankCommand } from './cliRerank.ts'
import { addTrainCommand } from './cliTrain.ts'
import { exportCommand, importCommand } from './exchange.ts'
import { EXIT } from './exit.ts'
import { inspectCommand } from './inspect.ts'
import { modelCommand } from './model.ts'
import { searchCommand } from './search.ts'
import { serveCommand } from './serve.ts'
import { verifyCommand } from './verify.ts'
import { VERSION } from './version.ts'

/**
 * Runs one command line. Results go to standard output, progress and errors to standard error.
 * @param signal ends a command that runs long, as Ctrl-C does
 */
export async function run(args: readonly string[], signal?: AbortSignal): Promise<number> {
  let exit: number = EXIT.ok
  const program = commands((code) => {
    exit = code
  }, signal)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode
    const error = asSelvageError(thrown)
    process.stderr.write(`selvage: ${error.message}\n`)
    if (error.code === 'internal' && error.stack) process.stderr.write(`${error.stack}\n`)
    return EXIT.failed
  }
}

function commands(onExit: (code: number) => void, signal: AbortSignal | undefined): Command {
  const program = new Command('selvage')
    .description(
      'Search by meaning with a late-interaction (ColBERT) model: build an index here, search it here or in a browser tab.',
    )
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError('(run with --help for all options)')
    .addHelpText(
      'after',
      examples(
        [
          'selvage build docs -o public/search --base-url https://example.org',
          'selvage search public/search "how do I cancel a request" -k 5',
          'selvage serve public/search --open',
          'selvage build --help',
        ],
        'Exit codes: 0 all done, 1 failed, 2 done but some files were left out (each is named), 130 ended by Ctrl-C.',
      ),
    )
    .commandsGroup('Make and search an index:')

  addBuildCommand(program, onExit, signal)

  program
    .command('search')
    .description('Answer a question from an index.')
    .argument('<dir>', 'the index: what build wrote to -o')
    .argument('<query>', 'the question, in quotes')
    .option('-k <n>', 'sections to return', wholeNumber, 10)
    .addOption(new Option('--mode <mode>', 'by meaning, by words, or both (default: both)').choices(SEARCH_MODES))
    .option('--filter <name=value>', 'only pages that have it; one name given twice means either value', nameAndValue)
    .option('--sort <key>', 'order by a sort key; -key for the largest or latest first')
    .addOption(candidatesOption())
    .option('--pages', 'answer with pages, each with its best sections', false)
    .option('--explain', 'say why each hit stands where it does, and what became of each word', false)
    .addOption(
      new Option('--fusion <how>', 'how both rankings are joined: by their scores, or by ranks (RRF)')
        .choices(FUSIONS)
        .default('scores' as const),
    )
    .option('--json', 'print JSON', false)
    .addOption(modelOption())
    .addHelpText(
      'after',
      examples([
        'selvage search public/search "how do I cancel a request" -k 5',
        'selvage search public/search "proxies" --json',
      ]),
    )
    .action(async (dir, query, options) => onExit(await searchCommand({ dir, query, ...options })))

  addRerankCommand(program, onExit, signal)

  program
    .command('serve')
    .description('Serve an index with a page to try it on, or a site as it is, on this machine.')
    .argument('<dir>', 'an index, or a folder with .html files')
    .option('--port <n>', 'port; where it is in use, the next free one', wholeNumberFrom(0), 4180)
    .option('--host <name>', 'name or address to listen at; 0.0.0.0 is for all machines', 'localhost')
    .option('--open', 'show the page in the browser', false)
    .addOption(modelOption())
    .addHelpText(
      'after',
      examples(
        ['selvage serve public/search --open', 'selvage serve dist --port 8080'],
        'An index of another model than the one that ships needs --model. For a site online any static host will do.',
      ),
    )
    .action(async (dir, options) => onExit(await serveCommand({ dir, ...options }, signal)))

  program.commandsGroup('Look into an index:')
  program
    .command('inspect')
    .description('Show what an index holds, or one of its passages or pages.')
    .argument('<dir>', 'the index: a folder or an http(s) address')
    .addOption(new Option('--passage <n>', 'show this passage').argParser(wholeNumberFrom(0)).conflicts('page'))
    .option('--page <url>', 'show the sections and passages of the page with this url')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      examples([
        'selvage inspect public/search',
        'selvage inspect https://example.org/search/ --json',
        'selvage inspect public/search --page /guide/install.html',
      ]),
    )
    .action(async (dir, options) => onExit(await inspectCommand({ dir, ...options })))

  program
    .command('verify')
    .description('Check that an index is whole: sizes and hashes of all files, every text, every vector.')
    .argument('<dir>', 'the index: a folder or an http(s) address')
    .addHelpText(
      'after',
      examples(
        ['selvage verify public/search', 'selvage verify https://example.org/search/'],
        'Exit codes: 0 the index is whole, 1 it is damaged (each fault is a line that names its file).',
      ),
    )
    .action(async (dir) => onExit(await verifyCommand(dir)))

  program.commandsGroup('Train a model on your own questions:')
  addMineCommand(program, onExit, signal)
  addTrainCommand(program, onExit, signal)

  program.commandsGroup('Measure, exchange, models:')
  addEvalCommand(program, onExit, signal)
  addCostCommand(program, onExit)

  program
    .command('export')
    .description("Write an index's vectors as a folder that next-plaid and fast-plaid can search.")
    .argument('<dir>', 'the index')
    .addOption(new Option('--format <name>', 'of the folder').choices(['next-plaid']).default('next-plaid'))
    .requiredOption('-o, --output <dir>', 'an empty or new folder')
    .action(async (dir, { output }) => onExit(await exportCommand({ dir, output })))

  program
    .command('import')
    .description('Make an index of a folder that next-plaid or fast-plaid wrote.')
    .argument('<dir>', 'the folder')
    .requiredOption(
      '--corpus <path>',
      'corpus.jsonl (.gz too) or a folder with it: document i is the text of passage i',
    )
    .requiredOption('-o, --output <dir>', 'where the index goes: an empty or new folder, or an earlier index')
    .addOption(modelOption())
    .action(async (dir, options) => onExit(await importCommand({ dir, ...options })))

  program
    .command('model')
    .description("Write selvage.json for a model's folder: sizes and hashes, so that downloads can be checked.")
    .argument('<dir>', 'folder of the model')
    .action(async (dir) => onExit(await modelCommand(dir)))

  return program
}
