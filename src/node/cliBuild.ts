/**
 * What `selvage build` is told: by flags, by a config file, or by both. A new option is a flag here and, where a config may
 * say it too, a line in the table of config.ts.
 */
import type { Command } from 'commander'
import { SelvageError } from '../errors.ts'
import { buildCommand } from './buildCommand.ts'
import {
  bitsOption,
  clusteringOption,
  configOption,
  examples,
  modelOption,
  oneOf,
  poolOption,
  wholeNumber,
  withConfig,
} from './cliOptions.ts'
import { ANCHOR_STYLES, URL_STYLES } from './config.ts'

export function addBuildCommand(program: Command, onExit: (code: number) => void, signal?: AbortSignal): void {
  program
    .command('build')
    .description('Make an index of a folder of .md, .mdx, .html and .txt files, or of one .jsonl file (.gz too).')
    .argument('[folder]', 'the documents (default: "input" of the config file)')
    .option('-o, --output <dir>', 'where the index goes: an empty or new folder, or an earlier index')
    .optionsGroup('How the site addresses pages:')
    .option('--base-url <url>', "the site's address, put before every page's path", '/')
    .option(
      '--urls <style>',
      'page addresses: html (guide/a.html), clean (guide/a) or directory (guide/a/)',
      oneOf(...URL_STYLES),
      'html',
    )
    .option(
      '--anchors <style>',
      'ids of headings without one of their own: github or vitepress',
      oneOf(...ANCHOR_STYLES),
      'github',
    )
    .optionsGroup('How vectors are made and kept:')
    .addOption(modelOption())
    .addOption(bitsOption())
    .addOption(poolOption())
    .addOption(clusteringOption())
    .optionsGroup('Options:')
    .option('--threads <n>', 'passages encoded at a time (default: one for each core and GB of memory)', wholeNumber)
    .option('--incremental', 'encode only passages that no earlier such build has encoded; the index is the same')
    .option('--cache-dir <dir>', 'where --incremental keeps vectors (default: node_modules/.cache/selvage)')
    .option(
      '--with-runtime',
      'also write widget, workers, runtime and model: the folder and one tag are a whole search',
    )
    .option('--force', 'build even if nothing changed', false)
    .addOption(configOption())
    .addHelpText(
      'after',
      examples(
        [
          'selvage build docs -o public/search --base-url https://example.org/ --urls clean',
          'selvage build docs -o public/search --pool 2 --incremental',
          'selvage build',
        ],
        `The last one takes all from a config file, such as this selvage.config.ts; flags win over it:
  import { defineConfig } from 'selvage/node'
  export default defineConfig({ input: 'docs', output: 'public/search', baseUrl: 'https://example.org/' })`,
      ),
    )
    .action(async (given, _, command) => {
      const { input, output, baseUrl, urls, anchors, bits, pool, clustering, cacheDir, ...options } =
        await withConfig(command)
      const folder = given ?? input
      if (folder === undefined || output === undefined)
        throw new SelvageError(
          'invalid-argument',
          `build: ${folder === undefined ? 'no folder of documents' : 'no output folder'} was given. Say ` +
            '"selvage build <folder> -o <dir>", or put "input" and "output" into selvage.config.ts.',
        )
      onExit(
        await buildCommand(
          {
            folder,
            output,
            parse: { baseUrl, urls, anchors },
            plaid: { bits, pool, clustering },
            cacheFolder: cacheDir,
            ...options,
          },
          signal,
        ),
      )
    })
}
