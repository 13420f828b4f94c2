/** Teaching in the demo: lines read, what was told kept, and what the page says and does of lessons, by a teacher that is none. */
import fc from 'fast-check'
import { type AdoptedLesson, type Lesson, type LessonSummary, SelvageError, type TeachOptions } from 'selvage'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { keyOf, type Pair, readPairs } from '../../demo/teach/pairs.ts'
import { firstSentence, linesSentences, skippedSentences, verdict } from '../../demo/teach/sentences.ts'
import { type Teacher, Teaching, type TeachState } from '../../demo/teach/teaching.ts'
import { MOST_PAIRS, type Shelf, Told } from '../../demo/teach/told.ts'

vi.mock('selvage', () => import('../../src/index.ts')) // whether it is built or not

const BASE = 'https://docs.example/demo/'
const pair = (query: string, url = `${BASE}a.html`, title = ''): Pair => ({ query, url, title })

describe('lines', () => {
  test.each([
    ['a tab', 'what is it\tdocs/a.html#b', pair('what is it', `${BASE}docs/a.html#b`)],
    ['white space around', '  what \t is it \t /a.html  ', pair('what is it', 'https://docs.example/a.html')],
    ['a space before an address', 'what is it https://x.example/a', pair('what is it', 'https://x.example/a')],
    ['a space before a path', 'what is it? docs/a.html', pair('what is it?', `${BASE}docs/a.html`)],
    ['JSON', '{"query":"what is it","url":"a.html","title":"A"}', pair('what is it', `${BASE}a.html`, 'A')],
    ['a text fragment', 'what\ta.html#b:~:text=it%20is', pair('what', `${BASE}a.html#b`)],
    ['nothing but a text fragment', 'what\ta.html#:~:text=it%20is', pair('what', `${BASE}a.html`)],
    ['a file of one’s own', 'what\town:notes/a.md', pair('what', 'own:notes/a.md')],
  ])('with %s', (_name, line, wanted) => {
    expect(readPairs(line, BASE)).toEqual({ pairs: [wanted], wrong: [] })
  })

  test.each([
    ['has no tab between a question and an address', 'nothing but words'],
    ['has no tab between a question and an address', 'is it 3.5 or so?'],
    ['has no tab between a question and an address', '\tdocs/a.html'],
    ['has no question', '?!\tdocs/a.html'],
    ['has no address of a page: “http://[”', 'a question\thttp://['],
    ['has no address of a page: “javascript:alert(1)”', 'a question\tjavascript:alert(1)'],
    ['has a question of 1,499 characters; 1,000 may be', `${'word '.repeat(300)}\ta.html`],
    ['begins like JSON, and is none', '{"query": "a"'],
    ['is a list; a line is one object, {"query": "…", "url": "…"}', '[{"query": "a", "url": "b"}]'],
    ['has no text as “query”', '{"question": "a", "url": "b"}'],
    ['has no text as “url”', '{"query": "a", "url": 3}'],
    ['has no address', '{"query": "a", "url": " "}'],
  ])('a line that %s is named', (why, line) => {
    expect(readPairs(`good\ta.html\n\n${line}\r\nalso good\ta.html`, BASE)).toEqual({
      pairs: [pair('good'), pair('also good')],
      wrong: [{ line: 3, why }],
    })
  })

  test('the names of columns, a byte order mark and empty lines are none', () => {
    expect(readPairs('\ufeffquery\turl\n\n\r\nwhat\ta.html\n', BASE)).toEqual({ pairs: [pair('what')], wrong: [] })
    expect(readPairs('', BASE)).toEqual({ pairs: [], wrong: [] })
  })

  test('each line that says something is read or named, whatever it says', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 12 }), (parts) => {
        const text = parts.join('\n')
        const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/)
        const said = lines.filter((line) => line.trim() !== '').length
        const { pairs, wrong } = readPairs(text, BASE)
        expect(pairs.length + wrong.length).toBe(said)
        for (const { line } of wrong) expect(lines[line - 1]?.trim()).toBeTruthy()
      }),
      { numRuns: 50 },
    )
  })

  test('five wrong lines are named, the rest counted', () => {
    const wrong = Array.from({ length: 8 }, (_, i) => ({ line: i + 1, why: 'has no question' }))
    expect(linesSentences(wrong).slice(4)).toEqual(['Line 5 has no question.', '3 more lines cannot be read either.'])
    expect(linesSentences(wrong.slice(0, 5))).toHaveLength(5)
  })
})

/** A browser's storage that may be full. */
function shelfOf(text?: string): Shelf & { text: string | undefined; isFull: boolean } {
  return {
    text,
    isFull: false,
    getItem() {
      return this.text ?? null
    },
    setItem(_key: string, value: string) {
      if (this.isFull) throw new DOMException('Full.', 'QuotaExceededError')
      this.text = value
    },
    removeItem() {
      this.text = undefined
    },
  }
}

describe('what was told', () => {
  test('is there again, the newest first, and the same is there once', () => {
    const shelf = shelfOf()
    const told = new Told(shelf)
    expect(told.add([pair('a'), pair('b', `${BASE}b.html`, 'B')])).toEqual({ added: 2, same: 0, tooMany: 0 })
    expect(told.add([pair(' A '), pair('c'), pair('C')])).toEqual({ added: 1, same: 2, tooMany: 0 })
    const again = new Told(shelf)
    expect(again.pairs).toEqual([pair('C'), pair('b', `${BASE}b.html`, 'B'), pair('a')])
    expect(again.has(pair('B', `${BASE}b.html`))).toBe(true)
    expect(again.has(pair('b', `${BASE}other.html`))).toBe(false)
    again.remove(pair('C'))
    expect(new Told(shelf).pairs.map(({ query }) => query)).toEqual(['b', 'a'])
    again.clear()
    expect(shelf.text).toBe(undefined)
  })

  test.each([
    ['no JSON', '{', []],
    ['an object', '{"a":1}', []],
    ['what is no pair among pairs', '[1, ["a"], [2, "b"], ["q", "u", 3], null]', [pair('q', 'u')]],
  ])('%s in its place is nothing', (_name, text, wanted) => {
    expect(new Told(shelfOf(text)).pairs).toEqual(wanted)
  })

  test('without a place to keep it, and without room there, it lasts as long as the tab', () => {
    const nowhere = new Told(undefined)
    nowhere.add([pair('a')])
    expect([nowhere.pairs.length, nowhere.isKept]).toEqual([1, false])
    const shelf = shelfOf()
    const told = new Told(shelf)
    told.add([pair('a')])
    shelf.isFull = true
    told.add([pair('b')])
    expect([told.pairs.length, told.isKept]).toEqual([2, false])
    shelf.isFull = false
    told.add([pair('c')])
    expect([told.isKept, new Told(shelf).pairs.length]).toEqual([true, 3])
  })

  test('there is room for so many, and what finds none is counted', () => {
    const told = new Told(shelfOf())
    const many = Array.from({ length: MOST_PAIRS + 7 }, (_, i) => pair(`question ${i}`))
    expect(told.add(many)).toEqual({ added: MOST_PAIRS, same: 0, tooMany: 7 })
    expect(told.add([pair('one more'), pair('question 0')])).toEqual({ added: 0, same: 1, tooMany: 1 })
    expect(new Set(told.pairs.map(keyOf)).size).toBe(MOST_PAIRS)
  })

  test('another tab’s changes are taken', () => {
    const shelf = shelfOf()
    const here = new Told(shelf)
    new Told(shelf).add([pair('a')])
    expect([here.reread(), here.pairs.length, here.reread()]).toEqual([true, 1, false])
  })
})

const SUMMARY: LessonSummary = {
  ...{ taught: 75, keptApart: 25, mode: 'hybrid', isBetter: true },
  before: { mrr10: 0.25, ndcg10: 0.3, first: 4, found10: 12 },
  after: { mrr10: 0.4, ndcg10: 0.45, first: 7, found10: 15 },
  meaning: {
    before: { mrr10: 0.2, ndcg10: 0.25, first: 3, found10: 11 },
    after: { mrr10: 0.4, ndcg10: 0.45, first: 7, found10: 15 },
  },
}

describe('a lesson', () => {
  /** What it does when it is asked to teach; what it has adopted. */
  let learn: (options: TeachOptions) => Promise<void>
  let inUse: AdoptedLesson | undefined
  let discarded: number
  let adopt: () => Promise<void>
  let said: string[]
  let changes: number
  let state: TeachState
  let teaching: Teaching

  const teacher: Teacher = {
    async teach(_pairs, options = {}): Promise<Lesson> {
      await learn(options)
      return {
        ...SUMMARY,
        ...{ skipped: [], trainMs: 1, adopt: () => adopt(), discard: async () => void discarded++ },
      }
    },
    lesson: async () => inUse,
    async forgetLesson() {
      inUse = undefined
    },
  }

  beforeEach(() => {
    learn = async () => {}
    adopt = async () => {
      inUse = { ...SUMMARY, at: 1, isUsed: true }
    }
    inUse = undefined
    discarded = 0
    said = []
    changes = 0
    const told = new Told(undefined)
    told.add([pair('a'), pair('b')])
    teaching = new Teaching(told, async () => ({ pairs: [pair('example')], wrong: [] }), {
      draw: (now) => {
        state = now
      },
      retold: () => {},
      changed: () => changes++,
      announce: (text) => said.push(text),
    })
    teaching.opened(teacher)
  })

  test('is learned, tried, and used when somebody says so; and forgotten', async () => {
    learn = async ({ onProgress }) => {
      expect(state.doing).toBe('learning')
      onProgress?.({ stage: 'training', done: 1, total: 2 })
      expect(state.progress).toEqual({ stage: 'training', done: 1, total: 2 })
    }
    await teaching.teach()
    expect([state.doing, state.lesson?.taught, state.adopted, changes]).toEqual(['nothing', 75, undefined, 0])
    expect(said.at(-1)).toMatch(/^Learned\. 7 of 25 right sections come first \(4 before\), .* Better/)
    await teaching.use()
    expect([state.lesson, state.adopted?.at, changes]).toEqual([undefined, 1, 1])
    await teaching.forget()
    expect([state.adopted, inUse, changes]).toEqual([undefined, undefined, 2])
  })

  test('that was adopted before is told when all is there', async () => {
    await adopt()
    await teaching.loaded()
    expect([state.adopted?.at, changes]).toEqual([1, 0])
  })

  test('that another tab has adopted or forgotten is known, and the question asked again', async () => {
    await teaching.loaded()
    await adopt()
    await teaching.reopened()
    expect([state.adopted?.at, changes]).toEqual([1, 1])
    await teaching.reopened() // what has changed is not the lesson
    expect(changes).toBe(1)
    inUse = undefined
    await teaching.reopened()
    expect([state.adopted, changes]).toEqual([undefined, 2])
  })

  test('is left, and another one takes the place of one that nobody has chosen', async () => {
    await teaching.teach()
    await teaching.teach()
    expect(discarded).toBe(1)
    await teaching.leave()
    expect([discarded, state.lesson, changes, inUse]).toEqual([2, undefined, 0, undefined])
  })

  test('is stopped without a trace, while it learns', async () => {
    learn = ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new SelvageError('aborted', 'Aborted.')))
      })
    const running = teaching.teach()
    await vi.waitFor(() => expect(state.doing).toBe('learning'))
    await teaching.teach() // a second press begins no second one
    teaching.stop()
    await running
    expect([state.doing, state.lesson, state.told, state.problems]).toEqual([
      ...['nothing', undefined, 'Stopped. Nothing was changed.', []],
    ])
  })

  test('that cannot be learned, or not be used, says why; it can still be chosen', async () => {
    learn = async () => {
      throw new SelvageError('invalid-argument', 'Two are too few.')
    }
    await teaching.teach()
    expect([state.doing, state.problems, said.at(-1)]).toEqual(['nothing', ['Two are too few.'], 'Two are too few.'])
    learn = async () => {}
    adopt = async () => {
      throw new SelvageError('storage-full', 'There is no room.')
    }
    await teaching.teach()
    await teaching.use()
    expect([state.problems, state.doing, state.lesson === undefined, changes]).toEqual([
      ...[['There is no room.'], 'nothing', false, 0],
    ])
  })

  test('before the search is open there is a sentence', async () => {
    const early = new Teaching(new Told(undefined), async () => ({ pairs: [], wrong: [] }), {
      draw: (now) => {
        state = now
      },
      ...{ retold: () => {}, changed: () => {}, announce: () => {} },
    })
    await early.teach()
    expect(state.problems).toEqual(['The search is not open yet. Try again in a moment.'])
  })

  test('a mark is taken back by a second press; lines and examples are added', async () => {
    expect(teaching.toggle(pair('c'))).toBe(true)
    expect(teaching.has('C', `${BASE}a.html`)).toBe(true)
    expect(teaching.toggle(pair('c'))).toBe(false)
    expect(state.pairs.map(({ query }) => query)).toEqual(['b', 'a'])
    teaching.add({ pairs: [pair('a'), pair('d')], wrong: [{ line: 3, why: 'has no question' }] })
    expect([state.told, state.problems]).toEqual(['1 question added. 1 was there before.', ['Line 3 has no question.']])
    await teaching.takeExamples()
    expect([state.pairs[0]?.query, state.told]).toEqual([
      'example',
      expect.stringMatching(/^1 question added\. This is how/),
    ])
  })
})

test('what is said of figures is what they say', () => {
  expect(firstSentence(SUMMARY)).toBe(
    '7 of 25 right sections come first (4 before), 15 are among the first ten (12 before).',
  )
  expect(verdict(SUMMARY)).toMatch(/^Better.*may be chance\.$/)
  expect(verdict({ ...SUMMARY, keptApart: 200 })).toBe('Better on questions it had not seen.')
  expect(verdict({ ...SUMMARY, isBetter: false, after: SUMMARY.before })).toMatch(/^No better/)
  expect(verdict({ ...SUMMARY, isBetter: false, after: { ...SUMMARY.before, mrr10: 0.1 } })).toMatch(/^Worse/)
  const skipped = ['no such page', 'no vectors', 'no such page'].map((reason) => ({ query: 'q', url: 'u', reason }))
  expect(skippedSentences(skipped)).toEqual(['2 questions left out: no such page.', '1 question left out: no vectors.'])
})
