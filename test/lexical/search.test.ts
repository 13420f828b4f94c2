/** Keyword search against its formulas (naive.ts), and rule by rule. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { LexicalBuilder, type PassageFields } from '../../src/lexical/builder.ts'
import type { LexicalHeader } from '../../src/lexical/format.ts'
import { LexicalIndex } from '../../src/lexical/search.ts'
import { type Stemming, stemOf } from '../../src/lexical/stem.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import { httpStore } from '../../src/store/http.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource, BlobStore } from '../../src/store/store.ts'
import { serveWatched, type WatchedSite } from '../support/watchedServer.ts'
import { naiveSearch, naiveSlips } from './naive.ts'
import { manyWords } from './sample.ts'

const NOTHING: PassageFields = { title: '', headings: '', text: '', code: '' }

const indexOf = (source: BlobSource, header: LexicalHeader) =>
  new LexicalIndex([{ source, header, passages: header.passages }])

async function build(
  passages: readonly PassageFields[],
  stemming: Stemming = 'english',
  store: BlobStore = memoryStore(),
) {
  const builder = new LexicalBuilder(store)
  for (const passage of passages) builder.add(passage)
  const header = await builder.finish(stemming)
  return { store, header, index: indexOf(store, header) }
}

/** Enough other passages that no word of `passages` is common. */
async function among(passages: readonly Partial<PassageFields>[], stemming: Stemming = 'english') {
  const others = Array.from({ length: 4 * passages.length }, (_, i) => ({ ...NOTHING, text: `another${i} text${i}` }))
  const { index } = await build([...passages.map((passage) => ({ ...NOTHING, ...passage })), ...others], stemming)
  return {
    index,
    find: async (text: string, isOpen = false) => {
      const ranking = await index.search({ text, isOpen })
      return ranking.best(10).passages.map(({ id }) => id)
    },
    /** What a query's word stands for: `term how`. */
    meant: async (text: string, isOpen = false) => {
      const { words } = await index.search({ text, isOpen })
      return words.map(({ terms }) => terms.map(({ term, how }) => `${term} ${how}`).sort())
    },
  }
}

const texts = (...all: readonly string[]) => all.map((text) => ({ text }))

describe('against the formula', () => {
  /** Words of a line are relatives by Porter's algorithm, and no others are. */
  const RELATIVES = [
    ['cat', 'cats'],
    ['run', 'runs', 'running'],
    ['use', 'uses', 'using'],
    ['connect', 'connected', 'connection'],
  ]
  const OTHERS = [
    'fish',
    'useRef',
    'torch.nn',
    'café',
    '東京',
    '東京都',
    '한국어',
    'connector2',
    'constant',
    'c++',
    'x',
  ]
  const MISTYPED = ['fsih', 'conected', 'conn', 'conect', 'connectlon', 'caf', 'runnning', 'nothing', '東', '!']
  const isRelated = (stemming: Stemming) => (a: string, b: string) =>
    a === b || (stemming === 'english' && RELATIVES.some((words) => words.includes(a) && words.includes(b)))

  const word = fc.constantFrom(...RELATIVES.flat(), ...OTHERS)
  const some = (most: number) => fc.array(word, { maxLength: most }).map((words) => words.join(' '))
  const passage = fc.record({
    title: some(3),
    headings: some(3),
    text: some(12),
    code: some(5),
    weight: fc.constantFrom(1, 1, 2, 0.5, 0.25), // powers of two are stored exactly
  })
  const query = fc
    .tuple(fc.array(fc.oneof(word, word, fc.constantFrom(...MISTYPED)), { maxLength: 4 }), fc.constantFrom('', ' '))
    .map(([words, end]) => words.join(' ') + end)
  const stemming = fc.constantFrom<Stemming>('english', 'none')

  test('words that are relatives here have the same stem, and no others', () => {
    const all = [...RELATIVES.flat(), ...OTHERS]
    for (const a of all)
      for (const b of all)
        expect(stemOf(a, 'english') === stemOf(b, 'english'), `${a} ${b}`).toBe(isRelated('english')(a, b))
  })

  test('every passage has the score that the formula gives it; the best are those that a filter lets through', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(passage, { minLength: 1, maxLength: 12 }),
        query,
        stemming,
        fc.nat(12),
        fc.nat(),
        async (passages, text, stemming, k, filter) => {
          const { index } = await build(passages, stemming)
          const { scores, best } = await index.search({ text })
          const wanted = naiveSearch(passages, text, isRelated(stemming))
          // Lengths below 64 are exact, and so are these weights, up to 2. What is rounded is idf, to 2^-16: of each of at
          // most 4 × 4 words and parts half of that, times at most K1 + 1 = 4, times 2.
          const tolerance = 16 * 2 ** -17 * 4 * 2
          expect(scores).toHaveLength(passages.length)
          wanted.forEach((score, p) => {
            expect(Math.abs(scores[p]! - score)).toBeLessThanOrEqual(tolerance)
            expect(scores[p]! > 0).toBe(score > 0)
          })
          const ids = passages.map((_, p) => p).filter((p) => scores[p]! > 0)
          const ranked = (kept: readonly number[]) =>
            kept.toSorted((a, b) => scores[b]! - scores[a]! || a - b).map((id) => ({ id, score: scores[id]! }))
          const count = (kept: readonly number[]) => (k > 0 ? kept.length : 0)
          expect(best(k)).toEqual({ passages: ranked(ids).slice(0, k), count: count(ids) })
          const isLetThrough = (p: number) => ((filter >> p) & 1) === 1
          const passing = ids.filter(isLetThrough)
          expect(best(k, Uint32Array.of(filter))).toEqual({
            passages: ranked(passing).slice(0, k),
            count: count(passing),
          })
        },
      ),
      { numRuns: 400 },
    )
  })

  test('an example by hand', async () => {
    // 10 passages; "fish" in 2 of them, once in a text of 2 words, once in a title of 1.
    const passages = [
      { ...NOTHING, text: 'fish swim' },
      { ...NOTHING, title: 'Fish' },
    ]
    const { index } = await build([
      ...passages,
      ...Array.from({ length: 8 }, (_, i) => ({ ...NOTHING, text: `w${i}` })),
    ])
    const { scores, words } = await index.search({ text: 'fish', isOpen: false })
    const idf = Math.log(1 + 8.5 / 2.5)
    // Texts have 10 words, the mean is 1: 1 / (.3 + .7 · 2). Titles have 1 word, and means below 1 are 1: 3 / (.2 + .8).
    const saturated = (frequency: number) => (frequency * 4) / (frequency + 3)
    expect(scores[0]).toBeCloseTo(idf * saturated(1 / 1.7), 4) // 4 digits: idf is rounded to 2^-16
    expect(scores[1]).toBeCloseTo(idf * saturated(3), 4)
    expect([...scores.slice(2)]).toEqual(new Array(8).fill(0))
    expect(words).toEqual([
      { word: 'fish', terms: [{ term: 'fish', how: 'exact', weight: 1 }], passages: 2, idf: expect.closeTo(idf, 4) },
    ])
  })

  test('equal passages are found in order', async () => {
    const { find } = await among(texts('cat', 'dog', 'cat', 'cat'))
    expect(await find('cat')).toEqual([0, 2, 3])
  })
})

describe('relatives', () => {
  test('are found in English, the word itself first', async () => {
    const passages = texts('connections', 'connected', 'connect', 'other')
    const { find, meant } = await among(passages)
    expect(await find('connect')).toEqual([2, 0, 1])
    expect(await meant('connect')).toEqual([['connect exact', 'connected stem', 'connections stem']])
    expect(await (await among(passages, 'none')).find('connect')).toEqual([2])
  })
})

describe('while a word is being typed', () => {
  const passages = texts('component', 'composable', 'compute', 'company')

  test('the last word may go on; not after a space, and not where it is said to be whole', async () => {
    const { index } = await among(passages)
    const found = async (text: string, isOpen?: boolean) => {
      const ranking = await index.search({ text, ...(isOpen !== undefined && { isOpen }) })
      return ranking.best(10).passages.map(({ id }) => id)
    }
    expect(await found('compo')).toEqual([0, 1])
    expect(await found('compo ')).toEqual([])
    expect(await found('compo.')).toEqual([])
    expect(await found('compo', false)).toEqual([])
    expect(await found('compo ', true)).toEqual([0, 1])
    expect(await found('compo compu')).toEqual([2]) // the first one is whole
  })

  test('the less is missing, the more it counts', async () => {
    const { index } = await among(passages)
    const { words } = await index.search({ text: 'comp' })
    expect(new Map(words[0]!.terms.map(({ term, weight }) => [term, weight]))).toEqual(
      new Map([
        ['company', expect.closeTo((0.6 * 4) / 7, 12)],
        ['compute', expect.closeTo((0.6 * 4) / 7, 12)],
        ['component', expect.closeTo((0.6 * 4) / 9, 12)],
        ['composable', expect.closeTo((0.6 * 4) / 10, 12)],
      ]),
    )
    expect(words[0]!.terms.map(({ term }) => term.length)).toEqual([7, 7, 9, 10])
  })

  test('a whole word counts before what it begins', async () => {
    const { meant, find } = await among(texts('watchdog', 'watch', 'watcher'))
    expect(await find('watch', true)).toEqual([1, 2, 0])
    expect(await meant('watch', true)).toEqual([['watch exact', 'watchdog prefix', 'watcher prefix']])
  })

  test('identifiers go on too', async () => {
    const { find } = await among(texts('useRef', 'torch.nn.Linear', '--no-cache'))
    expect(await find('useR', true)).toEqual([0])
    expect(await find('torch.n', true)).toEqual([1])
    expect(await find('--no-c', true)).toEqual([2])
  })

  test('one letter begins too many words; one character of Chinese does not', async () => {
    const { find } = await among(texts('component', '検索する', 'c'))
    expect(await find('c', true)).toEqual([2])
    expect(await find('検', true)).toEqual([1])
  })
})

describe('mistyped words', () => {
  const passages = texts('reactivity', 'watch', 'ref', 'reactive component', 'vapor')

  test.each([
    ['wtach', [1]], // changed over
    ['wach', [1]],
    ['watcch', [1]],
    ['wotch', [1]],
    ['awtch', [1]], // at its beginning, so that it lies elsewhere
    ['wtahc', []], // two, of five letters
    ['raectiviyt', [0, 3]], // two, of ten; its relative too
    ['raectvyti', []], // more
    ['reff', [2]], // four letters may have one
    ['rfe', []], // three none
  ])('%s', async (text, wanted) => {
    expect(await (await among(passages)).find(text)).toEqual(wanted)
  })

  test('are looked for only where nothing else is meant', async () => {
    const { find, meant } = await among(texts('watch', 'match', 'patches'))
    expect(await find('watch')).toEqual([0])
    expect(await meant('patch')).toEqual([['patches stem']])
    expect(await meant('matc', true)).toEqual([['match prefix']])
  })

  test('stand for the nearest, with their relatives', async () => {
    const { meant } = await among(texts('component', 'components', 'compartments'))
    expect(await meant('componnet')).toEqual([['component typo', 'components typo']])
  })

  test('count half for each slip', async () => {
    const { index } = await among(passages)
    const weights = async (text: string) => (await index.search({ text, isOpen: false })).words[0]!.terms[0]!.weight
    expect(await weights('raectivity')).toBe(0.5)
    expect(await weights('raectiviyt')).toBe(0.25)
  })
})

describe('common words', () => {
  /** "vue" in every second passage, "the" in all. */
  const passages = Array.from({ length: 10 }, (_, i) => ({
    ...NOTHING,
    text: `the page${i} ${i % 2 === 0 ? 'vue' : ''} ${i > 7 ? 'router' : ''}`,
  }))

  test('are left out beside others, and said to be', async () => {
    const { index } = await build(passages)
    const { words, best } = await index.search({ text: 'the vue router ' })
    expect(best(10).passages.map(({ id }) => id)).toEqual([9, 8]) // 8 is longer by "vue", and gains nothing by it
    expect(words.map(({ word, idf, passages }) => [word, idf > 0, passages])).toEqual([
      ['router', true, 2],
      ['the', false, 0],
      ['vue', false, 0],
    ])
  })

  test('are answered beside words that are nowhere; words of a question are not', async () => {
    const { index } = await build(passages)
    const { best, words } = await index.search({ text: 'how the vue zebra ' })
    expect(best(20).passages.map(({ id }) => id)).toEqual([0, 2, 4, 6, 8])
    expect(words.map(({ word, passages }) => [word, passages])).toEqual([
      ['vue', 5],
      ['zebra', 0],
      ['how', 0],
      ['the', 0],
    ])
    expect((await index.search({ text: 'the zebra ' })).best(20).passages).toEqual([])
  })

  test('alone are answered', async () => {
    const { index } = await build(passages)
    const ranking = await index.search({ text: 'the vue ' })
    expect(ranking.best(20).passages.map(({ id }) => id)).toEqual([0, 2, 4, 6, 8, 1, 3, 5, 7, 9])
  })
})

describe('marks', () => {
  test('the title is the query, word for word', async () => {
    const titles = ['Watch Effects', 'Effects of Watch', 'Watch', 'Watch all Effects', 'watch-effects', 'Other']
    const { index } = await among(titles.map((title) => ({ title })))
    const marked = async (text: string) => {
      const { exact } = await index.search({ text })
      return titles.map((_, id) => exact(id))
    }
    expect(await marked('watch effects')).toEqual(['title', undefined, undefined, undefined, 'title', undefined])
    expect(await marked('Watch  Effects?')).toEqual(['title', undefined, undefined, undefined, 'title', undefined])
    expect(await marked('watch')).toEqual([undefined, undefined, 'title', undefined, undefined, undefined])
    expect(await marked('watch effect')).toEqual(new Array(6).fill(undefined))
  })

  test('the title has an identifier of the query', async () => {
    const titles = ['useRef() in-depth', 'Use of a ref', 'torch.nn.Linear', 'useRefs']
    const { index } = await among([...titles.map((title) => ({ title })), { text: 'useRef' }])
    const marked = async (text: string) => {
      const { exact } = await index.search({ text })
      return [...titles, ''].map((_, id) => exact(id))
    }
    expect(await marked('what is useRef')).toEqual(['identifier', undefined, undefined, undefined, undefined])
    expect(await marked('use ref')).toEqual(new Array(5).fill(undefined))
    expect(await marked('in-depth')).toEqual(new Array(5).fill(undefined)) // a hyphen makes no identifier
    expect(await marked('torch.nn.Linear')).toEqual([undefined, undefined, 'title', undefined, undefined])
    expect(await marked('a torch.nn.Linear layer')).toEqual([undefined, undefined, 'identifier', undefined, undefined])
  })

  test('a title is one also where it has common words', async () => {
    const titles = Array.from({ length: 10 }, (_, i) => ({ ...NOTHING, title: i < 8 ? `The word${i}` : `word${i}` }))
    const { index } = await build(titles)
    const { exact } = await index.search({ text: 'the word3' })
    expect(exact(3)).toBe('title')
    expect((await index.search({ text: 'word3' })).exact(3)).toBe(undefined)
    expect((await index.search({ text: 'the word8' })).exact(8)).toBe(undefined)
  })
})

describe('nothing to find', () => {
  test.each(['', '   ', '?!', '—', '…'])('%j asks for no word', async (text) => {
    const { index } = await among(texts('cat'))
    const { best, words, exact } = await index.search({ text })
    expect([best(10).passages, words, exact(0)]).toEqual([[], [], undefined])
  })

  test('words that are nowhere are said to be', async () => {
    const { index } = await among(texts('cat'))
    const { best, words } = await index.search({ text: 'zebra ' })
    expect(best(10).passages).toEqual([])
    expect(words).toMatchObject([{ word: 'zebra', terms: [], passages: 0 }])
  })

  test('k of 0', async () => {
    const { index } = await among(texts('cat'))
    expect((await index.search({ text: 'cat' })).best(0).passages).toEqual([])
  })

  test('an index without passages, and one without words', async () => {
    for (const passages of [[], [NOTHING, NOTHING]]) {
      const { index } = await build(passages)
      expect((await index.search({ text: 'cat mistyped' })).best(10).passages).toEqual([])
    }
  })

  test('empty passages are never found, and lie among the others', async () => {
    const { find } = await among([{}, { text: 'cat' }, {}, { title: 'cat' }])
    expect(await find('cat')).toEqual([3, 1])
  })
})

test('a corpus of one passage is searched, though all its words are in all of it', async () => {
  const { index } = await build([{ ...NOTHING, text: 'a cat sleeps' }])
  expect((await index.search({ text: 'cat' })).best(10).passages).toHaveLength(1)
  expect((await index.search({ text: 'cat zebra ' })).best(10).passages).toHaveLength(1)
  expect((await index.search({ text: 'zebra' })).best(10).passages).toEqual([])
})

describe('an index of several blocks', async () => {
  const words = [...new Set(manyWords(5000))]
  const plain = (word: string) => word.replace('é', 'e').replace('ñ', 'n')
  const terms = words.map(plain)
  const passages = Array.from({ length: 50 }, (_, p) => ({
    ...NOTHING,
    text: words.filter((_, i) => i % 50 === p).join(' '),
  }))
  const { store, header } = await build(passages)
  /** Blocks that a query reads, the table of passages left out. */
  const watched = () => {
    const blocks: number[] = []
    const starts = header.blockBytes.map((_, i, sizes) => sizes.slice(0, i).reduce((sum, bytes) => sum + bytes, 0))
    const source: BlobSource = {
      location: 'here',
      get: (key) => store.get(key),
      slice: (key, start, end) => {
        blocks.push(starts.indexOf(start))
        return store.slice!(key, start, end)
      },
    }
    const asked = async (text: string, isOpen = false) => {
      blocks.length = 0
      const { words } = await indexOf(source, header).search({ text, isOpen })
      const terms = words[0]!.terms.map(({ term, how }) => `${term} ${how}`).sort()
      return { terms, blocks: blocks.filter((block) => block > 0) }
    }
    return asked
  }

  test('is one pack, so that blocks are told apart by where they begin', () => {
    expect(header.packs).toHaveLength(1)
    expect(header.starts.length).toBeGreaterThan(4)
  })

  test('a word is one block', async () => {
    const asked = watched()
    for (const word of words.slice(0, 200)) {
      const { terms, blocks } = await asked(word)
      expect(terms).toContain(`${plain(word)} exact`)
      expect(blocks).toHaveLength(1)
    }
  })

  test('beginnings of four letters find all words that begin so', async () => {
    const asked = watched()
    const beginnings = [...new Set(terms.map((term) => term.slice(0, 4)))].filter((_, i) => i % 40 === 0)
    expect(beginnings.length).toBeGreaterThan(20)
    for (const beginning of beginnings) {
      const found = (await asked(beginning, true)).terms.map((term) => term.split(' ')[0]!)
      const isMeant = (term: string) =>
        term.startsWith(beginning) || stemOf(term, 'english') === stemOf(beginning, 'english')
      expect(found).toEqual([...new Set(terms.filter(isMeant))].sort())
    }
  })

  test('a mistyped word is looked for in its own block, then among all words', async () => {
    const asked = watched()
    const term = words.find((word) => /^[a-z]{9,}$/.test(word) && stemOf(word, 'english') === word)!
    const late = `${term.slice(0, -2)}${term.at(-1)}${term.at(-2)}`
    const early = `0${term.slice(1)}`
    expect([naiveSlips(term, late), naiveSlips(term, early)]).toEqual([1, 1])
    const own = await asked(term)
    expect(own.blocks).toHaveLength(1)
    expect(await asked(late)).toEqual({ terms: [`${term} typo`], blocks: own.blocks })
    const WORDS_BLOCK = 1
    // Its own block would be the first, with digits; then all words, then the block of what it is.
    const { terms, blocks } = await asked(early)
    expect(terms).toEqual([`${term} typo`])
    expect(blocks).toContain(WORDS_BLOCK)
    expect(blocks.at(-1)).toBe(own.blocks[0])
  })
})

test('what is two slips away in its own block gives way to what is one away elsewhere', async () => {
  const query = 'yomponent'
  const [near, far] = ['component', 'yomponanta']
  expect([naiveSlips(query, near), naiveSlips(query, far)]).toEqual([1, 2])
  const passages = Array.from({ length: 50 }, (_, p) => ({
    ...NOTHING,
    text: manyWords(5000)
      .slice(p * 100, p * 100 + 100)
      .join(' '),
  }))
  const { index, header } = await build([...passages, { ...NOTHING, text: `${near} ${far}` }])
  const blockOf = (stem: string) => header.starts.findLastIndex((start) => start <= stem)
  expect(blockOf(stemOf(query, 'english'))).toBe(blockOf(stemOf(far, 'english')))
  expect(blockOf(stemOf(query, 'english'))).not.toBe(blockOf(stemOf(near, 'english')))
  const { words } = await index.search({ text: query, isOpen: false })
  expect(words[0]!.terms).toEqual([{ term: near, how: 'typo', weight: 0.5 }])
})

describe('wherever the index lies', () => {
  const sites: WatchedSite[] = []
  const folders: string[] = []
  afterEach(() => {
    for (const site of sites.splice(0)) site.close()
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
  })

  const words = [...new Set(manyWords(3000))]
  const passages = Array.from({ length: 300 }, (_, p) => ({
    title: `${words[p]} ${words[p + 1]}`,
    headings: words[p * 3]!,
    text: words.slice(p * 5, p * 5 + 40).join(' '),
    code: words.slice(p * 9, p * 9 + 3).join(' '),
  }))
  const QUERIES = [words.slice(3, 7).join(' '), `${words[50]}x`, words[80]!.slice(0, 3), `${words[9]} `, '']

  async function written() {
    const folder = mkdtempSync(join(tmpdir(), 'selvage-lexical-'))
    folders.push(folder)
    return { folder, ...(await build(passages, 'english', fileStore(folder))) }
  }

  async function served(folder: string, knowsRanges: boolean) {
    const site = await serveWatched(folder, { knowsRanges })
    sites.push(site)
    return site
  }

  async function answers(source: BlobSource, header: Awaited<ReturnType<typeof written>>['header']) {
    const index = indexOf(source, header)
    const all = []
    for (const text of QUERIES) {
      const { best, words } = await index.search({ text })
      all.push({ best: best(20), words })
    }
    return all
  }

  test('memory, a folder, a server with ranges and one without, a source without slices: the same', async () => {
    const { folder, store, header } = await written()
    const memory = await build(passages)
    expect(memory.header).toEqual(header)
    const wanted = await answers(memory.store, header)
    expect(wanted.map(({ best }) => best.passages.length > 0)).toEqual([true, true, true, true, false])
    expect(await answers(store, header)).toEqual(wanted)
    expect(await answers({ location: 'here', get: (key) => store.get(key) }, header)).toEqual(wanted)

    const ranged = await served(folder, true)
    expect(await answers(httpStore({ url: ranged.url }), header)).toEqual(wanted)
    expect(new Set((await ranged.asked()).map(({ status }) => status))).toEqual(new Set([206]))

    const whole = await served(folder, false)
    expect(await answers(httpStore({ url: whole.url }), header)).toEqual(wanted)
    expect(new Set((await whole.asked()).map(({ status }) => status))).toEqual(new Set([200]))
  })
})
