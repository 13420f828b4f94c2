/** Which scripts selvage-mini, an English model, knows; and the rule for vocabularies of other kinds. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ModelFiles } from '../../src/encoder/encoder.ts'
import { Fields } from '../../src/encoder/json.ts'
import { loadTextRules } from '../../src/encoder/load.ts'
import { knownShare } from '../../src/encoder/script.ts'
import { Tokenizer } from '../../src/encoder/tokenizer.ts'

const ROOT = join(import.meta.dirname, '../..')

async function tokenizerOf(folder: string): Promise<Tokenizer> {
  const read = async (file: string) => new Fields(JSON.parse(await readFile(join(ROOT, folder, file), 'utf8')), file)
  return new Tokenizer(await read('tokenizer.json'), await read('tokenizer_config.json'), { lowerCase: false })
}

const mini = await tokenizerOf('public/models/selvage-mini')
const byteLevel = await tokenizerOf('test/fixtures/golden/modernbert')

const KNOWN = [
  'how do I share state between two components',
  'useEffect k8s x-y grpc',
  'wie teile ich den Zustand über Komponenten',
  "l'état partagé déjà vu",
  'chia sẻ trạng thái giữa các thành phần',
]
const UNKNOWN = [
  'как передать состояние между компонентами',
  'πώς μοιράζομαι κατάσταση',
  '如何在组件之间共享状态',
  '状态管理怎么做',
  '大学 日本', // in the vocabulary, one by one, and meaningless to the model
  'コンポーネント間で状態を共有する',
  '상태를 컴포넌트 간에 공유하는 방법',
  'كيفية مشاركة الحالة بين المكونات',
  'שיתוף מצב בין רכיבים',
  'घटकों के बीच स्थिति कैसे साझा करें',
  'วิธีแชร์สถานะระหว่างคอมโพเนนต์',
]

describe('selvage-mini', () => {
  test.each(KNOWN)('knows all of "%s"', (text) => expect(knownShare(text, mini)).toBe(1))

  test.each(UNKNOWN)('knows next to nothing of "%s"', (text) => expect(knownShare(text, mini)).toBeLessThan(0.2))

  test('of a mixed text it knows the Latin letters', () => {
    expect(knownShare('useState 状态', mini)).toBeCloseTo(8 / 10, 6)
    expect(knownShare('useState 怎么更新状态', mini)).toBeCloseTo(8 / 14, 6)
    expect(knownShare('как state', mini)).toBeCloseTo(5 / 8, 6)
  })

  test('what has no letters is of no script', () => {
    for (const text of ['', '404', '🎉 ?!', '2 + 2 = 4']) expect(knownShare(text, mini)).toBe(1)
  })

  test('a single foreign letter is a word, as in mathematics', () => {
    expect(knownShare('λ calculus', mini)).toBe(1)
  })
})

test('letters that fall into bytes are unknown; Latin ones are not', () => {
  expect(knownShare('как передать состояние', byteLevel)).toBeLessThan(0.2)
  expect(knownShare('状态管理怎么做', byteLevel)).toBe(0)
  expect(knownShare('wie teile ich den Zustand', byteLevel)).toBe(1)
})

test('a long text costs no more than its beginning', () => {
  expect(knownShare(`${'state '.repeat(400)}${'состояние '.repeat(100_000)}`, mini)).toBe(1)
})

test('what a model does with texts is known without its graph', async () => {
  const folder = join(ROOT, 'public/models/selvage-mini')
  const read: string[] = []
  const files: ModelFiles = {
    location: folder,
    read: async (path) => {
      read.push(path)
      return readFile(join(folder, path)).catch(() => undefined)
    },
  }
  const texts = await loadTextRules({ files })
  expect(read.filter((path) => path.includes('onnx/'))).toEqual([])
  const text = 'Reset a form\nPass a key to the form.'
  const { starts, ends, tokenIds } = texts.layoutDocument(text)
  expect(tokenIds.length).toBe(starts.length)
  expect([...starts].map((start, t) => text.slice(Math.max(0, start), Math.max(0, ends[t]!)))).toContain('Reset')
  const mask = mini.maskId!
  const encoded = {
    tokenIds: Int32Array.of(tokenIds[2]!, mask, mask),
    starts: Int32Array.of(0, -1, 3),
    ends: Int32Array.of(5, -1, 6),
  }
  expect(texts.queryTokens('Reset it', encoded)).toEqual([
    { text: 'Reset', isMask: false },
    { text: '[MASK]', isMask: true },
    { text: 'et ', isMask: false }, // one that the query has itself
  ])
  expect(texts.knownShare('состояние')).toBe(0)
})
