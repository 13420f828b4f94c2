/**
 * Teaching the search the words of whoever uses it: what it was told, a lesson made of that, the lesson taken or left. Decides what
 * happens; `TeachView` draws it, the engine learns. Knows nothing of how.
 */
import type { AdoptedLesson, Lesson, Selvage, TeachProgress } from 'selvage'
import { toSelvageError } from '../searcher.ts'
import type { Pair, ReadPairs } from './pairs.ts'
import { addedSentence, firstSentence, linesSentences, verdict } from './sentences.ts'
import type { Told } from './told.ts'

const EXAMPLES = 'This is how somebody who comes from React asks for what Vue has.'

/** What it needs of the engine. */
export type Teacher = Pick<Selvage, 'teach' | 'lesson' | 'forgetLesson'>

export interface TeachState {
  /** The newest first. */
  readonly pairs: readonly Pair[]
  /** Whether they outlast the tab. */
  readonly isKept: boolean
  /** A sentence: what came of the last thing that was asked. */
  readonly told: string
  /** Sentences: what went wrong, or was left out. */
  readonly problems: readonly string[]
  /** Now. */
  readonly doing: 'nothing' | 'learning' | 'adopting' | 'forgetting'
  readonly progress?: TeachProgress | undefined
  /** Learned, and not yet taken or left. */
  readonly lesson?: Lesson | undefined
  /** In use. */
  readonly adopted?: AdoptedLesson | undefined
}

export interface TeachEvents {
  draw(state: TeachState): void
  /** The pairs are others. */
  retold(): void
  /** The search answers otherwise from now on. */
  changed(): void
  announce(text: string): void
}

export class Teaching {
  readonly #told: Told
  readonly #events: TeachEvents
  readonly #loadExamples: () => Promise<ReadPairs>
  #engine: Teacher | undefined
  #state: TeachState
  #running: AbortController | undefined
  #isLoaded = false

  constructor(told: Told, loadExamples: () => Promise<ReadPairs>, events: TeachEvents) {
    this.#told = told
    this.#loadExamples = loadExamples
    this.#events = events
    this.#state = { pairs: told.pairs, isKept: told.isKept, told: '', problems: [], doing: 'nothing' }
  }

  /** Draws what was told before. */
  begin(): void {
    this.#draw({})
  }

  opened(engine: Teacher): void {
    this.#engine = engine
  }

  /** Model and vectors are there: now what is asked for is in nobody's way. */
  async loaded(): Promise<void> {
    const engine = this.#engine
    if (engine === undefined) return
    const adopted = await this.#look(engine)
    this.#isLoaded = true
    if (this.#state.doing === 'nothing') this.#draw({ adopted })
  }

  /** The index, or what is kept with it, has changed: another tab may have adopted a lesson. */
  async reopened(): Promise<void> {
    const engine = this.#engine
    if (engine === undefined || !this.#isLoaded || this.#state.doing !== 'nothing') return
    const adopted = await this.#look(engine)
    const { doing, adopted: before } = this.#state
    if (doing !== 'nothing' || adopted?.at === before?.at) return
    this.#draw({ adopted })
    this.#events.changed()
  }

  /** Another tab was told more, or less. */
  retold(): void {
    if (this.#told.reread()) this.#retell('')
  }

  has(query: string, url: string): boolean {
    return this.#told.has({ query, url })
  }

  /** Right, or not after all. True where it is right from now on. */
  toggle(pair: Pair): boolean {
    const isRight = !this.#told.has(pair)
    if (isRight) {
      const { tooMany } = this.#told.add([pair])
      if (tooMany > 0) {
        const sentence = addedSentence({ added: 0, same: 0, tooMany })
        this.#retell(sentence)
        this.#events.announce(sentence)
        return false
      }
    } else this.#told.remove(pair)
    this.#retell('')
    const count = this.#told.pairs.length
    this.#events.announce(isRight ? `Noted as the right one. ${count} noted so far.` : 'Taken back.')
    return isRight
  }

  remove(pair: Pair): void {
    this.#told.remove(pair)
    this.#retell('')
    this.#events.announce(`“${pair.query}” was taken back.`)
  }

  removeAll(): void {
    const count = this.#told.pairs.length
    this.#told.clear()
    this.#retell('')
    this.#events.announce(`All ${count} were taken back.`)
  }

  /** @param about what they are, as a sentence */
  add({ pairs, wrong }: ReadPairs, about = ''): void {
    const sentence = `${addedSentence(this.#told.add(pairs))} ${about}`.trim()
    this.#retell(sentence, linesSentences(wrong))
    this.#events.announce([sentence, ...this.#state.problems].join(' '))
  }

  async takeExamples(): Promise<void> {
    try {
      this.add(await this.#loadExamples(), EXAMPLES)
    } catch {
      this.#fail('The examples could not be loaded. Try again when the network is back.')
    }
  }

  forgetProblems(): void {
    this.#draw({ problems: [] })
  }

  /** Learns from all pairs, and leaves the lesson to be taken or left. */
  async teach(): Promise<void> {
    const engine = this.#engine
    if (this.#state.doing !== 'nothing') return
    if (engine === undefined) {
      this.#fail('The search is not open yet. Try again in a moment.')
      return
    }
    const running = new AbortController()
    this.#running = running
    await this.#state.lesson?.discard().catch(() => {})
    this.#draw({ doing: 'learning', progress: undefined, lesson: undefined, told: '', problems: [] })
    this.#events.announce('Learning.')
    try {
      const lesson = await engine.teach(
        this.#state.pairs.map(({ query, url }) => ({ query, url })),
        { signal: running.signal, onProgress: (progress) => this.#running === running && this.#draw({ progress }) },
      )
      this.#draw({ doing: 'nothing', lesson })
      this.#events.announce(`Learned. ${firstSentence(lesson)} ${verdict(lesson)} Use it, or leave it as it was.`)
    } catch (thrown) {
      const error = toSelvageError(thrown)
      if (error.code === 'aborted') this.#stopped()
      else this.#fail(error.message)
    } finally {
      this.#running = undefined
      this.#draw({ doing: 'nothing', progress: undefined })
    }
  }

  stop(): void {
    this.#running?.abort()
  }

  /** From now on the search uses it. */
  async use(): Promise<void> {
    const { lesson } = this.#state
    if (lesson === undefined) return
    await this.#change('adopting', 'From now on your words are used.', async (engine) => {
      await lesson.adopt()
      this.#draw({ lesson: undefined, adopted: await engine.lesson() })
    })
  }

  async leave(): Promise<void> {
    const { lesson } = this.#state
    const sentence = 'The search is left as it was.'
    this.#draw({ lesson: undefined, told: sentence, problems: [] })
    this.#events.announce(sentence)
    await lesson?.discard().catch(() => {}) // it is of no use to anybody, dead or alive
  }

  async forget(): Promise<void> {
    await this.#change('forgetting', 'Forgotten: the search is as it came.', async (engine) => {
      await engine.forgetLesson()
      this.#draw({ adopted: undefined })
    })
  }

  async #change(doing: TeachState['doing'], done: string, run: (engine: Teacher) => Promise<void>): Promise<void> {
    const engine = this.#engine
    if (engine === undefined || this.#state.doing !== 'nothing') return
    this.#draw({ doing, told: '', problems: [] })
    try {
      await run(engine)
      this.#draw({ doing: 'nothing', told: done })
      this.#events.announce(done)
      this.#events.changed()
    } catch (thrown) {
      this.#draw({ doing: 'nothing' })
      this.#fail(toSelvageError(thrown).message)
    }
  }

  /** A lesson that cannot be read is told of by whoever searches with it. */
  #look(engine: Teacher): Promise<AdoptedLesson | undefined> {
    return engine.lesson().catch(() => undefined)
  }

  #stopped(): void {
    const sentence = 'Stopped. Nothing was changed.'
    this.#draw({ told: sentence })
    this.#events.announce(sentence)
  }

  #fail(sentence: string): void {
    this.#draw({ told: '', problems: [sentence] })
    this.#events.announce(sentence)
  }

  #retell(told: string, problems: readonly string[] = []): void {
    this.#draw({ pairs: this.#told.pairs, isKept: this.#told.isKept, told, problems })
    this.#events.retold()
  }

  #draw(change: Partial<TeachState>): void {
    this.#state = { ...this.#state, ...change }
    this.#events.draw(this.#state)
  }
}
