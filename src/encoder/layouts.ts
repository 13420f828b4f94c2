/**
 * How a model lays out texts as its input, without a graph to run: for whoever runs it in another way, as training does.
 * The rules are those of colbert.ts, with lengths that may be lower than the model's own.
 */
import { SelvageError } from '../errors.ts'
import { type Layout, layoutDocument, layoutQuery } from './colbert.ts'
import type { ModelFiles } from './encoder.ts'
import { ModelFolder } from './folder.ts'
import { readTextParts, type TextParts } from './textRules.ts'

export type { Layout } from './colbert.ts'

export interface Layouts {
  /** Tokens of a query and of a document at most, markers included: what the model's files say. */
  readonly queryTokens: number
  readonly documentTokens: number
  query(text: string): Layout
  document(text: string): Layout
  /** The same with other lengths, no higher than these. */
  within(limits: { readonly queryTokens?: number | undefined; readonly documentTokens?: number | undefined }): Layouts
}

export async function loadLayouts(files: ModelFiles): Promise<Layouts> {
  return makeLayouts(await readTextParts(await ModelFolder.open(files)))
}

function makeLayouts({ config, tokenizer, markers }: TextParts): Layouts {
  return {
    queryTokens: config.queryLength,
    documentTokens: config.documentLength,
    query: (text) => layoutQuery(text, config, markers, tokenizer),
    document: (text) => layoutDocument(text, config, markers, tokenizer),
    within({ queryTokens = config.queryLength, documentTokens = config.documentLength }) {
      // A marker and a token or two beside the special tokens: less says nothing of a text.
      const lowest = tokenizer.prefix.length + tokenizer.suffix.length + 2
      for (const [name, wanted, limit] of [
        ['queryTokens', queryTokens, config.queryLength],
        ['documentTokens', documentTokens, config.documentLength],
      ] as const) {
        if (!Number.isInteger(wanted) || wanted < lowest || wanted > limit) {
          throw new SelvageError(
            'invalid-argument',
            `${name} is ${wanted}, wanted ${lowest} to ${limit}, the model's own limit.`,
          )
        }
      }
      const limited = { ...config, queryLength: queryTokens, documentLength: documentTokens }
      return makeLayouts({ config: limited, tokenizer, markers })
    },
  }
}
