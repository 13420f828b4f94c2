/** What a model does with a text before it runs: for whoever explains what was found, with or without the model itself. */
import type { EncodedText } from '../types.ts'
import { findMarkers, layoutDocument, type Markers } from './colbert.ts'
import { type ColbertConfig, readConfig } from './config.ts'
import type { TextRules } from './encoder.ts'
import type { ModelFolder } from './folder.ts'
import { Fields } from './json.ts'
import { knownShare } from './script.ts'
import { Tokenizer } from './tokenizer.ts'

/** What decides what a model makes of a text. */
export interface TextParts {
  readonly config: ColbertConfig
  readonly tokenizer: Tokenizer
  readonly markers: Markers
}

const EMPTY = new Fields({}, 'no tokenizer_config.json')

export async function readTextParts(folder: ModelFolder): Promise<TextParts> {
  const [config, json, tokenizerConfig] = await Promise.all([
    readConfig(folder),
    folder.fields('tokenizer.json'),
    folder.findFields('tokenizer_config.json'),
  ])
  // next-plaid's exports have none; their onnx_config.json tells what would be looked for in it.
  const words =
    tokenizerConfig ?? (config.paddingId === undefined ? await folder.fields('tokenizer_config.json') : EMPTY)
  const tokenizer = new Tokenizer(json, words, { lowerCase: config.lowerCase })
  return { config, tokenizer, markers: findMarkers(config, tokenizer) }
}

export function textRules({ config, markers, tokenizer }: TextParts): TextRules {
  return {
    layoutDocument: (text) => layoutDocument(text, config, markers, tokenizer).kept,
    queryTokens: (text, { tokenIds, starts, ends }: Omit<EncodedText, 'matrix'>) =>
      Array.from(tokenIds, (id, q) => {
        const isText = starts[q]! >= 0
        const name = tokenizer.tokenOf(id) ?? ''
        // The token that pads is also one that a query may have: what stands for text is none.
        return { text: isText ? text.slice(starts[q], ends[q]) : name, isMask: !isText && id === markers.paddingId }
      }),
    knownShare: (text) => knownShare(text, tokenizer),
  }
}
