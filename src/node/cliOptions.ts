/**
 * Options that several commands share, the parsers of their values, and the form of help texts. A parser says what a value
 * must be; commander adds which option it was. What an option means to a command is that command's matter.
 */
import { type Command, InvalidArgumentError, Option, type OptionValues } from 'commander'
import { PLAID_BITS, type PlaidBits } from '../ops/ops.ts'
import { CLUSTERINGS, loadConfig } from './config.ts'
import { DEFAULT_MODEL } from './model.ts'

/** The options of a command that has `--config`: flags that were given win over the config file, and it over defaults. */
export async function withConfig(command: Command): Promise<OptionValues> {
  const { config, ...options } = command.opts()
  for (const [key, value] of Object.entries(await loadConfig(config)))
    if (command.getOptionValueSource(key) !== 'cli') options[key] = value
  return options
}

export function configOption(): Option {
  return new Option('--config <file>', 'config file (default: selvage.config.ts, .js, .mjs or .json where it is run)')
}

export function modelOption(): Option {
  return new Option('--model <dir>', 'folder of the model').default(DEFAULT_MODEL, 'the one that ships with selvage')
}

export function bitsOption() {
  return new Option('--bits <n>', 'bits per dimension of a token: 1, 2, 4 or 8; more is larger and closer to exact')
    .default(2)
    .argParser(bitsOf)
}

export function poolOption() {
  return new Option('--pool <n>', 'token pooling: about one vector for n tokens; 2 halves the index')
    .default(1)
    .argParser(wholeNumber)
}

export function candidatesOption() {
  return new Option(
    '--candidates <n>',
    'passages scored in full; "all" for every one (default: as search does)',
  ).argParser((value) => (value === 'all' ? Infinity : wholeNumber(value)))
}

export function clusteringOption() {
  return new Option(
    '--clustering <how>',
    'how centroids are found: from all vectors, or within the tokens of one vocabulary id, faster and a little worse',
  )
    .choices(CLUSTERINGS)
    .default('vectors' as const)
}

function bitsOf(value: string): PlaidBits {
  const bits = PLAID_BITS.find((allowed) => String(allowed) === value)
  if (bits === undefined) throw new InvalidArgumentError('It must be 1, 2, 4 or 8.')
  return bits
}

export const wholeNumber = wholeNumberFrom(1)

export function wholeNumberFrom(least: number): (value: string) => number {
  return (value) => {
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (!Number.isInteger(number) || number < least)
      throw new InvalidArgumentError(`It must be a whole number from ${least} on.`)
    return number
  }
}

/** A number, whole or not. @param wanted in words, after "It must be" @param isRight false for what is no number too */
export function numberFrom(wanted: string, isRight: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!isRight(value)) throw new InvalidArgumentError(`It must be ${wanted}.`)
    return value
  }
}

export function oneOf<const T extends string>(...allowed: readonly T[]): (value: string) => T {
  return (value) => {
    const found = allowed.find((name) => name === value)
    if (found === undefined) throw new InvalidArgumentError(`It must be ${allowed.join(' or ')}.`)
    return found
  }
}

/** Of an option that may be given again: all that were given. */
export function nameAndValue(value: string, before: readonly string[] = []): readonly string[] {
  if (value.indexOf('=') < 1) throw new InvalidArgumentError('It must be name=value.')
  return [...before, value]
}

/** What stands below a command's options in its help. */
export function examples(commands: readonly string[], more?: string): string {
  const lines = ['', 'Examples:', ...commands.map((command) => `  $ ${command}`)]
  return [...lines, ...(more === undefined ? [] : ['', more])].join('\n')
}
