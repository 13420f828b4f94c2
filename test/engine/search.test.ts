/** What an index answers: by meaning, by words and by both, filtered, counted, sorted, page by page. Without a model. */
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { buildIndex } from '../../src/engine/build.ts'
import { Engine } from '../../src/engine/engine.ts'
import { fileStore } from '../../src/node/fileStore.ts'
import { createOps } from '../../src/ops/create.ts'
import { memoryStore } from '../../src/store/memory.ts'
import type { BlobSource, BlobStore } from '../../src/store/store.ts'
import type { DocumentRecord, Input } from '../../src/text/document.ts'
import type { EngineQuery } from '../../src/types.ts'
import { fakeEncoder } from '../support/fakeEncoder.ts'

const kernels = await createOps({ backend: 'wasm' })
const assign = kernels.assignCentroids.bind(kernels)

async function build(sources: readonly Input[]) {
  const store = memoryStore()
  return { store, ...(await buildIndex({ sources, encoder: fakeEncoder(), store, assign, fingerprint: 'print' })) }
}

/** By words, without vectors, unless `mode` says otherwise. */
async function ask(source: BlobSource, text: string, given: Partial<EngineQuery> = {}) {
  const engine = await Engine.open(source)
  const { mode = 'keyword' } = given
  if (mode !== 'keyword') await engine.loadVectors(kernels)
  const matrix = mode === 'keyword' ? undefined : (await fakeEncoder().encodeQuery(text)).matrix
  const answer = await engine.search({ text, matrix, k: 10, ...given, mode })
  engine.close()
  return answer
}

type Answer = Awaited<ReturnType<typeof ask>>
const urls = ({ hits }: Pick<Answer, 'hits'>) => hits.map(({ passage }) => passage.section.url)

function record(id: string, text: string, more: Partial<DocumentRecord> = {}): Input {
  return { path: `data.jsonl:${id}`, record: { id, url: `/${id}`, title: id, text, ...more } }
}

/** Pages without any word of interest, so that no word is common. */
const others = (count: number): Input[] =>
  Array.from({ length: count }, (_, i) => record(`other${i}`, `filler${i} stuffing${i}`))

describe('by both', async () => {
  /** Too long to be a word, yet a token like any other to the encoder: only vectors find it. */
  const DATA = 'q'.repeat(70)
  const many = Array.from({ length: 120 }, (_, i) => record(`data${i}`, `${DATA} data${i}`))
  const { store } = await build([
    ...many,
    record('best', `${DATA} how is the`), // these words are left out where words are compared
    record('words', 'connections'), // a relative by stem: to vectors made of letters it is another word
    record('neither', 'stones'),
  ])
  const QUESTION = `how is the connected ${DATA}`

  test('finds what only words find and what only vectors find, and says what matched in each', async () => {
    const { hits, mode, backend, words } = await ask(store, QUESTION, { mode: 'hybrid' })
    expect([mode, backend]).toEqual(['hybrid', 'wasm'])
    expect(words.find(({ terms }) => terms.length > 0)).toMatchObject({
      word: 'connected',
      terms: [{ term: 'connections', how: 'stem' }],
    })
    expect(urls({ hits }).slice(0, 2)).toEqual(['/best', '/words'])
    const byWords = hits.filter(({ ranking }) => ranking.keyword)
    expect(urls({ hits: byWords })).toEqual(['/words'])
    // Not among the nearest 50 by meaning, so it was scored afterwards.
    expect(byWords[0]!.ranking).toMatchObject({ keyword: { rank: 1 }, semantic: { rank: 51 } })
    expect(hits).toHaveLength(10)
    for (const { ranking, matches } of hits) {
      expect(ranking.semantic).toBeDefined()
      expect([matches?.positions.length, matches?.similarities.length]).toEqual([5, 5])
    }
    for (const { matches } of hits.filter(({ ranking }) => !ranking.keyword))
      expect(Math.max(...matches!.similarities)).toBeGreaterThan(0.9)
  })

  test('each way alone finds its own', async () => {
    expect(urls(await ask(store, QUESTION))).toEqual(['/words'])
    const byMeaning = await ask(store, QUESTION, { mode: 'semantic', k: 50 })
    expect(byMeaning.hits).toHaveLength(50)
    expect(urls(byMeaning)).not.toContain('/words')
    expect(byMeaning.words).toEqual([])
  })

  test('by ranks, where that is asked', async () => {
    const { hits } = await ask(store, QUESTION, { mode: 'hybrid', fusion: 'rrf' })
    const { score } = hits.find(({ ranking }) => ranking.keyword)!
    expect(score).toBeCloseTo(1 / 61 + 1 / 111, 12) // first by words, and 51st by meaning
  })

  test('a filter holds for both', async () => {
    const { store } = await build([
      record('a', 'fish swim', { filters: { kind: ['x'] } }),
      record('b', 'fish sleep', { filters: { kind: ['y'] } }),
      ...others(8),
    ])
    const filters = { kind: ['y'] }
    for (const mode of ['hybrid', 'semantic', 'keyword'] as const)
      expect(urls(await ask(store, 'fish', { mode, filters }))).toEqual(['/b'])
  })
})

describe('by words', async () => {
  const { store, manifest } = await build([
    { path: 'a.md', content: '# Cats\n\nA cat sleeps.\n\n## Food\n\nCats eat fish.\n' },
    record('r', 'A river carries water and fish.', { meta: { image: 'r.png' }, language: 'en' }),
    ...others(10),
  ])

  test('no vectors are read', async () => {
    const read: string[] = []
    const source: BlobSource = {
      location: 'here',
      get: (key) => {
        read.push(key)
        return store.get(key)
      },
      slice: (key, start, end) => {
        read.push(key)
        return store.slice!(key, start, end)
      },
    }
    const { hits, mode, backend } = await ask(source, 'fish ')
    expect([hits.length, mode, backend]).toEqual([2, 'keyword', undefined])
    expect(new Set(read.map((key) => key.split('-')[0]))).toEqual(
      new Set(['manifest.json', 'lexical', 'pages', 'texts']),
    )
  })

  test('is what a query without vectors gets; with them it gets both', async () => {
    const engine = await Engine.open(store)
    expect((await engine.search({ text: 'fish', k: 3 })).mode).toBe('keyword')
    await engine.loadVectors(kernels)
    const { matrix } = await fakeEncoder().encodeQuery('fish')
    expect((await engine.search({ text: 'fish', matrix, k: 3 })).mode).toBe('hybrid')
    engine.close()
  })

  test('sections of pages and records are found alike, with what is stored of them', async () => {
    const { hits } = await ask(store, 'carries')
    expect(hits).toHaveLength(1)
    const { section } = hits[0]!.passage
    expect(section).toMatchObject({ url: '/r', headings: ['r'], page: { url: '/r', meta: { image: 'r.png' } } })
    expect(section.text).toBe('A river carries water and fish.')
    expect(urls(await ask(store, 'food'))).toEqual(['/a.html#food'])
  })

  test('a heading that is the query stands first, as a title', async () => {
    const { hits } = await ask(store, 'Cats')
    expect(hits[0]!.passage.section.headings).toEqual(['Cats'])
    expect(hits[0]!.ranking.bonus?.kind).toBe('title')
    expect(hits[1]!.passage.section.headings).toEqual(['Cats', 'Food'])
    expect(hits[1]!.ranking.bonus).toBeUndefined()
  })

  test('k is the most there are', async () => {
    expect((await ask(store, 'fish', { k: 1 })).hits).toHaveLength(1)
    expect((await ask(store, 'fish', { k: 0 })).hits).toEqual([])
    expect((await ask(store, 'fish', { k: 1000 })).hits).toHaveLength(2)
    expect((await ask(store, 'fish', { k: 1000, mode: 'hybrid' })).hits).toHaveLength(manifest.texts.sections)
    expect((await ask(store, 'fish', { k: 1000, groupBy: 'page' })).hits).toHaveLength(2)
    expect((await ask(store, '', { k: 1000 })).hits).toEqual([])
  })

  test('a section of hundreds of passages takes no place from others', async () => {
    const long = Array.from({ length: 4000 }, (_, i) => `fish ${i}.`).join(' ')
    const short = Array.from({ length: 5 }, (_, i) => record(`short${i}`, `${'filler '.repeat(30)}fish`))
    const { store, passages } = await build([record('long', long), ...short, ...others(400)])
    expect(passages).toBeGreaterThan(550)
    expect(urls(await ask(store, 'fish ')).sort()).toEqual(['/long', ...short.map((_, i) => `/short${i}`)].sort())
  })
})

describe('filters', async () => {
  const page = (id: string, version: string[], lang: string) =>
    record(id, `fish ${id}`, { filters: { version, lang: [lang] } })
  const { store, manifest } = await build([
    page('a', ['2'], 'en'),
    page('b', ['2', '3'], 'en'),
    page('c', ['3'], 'de'),
    page('d', ['4'], 'de'),
    record('none', 'fish none'),
    record('stone', 'stones', { filters: { version: ['2'], lang: ['en'] } }),
    ...others(12),
  ])
  const find = async (filters: EngineQuery['filters'], more: Partial<EngineQuery> = {}) =>
    urls(await ask(store, 'fish', { filters, ...more })).sort()

  test('with no words they list what passes, in the order of the index or of a key', async () => {
    const list = async (more: Partial<EngineQuery>) => urls(await ask(store, '', { k: 100, groupBy: 'page', ...more }))
    const all = await list({ filters: {} })
    expect(all.slice(0, 6)).toEqual(['/a', '/b', '/c', '/d', '/none', '/stone'])
    expect(all).toHaveLength(18)
    expect(await list({ filters: { version: ['2'], lang: ['en'] } })).toEqual(['/a', '/b', '/stone'])
    expect(await list({})).toEqual([])
    const { counts } = await ask(store, '', { filters: { lang: ['de'] }, counts: true })
    expect(counts).toEqual({ lang: { en: 3, de: 2 }, version: { 2: 0, 3: 1, 4: 1 } })
  })

  test('values of one are alternatives, and all filters must hold', async () => {
    expect(manifest.pages?.filters).toEqual(['lang', 'version'])
    expect(await find({ version: ['2'] })).toEqual(['/a', '/b'])
    expect(await find({ version: ['2', '4'] })).toEqual(['/a', '/b', '/d'])
    expect(await find({ version: ['3'], lang: ['de'] })).toEqual(['/c'])
    expect(await find({ version: ['2'], lang: ['de'] })).toEqual([])
    expect(await find({ version: ['9'] })).toEqual([])
  })

  test('one without values is none', async () => {
    expect(await find({ version: [] })).toEqual(['/a', '/b', '/c', '/d', '/none'])
    expect(await find({})).toHaveLength(5)
  })

  test('counts are of the pages found, and a filter does not lessen its own', async () => {
    const counts = async (filters: EngineQuery['filters'], text = 'fish') =>
      (await ask(store, text, { filters, counts: true })).counts
    expect(await counts({})).toEqual({ lang: { de: 2, en: 2 }, version: { '2': 2, '3': 2, '4': 1 } })
    expect(await counts({ lang: ['en'] })).toEqual({ lang: { de: 2, en: 2 }, version: { '2': 2, '3': 1, '4': 0 } })
    expect(await counts({ lang: ['en'], version: ['3'] })).toEqual({
      lang: { de: 1, en: 1 },
      version: { '2': 2, '3': 1, '4': 0 },
    })
    expect(await counts({}, 'nothing ')).toEqual({ lang: { de: 0, en: 0 }, version: { '2': 0, '3': 0, '4': 0 } })
    expect((await ask(store, 'fish')).counts).toBeUndefined()
  })

  test.each(['semantic', 'hybrid'] as const)('the same where counted %s', async (mode) => {
    // All 18 sections are near enough to be among the 20.
    const filters = { lang: ['en'] }
    const { counts } = await ask(store, 'fish', { mode, filters, counts: true, k: 20 })
    expect(counts).toEqual({ lang: { de: 2, en: 3 }, version: { '2': 3, '3': 1, '4': 0 } })
  })

  test('all there are, with the number of their pages', async () => {
    const engine = await Engine.open(store)
    expect(await engine.filters()).toEqual({ lang: { de: 2, en: 3 }, version: { '2': 3, '3': 2, '4': 1 } })
    const plain = await Engine.open((await build([record('x', 'y')])).store)
    expect(await plain.filters()).toEqual({})
  })

  test('an unknown one is an error that names those there are', async () => {
    await expect(find({ versoin: ['2'] })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'The index has no filter "versoin"; it has lang, version.',
    })
    await expect(ask((await build([record('x', 'y')])).store, 'y', { filters: { a: ['b'] } })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'The index has no filter "a"; it has none.',
    })
  })
})

describe('what types would not let a program say is refused', async () => {
  const { store } = await build([record('guide', 'proxies', { filters: { lang: ['en'] } }), ...others(9)])
  // Taken as they are, they gave all hits but one, a TypeError, another mode, or pages in languages "e" and "n".
  test.each<[Record<string, unknown>, RegExp]>([
    [{ k: -1 }, /k is -1; .*whole number/],
    [{ k: 1.5 }, /k is 1.5/],
    [{ k: Number.NaN }, /k is NaN/],
    [{ mode: 'words' }, /mode is "words", wanted hybrid, semantic or keyword/],
    [{ fusion: 'sum' }, /fusion is "sum", wanted scores or rrf/],
    [{ groupBy: 'site' }, /groupBy is "site", wanted section or page/],
    [{ filters: { lang: 'en' } }, /filter "lang" is "en", wanted a list/],
  ])('%j', async (given, message) => {
    await expect(ask(store, 'proxies', given)).rejects.toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringMatching(message) }),
    )
  })
})

describe('sort', async () => {
  const page = (id: string, date?: string) => record(id, `fish ${id}`, date === undefined ? {} : { sort: { date } })
  const { store } = await build([
    page('ten', '10'),
    page('two', '2'),
    page('none'),
    page('minus', '-1.5'),
    page('word', 'later'),
    page('alsoTwo', '2'),
    page('early', 'Early'),
    ...others(12),
  ])
  const sorted = async (descending?: boolean) =>
    urls(await ask(store, 'fish', { sort: { by: 'date', ...(descending !== undefined && { descending }) } }))

  test('ascending: numbers by size, then words, then what has none', async () => {
    const order = await sorted()
    expect(order.slice(0, 1)).toEqual(['/minus'])
    expect(order.slice(1, 3).sort()).toEqual(['/alsoTwo', '/two'])
    expect(order.slice(3)).toEqual(['/ten', '/early', '/word', '/none'])
    expect(await sorted(false)).toEqual(order)
  })

  test('descending: the other way round, but for what has none', async () => {
    const order = await sorted(true)
    expect(order.slice(0, 3)).toEqual(['/word', '/early', '/ten'])
    expect(order.slice(3, 5).sort()).toEqual(['/alsoTwo', '/two'])
    expect(order.slice(5)).toEqual(['/minus', '/none'])
  })

  test('an unknown key is an error that names those there are', async () => {
    await expect(ask(store, 'fish', { sort: { by: 'size' } })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: 'The index has no sort key "size"; it has date.',
    })
  })
})

describe('by page', async () => {
  const sections = (count: number, text: string) =>
    Array.from({ length: count }, (_, i) => `## Part ${i}\n\n${text} part${i}\n`).join('\n')
  const { store } = await build([
    { path: 'long.md', content: `# Long\n\n${sections(80, 'fish')}` },
    { path: 'short.md', content: `# Short\n\nNothing.\n\n## Pond\n\nA fish among many other words of this pond.\n` },
    { path: 'third.md', content: `# Third\n\nNothing.\n\n## Lake\n\n${'Water and water. '.repeat(8)}And fish.\n` },
    ...Array.from({ length: 250 }, (_, i) => record(`other${i}`, `filler${i} stuffing${i}`)),
  ])
  const pages = ({ hits }: Answer) => hits.map(({ passage }) => passage.section.page.title)

  test.each(['keyword', 'hybrid', 'semantic'] as const)('a page of many sections is one hit: %s', async (mode) => {
    const answer = await ask(store, 'fish ', { mode, k: 3, groupBy: 'page' })
    expect(pages(answer).sort()).toEqual(['Long', 'Short', 'Third'])
    const long = answer.hits.find(({ passage }) => passage.section.page.title === 'Long')!
    expect(long.more).toHaveLength(2)
    expect(long.more.every(({ more, passage }) => more.length === 0 && passage.section.page.title === 'Long')).toBe(
      true,
    )
    const all = [long, ...long.more]
    expect(new Set(all.map(({ passage }) => passage.section.id)).size).toBe(3)
    for (const [i, { score }] of all.entries()) if (i > 0) expect(score).toBeLessThanOrEqual(all[i - 1]!.score)
  })

  test('section by section it has all the places that it deserves', async () => {
    const answer = await ask(store, 'fish ', { k: 5 })
    expect(pages(answer)).toEqual(new Array(5).fill('Long'))
    expect(answer.hits.every(({ more }) => more.length === 0)).toBe(true)
  })

  test('k pages, though there are more', async () => {
    expect(pages(await ask(store, 'fish ', { k: 1, groupBy: 'page' }))).toEqual(['Long'])
    expect((await ask(store, 'fish ', { k: 50, groupBy: 'page' })).hits).toHaveLength(3)
  })

  test('of fewer pages than k, all are found at once', async () => {
    const { store: small } = await build([{ path: 'long.md', content: `# Long\n\n${sections(80, 'fish')}` }])
    const ranked = vi.spyOn(kernels, 'searchPlaid')
    const { hits } = await ask(small, 'fish ', { mode: 'semantic', k: 10, groupBy: 'page' })
    expect(hits).toHaveLength(1)
    expect(ranked).toHaveBeenCalledTimes(2) // the second asks what matched
  })
})

describe('an index of version 1', () => {
  const store = fileStore(join(import.meta.dirname, '../fixtures/index-v1'))

  test('is searched by meaning, which is what it gets unasked, also page by page', async () => {
    const engine = await Engine.open(store)
    expect(engine.hasKeywords).toBe(false)
    await engine.loadVectors(kernels)
    const { matrix } = await fakeEncoder().encodeQuery('cats eat fish')
    const { mode, hits } = await engine.search({ text: 'cats eat fish', matrix, k: 2, groupBy: 'page' })
    expect(mode).toBe('semantic')
    expect(hits.map(({ passage }) => passage.section.headings)).toEqual([['Cats', 'Food'], ['rivers']])
    expect(hits[0]!.more.map(({ passage }) => passage.section.headings.at(-1)).sort()).toEqual(['Cats', 'Toys'])
    expect(await engine.filters()).toEqual({})
    engine.close()
  })

  test.each(['keyword', 'hybrid'] as const)('has no words: %s is an error that says what to do', async (mode) => {
    await expect(ask(store, 'fish', { mode })).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(
        /is of version 1 and has no words .*"(keyword|hybrid)".* Build it again, or .*"semantic"/,
      ),
    })
  })
})

describe('what a build leaves out', () => {
  const words = async (store: BlobStore, text: string) => urls(await ask(store, text))

  test('an address that is taken: the first stays, the other is named, and the build is never up to date', async () => {
    const { store, problems, manifest, pages } = await build([
      record('one', 'first', { url: '/same' }),
      record('two', 'second', { url: '/same' }),
      record('three', 'third'),
    ])
    expect(problems.map(({ code, message }) => [code, message])).toEqual([
      ['unreadable-document', expect.stringMatching(/^data\.jsonl:two has the address \/same, as data\.jsonl:one has/)],
    ])
    expect(pages).toBe(2)
    expect(manifest.fingerprint).toBe('')
    expect(await words(store, 'first')).toEqual(['/same'])
    expect(await words(store, 'second ')).toEqual([])
    expect((await build([record('one', 'first')])).manifest.fingerprint).toBe('print')
  })

  test('where a page is marked, those that are not; not so records, which somebody chose', async () => {
    const { store, skipped } = await build([
      { path: 'marked.html', content: '<p>outside</p><main data-pagefind-body><h1>M</h1><p>zebra inside</p></main>' },
      { path: 'plain.html', content: '<main><h1>P</h1><p>zebra elsewhere</p></main>' },
      record('r', 'zebra record'),
      ...others(8),
    ])
    expect(skipped).toEqual([{ path: 'plain.html', reason: 'it marks nothing as its body, and other pages do' }])
    expect((await words(store, 'zebra')).sort()).toEqual(['/marked.html', '/r'])
    expect(await words(store, 'outside ')).toEqual([])
  })

  test('what most pages repeat, but for the first', async () => {
    const { store } = await build(
      Array.from({ length: 10 }, (_, i) => ({
        path: `p${i}.md`,
        content: `# Page ${i}\n\nOwn text number${i}.\n\nWas this page helpful?\n`,
      })),
    )
    expect(await words(store, 'helpful')).toEqual(['/p0.html'])
    expect(await words(store, 'number7')).toEqual(['/p7.html'])
  })
})
