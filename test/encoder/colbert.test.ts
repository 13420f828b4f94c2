/** PyLate's layout, worked out by hand on a vocabulary of a dozen words. */
import { describe, expect, test } from 'vitest'
import { countContent, findMarkers, type Layout, layoutDocument, layoutQuery } from '../../src/encoder/colbert.ts'
import type { ColbertConfig } from '../../src/encoder/config.ts'
import { Fields } from '../../src/encoder/json.ts'
import { Tokenizer } from '../../src/encoder/tokenizer.ts'

const VOCABULARY = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'red',
  'green',
  'blue',
  'gr',
  '##ey',
  '.',
  '!',
  '[Q] ',
  '[D] ',
]
const [, UNK, CLS, SEP, MASK, RED, GREEN, BLUE, GR, EY, DOT, , Q, D] = VOCABULARY.keys()

const CONFIG: ColbertConfig = {
  queryPrefix: '[Q] ',
  documentPrefix: '[D] ',
  queryLength: 8,
  documentLength: 8,
  queryExpansion: true,
  attendToExpansion: false,
  skiplistWords: ['.', '!'],
  lowerCase: false,
  prompt: '',
  dim: undefined,
  paddingId: undefined,
  vocabularySize: VOCABULARY.length,
}

function tokenizer(
  options: { template?: 'bert' | 'none' | 'end'; lowerCase?: boolean; config?: object } = {},
): Tokenizer {
  const special = (id: string) => ({ SpecialToken: { id, type_id: 0 } })
  const content = { Sequence: { id: 'A', type_id: 0 } }
  const single = {
    bert: [special('[CLS]'), content, special('[SEP]')],
    none: [content],
    end: [content, special('[SEP]')],
  }
  const added = VOCABULARY.map((text, id) => ({ id, content: text })).filter(({ content: text }) =>
    text.startsWith('['),
  )
  const json = {
    added_tokens: added.map(({ id, content: text }) => ({
      id,
      content: text,
      special: !text.endsWith(' '),
      normalized: text.endsWith(' '),
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: single[options.template ?? 'bert'],
      pair: [],
      special_tokens: {},
    },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((text, id) => [text, id])),
    },
  }
  const config = options.config ?? { mask_token: '[MASK]', unk_token: '[UNK]', pad_token: '[PAD]' }
  return new Tokenizer(new Fields(json, 'tokenizer.json'), new Fields({ ...config }, 'tokenizer_config.json'), {
    lowerCase: options.lowerCase ?? false,
  })
}

interface Options {
  readonly config?: Partial<ColbertConfig>
  readonly tokenizer?: Tokenizer
}

function lay(kind: 'query' | 'document', text: string, options: Options = {}): Layout {
  const config = { ...CONFIG, ...options.config }
  const words = options.tokenizer ?? tokenizer()
  const layout = kind === 'query' ? layoutQuery : layoutDocument
  return layout(text, config, findMarkers(config, words), words)
}

const input = ({ ids, attention }: Layout) => [[...ids], [...attention]]
const ranges = ({ kept }: Layout) => [...kept.starts].map((start, i) => [start, kept.ends[i]])

describe('query', () => {
  test('marker after [CLS], padded with [MASK] that nobody attends to, every row kept', () => {
    const layout = lay('query', 'red grey.')
    expect(input(layout)).toEqual([
      [CLS, Q, RED, GR, EY, DOT, SEP, MASK],
      [1, 1, 1, 1, 1, 1, 1, 0],
    ])
    expect([...layout.rows]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(ranges(layout)).toEqual([
      [-1, -1],
      [-1, -1],
      [0, 3],
      [4, 6],
      [6, 8],
      [8, 9],
      [-1, -1],
      [-1, -1],
    ])
  })

  test('attended padding', () => {
    expect(input(lay('query', 'red', { config: { attendToExpansion: true } }))).toEqual([
      [CLS, Q, RED, SEP, MASK, MASK, MASK, MASK],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ])
  })

  test('without expansion there is no padding', () => {
    const layout = lay('query', 'red.', { config: { queryExpansion: false } })
    expect(input(layout)).toEqual([
      [CLS, Q, RED, DOT, SEP],
      [1, 1, 1, 1, 1],
    ])
    expect([...layout.rows]).toEqual([0, 1, 2, 3, 4])
  })

  test('too long: cut so that [SEP] stays last', () => {
    expect(input(lay('query', 'red green blue red green blue red'))).toEqual([
      [CLS, Q, RED, GREEN, BLUE, RED, GREEN, SEP],
      [1, 1, 1, 1, 1, 1, 1, 1],
    ])
  })

  test('empty, and of spaces only', () => {
    const wanted = [
      [CLS, Q, SEP, MASK, MASK, MASK, MASK, MASK],
      [1, 1, 1, 0, 0, 0, 0, 0],
    ]
    expect(input(lay('query', ''))).toEqual(wanted)
    expect(input(lay('query', ' \t\u001c\n'))).toEqual(wanted)
  })

  test('without a mask token, padded with the end of text, else with the pad token', () => {
    const llm = tokenizer({ config: { eos_token: { content: '[SEP]' }, pad_token: '[PAD]' } })
    expect([...lay('query', 'red', { tokenizer: llm }).ids.slice(4)]).toEqual([SEP, SEP, SEP, SEP])
    const plain = tokenizer({ config: { pad_token: '[PAD]' } })
    expect([...lay('query', 'red', { tokenizer: plain }).ids.slice(4)]).toEqual([0, 0, 0, 0])
    expect(() => lay('query', 'red', { tokenizer: tokenizer({ config: {} }) })).toThrow(/nothing to pad queries with/)
  })
})

describe('document', () => {
  test('rows of skipped tokens are left out; marker and special tokens stay', () => {
    const layout = lay('document', ' red. blue!')
    expect(input(layout)[0]).toEqual([CLS, D, RED, DOT, BLUE, 11, SEP])
    expect([...layout.rows]).toEqual([0, 1, 2, 4, 6])
    expect([...layout.kept.tokenIds]).toEqual([CLS, D, RED, BLUE, SEP])
    expect(ranges(layout)).toEqual([
      [-1, -1],
      [-1, -1],
      [1, 4],
      [6, 10],
      [-1, -1],
    ])
  })

  test('a skipped word that is no token takes unknown tokens with it, as in PyLate', () => {
    const config = { skiplistWords: ['.', '€'] }
    expect([...lay('document', 'red zzz', { config }).kept.tokenIds]).toEqual([CLS, D, RED, SEP])
    expect([...lay('document', 'red zzz').kept.tokenIds]).toEqual([CLS, D, RED, UNK, SEP])
  })

  test('markers in the text are tokens of the text', () => {
    const layout = lay('document', '[D] red[MASK]')
    expect(input(layout)[0]).toEqual([CLS, D, D, RED, MASK, SEP])
    expect(ranges(layout)).toEqual([
      [-1, -1],
      [-1, -1],
      [0, 3],
      [4, 7],
      [7, 13],
      [-1, -1],
    ])
  })
})

describe('other models', () => {
  test('no markers: one place more for the text', () => {
    const config = { queryPrefix: '', documentPrefix: '', documentLength: 5 }
    expect([...lay('document', 'red green blue red', { config }).ids]).toEqual([CLS, RED, GREEN, BLUE, SEP])
  })

  test('the marker goes to index 1 whatever the template puts first', () => {
    const end = tokenizer({ template: 'end' })
    expect([...lay('document', 'red green', { tokenizer: end }).ids]).toEqual([RED, D, GREEN, SEP])
    const none = tokenizer({ template: 'none' })
    expect([...lay('document', 'red green', { tokenizer: none }).ids]).toEqual([RED, D, GREEN])
    expect([...lay('document', '', { tokenizer: none }).ids]).toEqual([D])
  })

  test('lower-casing before the tokenizer', () => {
    const lower = tokenizer({ lowerCase: true })
    expect([...lay('document', 'RED Grey', { tokenizer: lower }).ids]).toEqual([CLS, D, RED, GR, EY, SEP])
    expect([...lay('document', 'RED Grey').ids]).toEqual([CLS, D, UNK, UNK, SEP])
  })

  test('a default prompt is encoded and stands for no text', () => {
    const layout = lay('document', 'blue', { config: { prompt: 'red green ' } })
    expect([...layout.ids]).toEqual([CLS, D, RED, GREEN, BLUE, SEP])
    expect(ranges(layout)).toEqual([
      [-1, -1],
      [-1, -1],
      [-1, -1],
      [-1, -1],
      [0, 4],
      [-1, -1],
    ])
  })

  test('tokens are counted without markers, before truncation', () => {
    expect(countContent(' red grey. '.repeat(9), tokenizer())).toBe(36)
    expect(countContent('', tokenizer())).toBe(0)
  })
})

describe('faults', () => {
  test('a marker that is no token', () => {
    expect(() => lay('query', 'red', { config: { queryPrefix: '[X] ' } })).toThrow(
      /query_prefix "\[X\] " is not in the tokenizer's/,
    )
  })
  test('a marker beyond the embedding table', () => {
    expect(() => lay('query', 'red', { config: { vocabularySize: 12 } })).toThrow(/"\[Q\] " is not in the 12 tokens/)
  })
  test('a limit without place for text', () => {
    expect(() => lay('query', 'red', { config: { queryLength: 3 } })).toThrow(/query_length 3 leaves no place/)
  })
})
