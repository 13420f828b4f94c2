/**
 * Text to token ids with the source range of each, for any tokenizer.json. This is the only file that holds a
 * tokenizer: `@huggingface/tokenizers`, the tokenizer half of transformers.js 4, which is built from bytes and knows
 * no network. Its stages (added tokens, normaliser, pre-tokenizer, model) are run one by one here rather than by its
 * `encode`, because ranges can only be followed through the stages, and so that the few places where it differs from
 * the Rust tokenizers of PyLate can be made equal. It knows tokens, not markers or lengths of late interaction.
 *
 * Why not `@huggingface/transformers` itself: for this one class it puts 426 kB (117 kB gzipped) into the worker
 * against 35 kB (10 kB), and 200-330 ms (sharp, onnxruntime-node) against 6 ms into every start of the Node command.
 * It contains the same class: `new PreTrainedTokenizer(json, config)._tokenizer`.
 */
import { Tokenizer as HuggingFaceTokenizer, type Normalizer, SequenceNormalizer } from '@huggingface/tokenizers'
import { SelvageError } from '../errors.ts'
import { AddedTokens, spanFinder } from './addedTokens.ts'
import { type AlignedText, fromSource, identity, slice, sourceRange } from './aligned.ts'
import { type Fields, isObject, type JsonObject } from './json.ts'
import { type AlignedNormalizer, alignedNormalizer, lowerCased } from './normalizer.ts'
import {
  type Alphabet,
  inAlphabet,
  locateSurfaces,
  METASPACE,
  PieceFinder,
  type SurfaceRules,
  trimRange,
} from './offsets.ts'
import { type WindowRules, windows } from './windows.ts'

/** Token ids with their ranges in the source text; -1, -1 for a token that stands for no text. */
export interface Tokens {
  readonly ids: number[]
  readonly starts: number[]
  readonly ends: number[]
}

export interface TokenizerOptions {
  /** Lower-case the text first, before the tokenizer's own normaliser. */
  readonly lowerCase: boolean
}

/** Window of text to tokenize at once, in UTF-16 units: the least, and per token wanted. */
const LEAST_WINDOW = 2048
const WINDOW_PER_TOKEN = 8
/** Words whose surfaces are remembered; a page of documentation has some hundreds. */
const WORD_CACHE = 10_000

export class Tokenizer {
  /** Special tokens the tokenizer puts before and after one text. */
  readonly prefix: readonly number[]
  readonly suffix: readonly number[]
  readonly maskId: number | undefined
  readonly endOfTextId: number | undefined
  readonly padId: number | undefined
  readonly unknownId: number | undefined
  readonly #library: HuggingFaceTokenizer
  readonly #lowerCase: boolean
  readonly #normalize: AlignedNormalizer
  /** Added tokens looked for in the raw text, and those looked for once it is normalised. */
  readonly #rawTokens: AddedTokens
  readonly #normalizedTokens: AddedTokens
  readonly #alphabet: Alphabet
  readonly #splitsAtMetaspace: boolean
  readonly #rules: SurfaceRules
  readonly #windowRules: WindowRules
  #hanCount: number | undefined
  readonly #surfaces = new Map<string, readonly string[]>()

  /** `json` is tokenizer.json, `config` tokenizer_config.json. */
  constructor(json: Fields, config: Fields, options: TokenizerOptions) {
    const adapted = withConfigNormalizer(json, config)
    try {
      this.#library = new HuggingFaceTokenizer(adapted, config.json)
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new SelvageError('model-invalid', `${json.where}: no tokenizer can be built from it: ${reason}`, { cause })
    }
    this.#lowerCase = options.lowerCase
    this.#normalize = alignedNormalizer(parts(this.#library.normalizer))
    const added = [...this.#library.get_added_tokens_decoder().values()].map(
      ({ content, id, lstrip, rstrip, single_word, normalized }) => ({
        content,
        id,
        lstrip: lstrip ?? false,
        rstrip: rstrip ?? false,
        singleWord: single_word ?? false,
        isNormalized: normalized === true && this.#library.normalizer !== null,
      }),
    )
    this.#rawTokens = new AddedTokens(added.filter((token) => !token.isNormalized))
    this.#normalizedTokens = new AddedTokens(
      added
        .filter((token) => token.isNormalized)
        .map((token) => ({ ...token, content: this.#normalize(identity(token.content, 0)).text })),
    )
    const preTokenizers = flattenSequence(json.object('pre_tokenizer')?.json, 'pretokenizers')
    const partOf = (type: string): JsonObject | undefined => preTokenizers.find((part) => part['type'] === type)
    const metaspace = partOf('Metaspace')
    this.#alphabet = partOf('ByteLevel') !== undefined ? 'bytes' : metaspace === undefined ? 'plain' : 'metaspace'
    this.#splitsAtMetaspace = metaspace !== undefined && metaspace['split'] !== false
    const model = json.required(json.object('model'), 'model')
    this.#rules = {
      continuingPrefix: model.string('continuing_subword_prefix') ?? '',
      endOfWord: model.string('end_of_word_suffix') ?? '',
    }
    this.#windowRules = {
      independentWords: partOf('BertPreTokenizer') !== undefined,
      spansToken: spanFinder(added.map((token) => token.content)),
    }
    const idOf = (key: string): number | undefined => {
      const token = config.token(key)
      return token === undefined ? undefined : this.idOf(token)
    }
    this.maskId = idOf('mask_token')
    this.endOfTextId = idOf('eos_token')
    this.padId = idOf('pad_token')
    this.unknownId = idOf('unk_token') ?? this.#library.model?.unk_token_id
    const template = this.#template(json.where)
    this.prefix = template.prefix
    this.suffix = template.suffix
  }

  /** Id of a token by its exact string, marker tokens included. */
  idOf(token: string): number | undefined {
    return this.#library.token_to_id(token)
  }

  /** A token in words, marker tokens included. */
  tokenOf(id: number): string | undefined {
    return this.#library.id_to_token(id)
  }

  /** Chinese characters that are tokens of their own. Counted when first asked for. */
  get hanCount(): number {
    this.#hanCount ??= [...this.#library.get_vocab(false).keys()].filter((token) => HAN_TOKEN.test(token)).length
    return this.#hanCount
  }

  /** The first `limit` tokens of text[start, end), without special tokens; ranges are in `text`. */
  tokenize(text: string, start: number, end: number, limit: number): Tokens {
    const out: Tokens = { ids: [], starts: [], ends: [] }
    const size = Math.max(LEAST_WINDOW, Math.min(limit, 1 << 20) * WINDOW_PER_TOKEN)
    for (const window of windows(text, start, end, size, this.#windowRules)) {
      if (out.ids.length >= limit) break
      this.#tokenizeWindow(text, window.from, window.to, window.from === start, out)
    }
    for (const list of [out.ids, out.starts, out.ends]) list.length = Math.min(list.length, limit)
    return out
  }

  /** How many tokens text[start, end) has, without special tokens. */
  count(text: string, start: number, end: number): number {
    let count = 0
    for (const { from, to } of windows(text, start, end, LEAST_WINDOW, this.#windowRules)) {
      const out: Tokens = { ids: [], starts: [], ends: [] }
      this.#tokenizeWindow(text, from, to, from === start, out)
      count += out.ids.length
    }
    return count
  }

  #tokenizeWindow(source: string, from: number, to: number, first: boolean, out: Tokens): void {
    const raw = fromSource(source, from, to)
    const input = this.#lowerCase ? lowerCased(raw) : raw
    const add = (id: number, start: number, end: number): void => {
      const range = trimRange(source, start, end)
      out.ids.push(id)
      out.starts.push(start < end ? range.start : -1)
      out.ends.push(start < end ? range.end : -1)
    }
    for (const [i, segment] of this.#rawTokens.split(input.text).entries()) {
      if (segment.token !== undefined) {
        addWhole(input, segment.token)
        continue
      }
      const section = this.#normalize(slice(input, segment.from, segment.to))
      for (const part of this.#normalizedTokens.split(section.text)) {
        if (part.token !== undefined) addWhole(section, part.token)
        else this.#tokenizePlain(slice(section, part.from, part.to), first ? i : i + 1, add)
      }
    }

    function addWhole(text: AlignedText, token: { id: number; contentFrom: number; contentTo: number }): void {
      const range = sourceRange(text, token.contentFrom, token.contentTo)
      add(token.id, range?.start ?? 0, range?.end ?? 0)
    }
  }

  /** A stretch of normalised text without added tokens. `section` is 0 at the very start of the source only. */
  #tokenizePlain(input: AlignedText, section: number, add: (id: number, start: number, end: number) => void): void {
    const preTokenizer = this.#library.pre_tokenizer
    let pieces = preTokenizer?.pre_tokenize(input.text, { section_index: section }) ?? [input.text]
    // The Rust Metaspace splits into words; the library leaves the section whole.
    if (this.#splitsAtMetaspace) pieces = pieces.flatMap((piece) => piece.split(WORD_STARTS))
    const finder = new PieceFinder(inAlphabet(input, this.#alphabet))
    for (const piece of pieces) {
      const surfaces = this.#split(piece)
      const { starts, ends } = locateSurfaces(finder.next(piece), surfaces, this.#rules)
      for (const [i, surface] of surfaces.entries()) {
        const id = this.#library.token_to_id(surface) ?? this.unknownId
        if (id !== undefined) add(id, starts[i] ?? 0, ends[i] ?? 0)
      }
    }
  }

  #split(piece: string): readonly string[] {
    let surfaces = this.#surfaces.get(piece)
    if (surfaces === undefined) {
      surfaces = this.#library.model?._call([piece]) ?? []
      if (this.#surfaces.size >= WORD_CACHE) this.#surfaces.clear()
      if (piece.length <= 64) this.#surfaces.set(piece, surfaces)
    }
    return surfaces
  }

  /** What the post-processor puts around a text. */
  #template(where: string): { prefix: number[]; suffix: number[] } {
    const placeholder = '\0'
    const processed = this.#library.post_processor?.post_process([placeholder], null, true)
    const tokens = processed?.tokens ?? [placeholder]
    if (processed?.token_type_ids?.some((type) => type !== 0)) {
      throw new SelvageError('model-invalid', `${where} gives a single text token types other than 0: not supported.`)
    }
    const ids = tokens.map((token) => {
      const id = token === placeholder ? -1 : this.idOf(token)
      if (id === undefined) {
        throw new SelvageError('model-invalid', `${where} puts ${token} around texts, but its vocabulary lacks it.`)
      }
      return id
    })
    const at = ids.indexOf(-1)
    return { prefix: ids.slice(0, at), suffix: ids.slice(at + 1) }
  }
}

const HAN_TOKEN = /^\p{Script=Han}$/u

const WORD_STARTS = new RegExp(`(?=${METASPACE})`)

/**
 * Python's Bert tokenizers take `do_lower_case`, `strip_accents` and `tokenize_chinese_chars` of tokenizer_config.json
 * over those of tokenizer.json; generic tokenizer classes do not.
 */
function withConfigNormalizer(json: Fields, config: Fields): JsonObject {
  const normalizer = json.object('normalizer')
  const generic = ['PreTrainedTokenizerFast', 'TokenizersBackend', undefined].includes(config.string('tokenizer_class'))
  if (generic || normalizer?.string('type') !== 'BertNormalizer') return json.json
  return {
    ...json.json,
    normalizer: {
      ...normalizer.json,
      lowercase: config.boolean('do_lower_case') ?? normalizer.json['lowercase'],
      strip_accents: config.boolean('strip_accents') ?? normalizer.json['strip_accents'],
      handle_chinese_chars: config.boolean('tokenize_chinese_chars') ?? normalizer.json['handle_chinese_chars'],
    },
  }
}

/** The library's normalisers without the Sequences around them. */
function parts(normalizer: Normalizer | null): Normalizer[] {
  if (normalizer === null) return []
  return normalizer instanceof SequenceNormalizer ? normalizer.normalizers.flatMap(parts) : [normalizer]
}

/** A component of tokenizer.json, or the parts of a Sequence of them. */
function flattenSequence(component: JsonObject | undefined, key: string): JsonObject[] {
  if (component === undefined) return []
  if (component['type'] !== 'Sequence') return [component]
  const parts = component[key]
  return Array.isArray(parts) ? parts.filter(isObject).flatMap((part) => flattenSequence(part, key)) : []
}
