/** Keyword search over several segments: the oracle is one index of the same passages, to the bit. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LexicalBuilder, type PassageFields } from '../../src/lexical/builder.ts'
import type { LexicalHeader } from '../../src/lexical/format.ts'
import { LexicalIndex, type LexicalQuery, type LexicalSegment } from '../../src/lexical/search.ts'
import type { Stemming } from '../../src/lexical/stem.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource } from '../../src/store/store.ts'
import { naiveSlips } from './naive.ts'
import { manyWords } from './sample.ts'

const NOTHING: PassageFields = { title: '', headings: '', text: '', code: '' }
const textOnly = (text: string): PassageFields => ({ ...NOTHING, text })
/** Passages with words that no others have, so that none of `count` times fewer others is common. */
const others = (count: number, name = 'other') => Array.from({ length: count }, (_, i) => textOnly(`${name}${i}`))

interface Segment extends LexicalSegment {
  readonly header: LexicalHeader
}

async function segmentOf(passages: readonly PassageFields[], stemming: Stemming = 'english'): Promise<Segment> {
  const source = memoryStore()
  const builder = new LexicalBuilder(source)
  for (const passage of passages) builder.add(passage)
  return { source, header: await builder.finish(stemming), passages: passages.length }
}

/** Cut before each of the places; two that are the same give a segment without passages. */
function cut<T>(all: readonly T[], places: readonly number[]): T[][] {
  const ends = [...places.map((place) => place % (all.length + 1)).sort((a, b) => a - b), all.length]
  return ends.map((end, i) => all.slice(ends[i - 1] ?? 0, end))
}

async function answer(segments: readonly LexicalSegment[], query: LexicalQuery) {
  const { scores, best, exact, words } = await new LexicalIndex(segments).search(query)
  return { scores, best: best(20), exact: Array.from(scores, (_, id) => exact(id)), words }
}

const found = async (segments: readonly LexicalSegment[], text: string) =>
  (await answer(segments, { text, isOpen: false })).best.passages.map(({ id }) => id)

const meant = async (segments: readonly LexicalSegment[], text: string, isOpen = false) =>
  (await answer(segments, { text, isOpen })).words.map(({ terms }) => terms.map(({ term, how }) => `${term} ${how}`))

describe('as one index', () => {
  const word = fc.constantFrom(
    ...['cat', 'cats', 'run', 'runs', 'running', 'use', 'uses', 'using', 'connect', 'connected', 'connection', 'fish'],
    ...['useRef', 'torch.nn', 'café', '東京', '東京都', '한국어', 'connector2', 'constant', 'c++', 'x', 'the'],
  )
  const mistyped = fc.constantFrom('fsih', 'conected', 'conn', 'connectlon', 'caf', 'runnning', 'nothing', '東', '!')
  const some = (most: number) => fc.array(word, { maxLength: most }).map((words) => words.join(' '))
  const passage = fc.record({
    title: some(3),
    headings: some(3),
    text: fc.oneof(some(12), some(90)), // lengths from 64 on are rounded in each segment
    code: some(5),
    weight: fc.constantFrom(1, 1, 2, 0.3),
  })
  const query = fc
    .tuple(fc.array(fc.oneof(word, word, mistyped), { maxLength: 4 }), fc.constantFrom('', ' '))
    .map(([words, end]) => words.join(' ') + end)

  test('wherever a collection is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(passage, { minLength: 1, maxLength: 14 }),
        fc.array(fc.nat(), { maxLength: 5 }),
        query,
        fc.constantFrom<Stemming>('english', 'none'),
        async (passages, places, text, stemming) => {
          const one = await segmentOf(passages, stemming)
          const segments = await Promise.all(cut(passages, places).map((part) => segmentOf(part, stemming)))
          // Which words are common is decided otherwise for segments, see below: here it is the same.
          const { common } = one.header
          const same = segments.map((segment) => ({ ...segment, header: { ...segment.header, common } }))
          expect(await answer(same, { text })).toEqual(await answer([one], { text }))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('with segments of many blocks', async () => {
    const words = [...new Set(manyWords(9000))]
    const passages = Array.from({ length: 900 }, (_, p) => ({
      title: `${words[p]} ${words[p + 1]}`,
      headings: words[p * 3]!,
      text: words.slice(p * 5, p * 5 + 20).join(' '),
      code: words.slice(p * 9, p * 9 + 3).join(' '),
    }))
    const one = await segmentOf(passages)
    const segments = await Promise.all(cut(passages, [400, 401, 401, 860]).map((part) => segmentOf(part)))
    expect(segments.map(({ passages }) => passages)).toEqual([400, 1, 0, 459, 40])
    expect(segments[0]!.header.starts.length).toBeGreaterThan(3)
    const named = fc.nat(4000).map((i) => words[i]!)
    const queries = fc.tuple(fc.array(named, { minLength: 1, maxLength: 6 }), fc.constantFrom(4, 5, 99))
    await fc.assert(
      fc.asyncProperty(queries, async ([asked, typed]) => {
        const text = [...asked.slice(1), asked[0]!.slice(0, typed)].join(' ')
        const wanted = await answer([one], { text })
        expect(wanted.best.passages.length).toBeGreaterThan(0)
        expect(await answer(segments, { text })).toEqual(wanted)
      }),
      { numRuns: 60 },
    )
  })
})

describe('what a word stands for', () => {
  test('is a typo only where no segment has anything', async () => {
    const big = await segmentOf([textOnly('match'), ...others(5)])
    const small = await segmentOf([textOnly('watch'), ...others(5)])
    expect(await meant([big], 'watch')).toEqual([['match typo']])
    expect(await meant([big, small], 'watch')).toEqual([['watch exact']])
    expect(await meant([small, big], 'matc', true)).toEqual([['match prefix']])
  })

  test('is the nearest of all segments, and looked up in all of them', async () => {
    const [query, near, far] = ['componnet', 'component', 'componnetia']
    expect([naiveSlips(query, near), naiveSlips(query, far)]).toEqual([1, 2])
    const one = await segmentOf([textOnly(near), ...others(4)])
    const two = await segmentOf([textOnly(far), textOnly(`${near}s`), ...others(4)])
    expect(await meant([await segmentOf([textOnly(far)])], query)).toEqual([[`${far} typo`]])
    expect(await meant([two, one], query)).toEqual([[`${near} typo`, `${near}s typo`]])
  })

  test('in a segment of many blocks a mistyped word is found where the small one knows what it is', async () => {
    const words = manyWords(5000)
    const many = Array.from({ length: 50 }, (_, p) => textOnly(words.slice(p * 100, p * 100 + 100).join(' ')))
    const big = await segmentOf([...many, textOnly('component')])
    const small = await segmentOf([textOnly('components'), ...others(4), textOnly('component')])
    expect(naiveSlips('yomponent', 'component')).toBe(1)
    expect(await found([big, small], 'yomponent')).toEqual([50, 51, 56])
  })

  test('is by the stemming of each segment', async () => {
    const english = await segmentOf([textOnly('connected'), ...others(4)])
    const plain = await segmentOf([textOnly('connected'), textOnly('connect'), ...others(4)], 'none')
    expect(await found([english, plain], 'connect')).toEqual([6, 0])
    expect(await meant([plain, english], 'connect', true)).toEqual([['connect exact', 'connected stem']])
  })
})

describe('common words', () => {
  /** "vue" is in half of the passages of the first, and in the only one of the others. */
  const first = Array.from({ length: 10 }, (_, i) =>
    textOnly(`page${i} ${i % 2 === 0 ? 'vue' : ''} ${i > 7 ? 'router' : ''}`),
  )
  const leftOut = async (segments: readonly LexicalSegment[], text: string) =>
    (await answer(segments, { text, isOpen: false })).words.filter(({ idf }) => idf === 0).map(({ word }) => word)

  test('are what the segments with more than half of the passages call so', async () => {
    const big = await segmentOf(first)
    const single = await segmentOf([textOnly('vue router page3')])
    expect(single.header.common).toEqual(['page3', 'router', 'vue'])
    expect(await leftOut([big, single, single], 'vue router page3')).toEqual(['vue'])
    const without = await segmentOf(others(13, 'vuex'))
    expect(await leftOut([big, single, single, without], 'vue router page3')).toEqual([])
    const asMany = await segmentOf(others(12, 'vuex')) // half is not more than half
    expect(await leftOut([big, single, single, asMany], 'vue router page3')).toEqual([])
    const fewer = await segmentOf(others(11, 'vuex'))
    expect(await leftOut([big, single, single, fewer], 'vue router page3')).toEqual(['vue'])
  })

  test('of a question are left out where most passages are English', async () => {
    const english = await segmentOf([textOnly('the cat'), ...others(5)])
    const plain = await segmentOf([textOnly('the dog'), ...others(4)], 'none')
    expect(await leftOut([english, plain], 'the cat')).toEqual(['the'])
    expect(await leftOut([english, plain, plain], 'the cat')).toEqual([])
  })
})

describe('segments without words', () => {
  test('keep their ids, are never found and count nothing', async () => {
    const passages = [textOnly('cat'), textOnly('cat fish'), ...others(8)]
    const one = await segmentOf(passages)
    const [head, tail] = await Promise.all(cut(passages, [1]).map((part) => segmentOf(part)))
    const same = [head!, tail!].map((segment) => ({ ...segment, header: { ...segment.header, common: [] } }))
    const bare: LexicalSegment = { source: memoryStore(), passages: 7 }
    const wanted = await answer([one], { text: 'cat fish' })
    const { scores, words, exact } = await answer([bare, same[0]!, bare, same[1]!], { text: 'cat fish' })
    expect(scores).toEqual(
      Float64Array.of(...new Array(7).fill(0), wanted.scores[0]!, ...new Array(7).fill(0), ...wanted.scores.slice(1)),
    )
    expect(words).toEqual(wanted.words)
    expect(exact).toHaveLength(24)
  })

  test('alone, and no segment at all: nothing is found', async () => {
    const alone = await answer([{ source: memoryStore(), passages: 3 }], { text: 'the cat' })
    expect([alone.best.passages, alone.scores.length]).toEqual([[], 3])
    expect((await answer([], { text: 'cat' })).best.passages).toEqual([])
  })

  test('another number of passages than the words are of is refused', async () => {
    const segment = await segmentOf(others(3))
    expect(() => new LexicalIndex([{ ...segment, passages: 4 }])).toThrow(
      expect.objectContaining({
        code: 'index-invalid',
        message: expect.stringMatching(/has 4 passages, and words of 3/),
      }),
    )
  })
})

describe('round trips', () => {
  /** Sources that answer together what was asked together. */
  const inWaves = () => {
    let waves = 0
    const waiting: (() => void)[] = []
    const together = () =>
      new Promise<void>((go) => {
        if (waiting.push(go) > 1) return
        setTimeout(() => {
          waves++
          for (const go of waiting.splice(0)) go()
        }, 20)
      })
    const slowed = ({ source, ...rest }: Segment): Segment => {
      const slow: BlobSource = {
        location: source.location,
        get: (key) => together().then(() => source.get(key)),
        slice: (key, start, end) => together().then(() => source.slice!(key, start, end)),
      }
      return { ...rest, source: slow }
    }
    return { slowed, waves: () => waves }
  }

  test.each([
    ['kelp', 1, 'kelp exact'], // in the second only
    ['longothr1', 1, 'longother1 typo'],
    ['olngohter1', 2, 'longother1 typo'], // two slips: there may be one elsewhere
  ])('%s: no more of them for three segments', async (text, wanted, term) => {
    const small = [await segmentOf([textOnly('kelp longother1')]), await segmentOf(others(2))]
    for (const added of [[], small]) {
      const { slowed, waves } = inWaves()
      const segments = [await segmentOf([textOnly('kelp'), ...others(20, 'longother')]), ...added]
      const { words } = await answer(segments.map(slowed), { text, isOpen: false })
      expect(words[0]!.terms.map(({ term, how }) => `${term} ${how}`)).toEqual([term])
      expect(waves()).toBe(wanted)
    }
  })
})
