/** What configuration files say, what holds where they are silent, and what is said where they are wrong. */
import { describe, expect, test } from 'vitest'
import { type ColbertConfig, readConfig } from '../../src/encoder/config.ts'
import { ModelFolder } from '../../src/encoder/folder.ts'

async function read(files: Record<string, unknown>): Promise<ColbertConfig> {
  const folder = await ModelFolder.open({
    location: 'folder',
    async read(path) {
      const value = files[path]
      if (value === undefined) return undefined
      return new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
    },
  })
  return readConfig(folder)
}

const PYLATE = 'config_sentence_transformers.json'

test("PyLate's defaults where keys are absent or null", async () => {
  expect(await read({ [PYLATE]: { query_length: null } })).toEqual({
    queryPrefix: '[Q] ',
    documentPrefix: '[D] ',
    queryLength: 32,
    documentLength: 180,
    queryExpansion: true,
    attendToExpansion: false,
    skiplistWords: [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
    lowerCase: false,
    prompt: '',
    dim: undefined,
    paddingId: undefined,
    vocabularySize: undefined,
  })
})

test('everything from the files', async () => {
  const config = await read({
    [PYLATE]: {
      query_prefix: '[unused0]',
      document_prefix: '',
      query_length: 24,
      document_length: 300,
      do_query_expansion: true,
      attend_to_expansion_tokens: true,
      skiplist_words: ['.', 'the'],
      prompts: { query: 'find: ' },
      default_prompt_name: 'query',
    },
    'sentence_bert_config.json': { do_lower_case: true },
    'config.json': { max_position_embeddings: 512, vocab_size: 30524 },
    'modules.json': [
      { type: 'sentence_transformers.models.Transformer', path: '' },
      { type: 'pylate.models.Dense.Dense', path: '1_Dense' },
      { type: 'pylate.models.Dense.Dense', path: '2_Dense' },
    ],
    '1_Dense/config.json': { out_features: 512 },
    '2_Dense/config.json': { out_features: 48 },
  })
  expect(config).toEqual({
    queryPrefix: '[unused0]',
    documentPrefix: '',
    queryLength: 24,
    documentLength: 300,
    queryExpansion: true,
    attendToExpansion: true,
    skiplistWords: ['.', 'the'],
    lowerCase: true,
    prompt: 'find: ',
    dim: 48,
    paddingId: undefined,
    vocabularySize: 30524,
  })
})

test('without expansion nobody attends to it', async () => {
  const config = await read({ [PYLATE]: { do_query_expansion: false, attend_to_expansion_tokens: true } })
  expect(config).toMatchObject({ queryExpansion: false, attendToExpansion: false })
})

test("next-plaid's onnx_config.json where there is none of PyLate's", async () => {
  const next = { query_prefix: '[Q] ', query_length: 48, document_length: 512, do_lower_case: true, embedding_dim: 96 }
  const config = await read({ 'onnx_config.json': { ...next, do_query_expansion: false } })
  expect(config).toMatchObject({
    queryLength: 48,
    documentLength: 512,
    lowerCase: true,
    dim: 96,
    queryExpansion: false,
  })
})

describe('faults', () => {
  test.each<[Record<string, unknown>, RegExp]>([
    [{}, /folder has no config_sentence_transformers\.json/],
    [{ [PYLATE]: { query_length: '32' } }, /"query_length" is "32", wanted a positive integer/],
    [{ [PYLATE]: { query_length: 0 } }, /"query_length" is 0, wanted a positive integer/],
    [{ [PYLATE]: { skiplist_words: '.' } }, /"skiplist_words" is ".", wanted a list of strings/],
    [{ [PYLATE]: { do_query_expansion: 'no' } }, /"do_query_expansion" is "no", wanted true or false/],
    [{ [PYLATE]: '[]' }, /the file is \[\], wanted a JSON object/],
    [
      { [PYLATE]: { document_length: 600 }, 'config.json': { max_position_embeddings: 512 } },
      /"document_length" is 600, but config\.json gives the model 512 positions/,
    ],
    [{ [PYLATE]: {}, 'modules.json': '[{' }, /modules\.json is not JSON/],
  ])('%j', async (files, message) => {
    await expect(read(files)).rejects.toThrow(message)
  })
})
