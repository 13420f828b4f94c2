/**
 * The section of the panel that teaches: what was told, ways to tell more, learning with its progress, what came of it, what is in
 * use. Parts that stay are not made anew, and who has the focus in a part that goes finds it in what comes. Draws only.
 */
import { h, icon } from '../dom.ts'
import { button, crossButton } from '../files/buttons.ts'
import { DeleteAll } from '../files/deleteAll.ts'
import { formatCount, plural } from '../format.ts'
import { type LessonActions, lessonView } from './lessonView.ts'
import { PairList } from './pairList.ts'
import type { Pair } from './pairs.ts'
import { firstSentence, formatWhen, progressWords } from './sentences.ts'
import type { TeachState } from './teaching.ts'

export interface TeachActions extends LessonActions {
  addMany(): void
  takeExamples(): void
  remove(pair: Pair): void
  removeAll(): void
  teach(): void
  stop(): void
  forget(): void
  forgetProblems(): void
  /** Whether the model is on its way still. */
  isModelComing(): boolean
}

const HINT =
  'Mark “the right one” among your results. The search learns your words from that, in this tab; nothing leaves the page.'

export class TeachView {
  readonly element: HTMLElement
  readonly #actions: TeachActions
  readonly #count = h('span', { class: 'own-count', 'data-testid': 'told-count' })
  readonly #all: DeleteAll
  readonly #hint = h('p', { class: 'own-hint' }, HINT)
  readonly #unkept = h(
    'p',
    { class: 'own-home', hidden: true },
    'This browser keeps nothing of it, so what you mark is gone when the tab is closed.',
  )
  readonly #adopted = h('div', { class: 'teach-adopted', 'data-testid': 'adopted', hidden: true })
  readonly #list: PairList
  readonly #told = h('p', { class: 'own-told', 'data-testid': 'teach-told', hidden: true })
  readonly #problems = h('div', { class: 'own-problems', 'data-testid': 'teach-problems', hidden: true })
  readonly #words = h('p', { class: 'own-words' })
  readonly #bar = h('progress', { max: 1, 'aria-label': 'Learned' })
  readonly #stop: HTMLButtonElement
  readonly #run: HTMLElement
  readonly #lesson = h('div', { hidden: true })
  readonly #teach: HTMLButtonElement
  readonly #add: HTMLElement
  #state: TeachState | undefined

  constructor(actions: TeachActions) {
    this.#actions = actions
    this.#all = new DeleteAll(
      { all: 'Take all back', yes: 'Take back', no: 'Keep', ask: (count) => `Take ${formatCount(count)} back?` },
      () => actions.removeAll(),
    )
    this.#list = new PairList((pair) => actions.remove(pair))
    this.#stop = button('Stop', 'link-button', () => actions.stop())
    this.#run = h(
      'div',
      { class: 'own-work', 'data-testid': 'teach-run', hidden: true },
      this.#words,
      this.#stop,
      this.#bar,
    )
    this.#teach = button('Teach it', 'button', () => actions.teach())
    this.#add = h(
      'div',
      { class: 'own-choose is-compact' },
      button('Add many', 'button is-quiet', () => actions.addMany()),
      button('Take examples', 'button is-quiet', () => actions.takeExamples()),
    )
    this.element = h(
      'section',
      { class: 'teach', 'data-testid': 'teach', 'aria-labelledby': 'teach-title' },
      h(
        'div',
        { class: 'own-head' },
        h('h2', { id: 'teach-title', tabindex: -1 }, 'Teach it your words ', this.#count),
        this.#all.element,
      ),
      this.#hint,
      this.#unkept,
      this.#adopted,
      this.#list.element,
      this.#told,
      this.#problems,
      this.#add,
      this.#run,
      this.#lesson,
      h('div', { class: 'teach-do' }, this.#teach),
    )
  }

  show(state: TeachState): void {
    const before = this.#state
    this.#state = state
    const hadFocus = this.#focused()
    const { pairs, isKept, told, problems, doing, lesson, adopted } = state
    this.#count.textContent = pairs.length > 0 ? formatCount(pairs.length) : ''
    this.#hint.hidden = pairs.length > 0 && adopted !== undefined
    this.#unkept.hidden = isKept
    if (pairs !== before?.pairs) {
      this.#list.show(pairs)
      this.#all.show(pairs.length)
    }
    this.#told.hidden = told === ''
    if (this.#told.textContent !== told) this.#told.textContent = told
    if (problems !== before?.problems) this.#showProblems(problems)
    if (adopted !== before?.adopted) this.#showAdopted(state)
    if (lesson !== before?.lesson) this.#showLesson(state)
    const isLearning = doing === 'learning'
    if (isLearning) this.#showProgress(state)
    this.#run.hidden = !isLearning
    this.#teach.hidden = pairs.length === 0 || isLearning || lesson !== undefined
    this.#add.hidden = isLearning || lesson !== undefined
    for (const one of this.element.querySelectorAll<HTMLButtonElement>('.teach-choices button, .teach-forget'))
      one.ariaDisabled = String(doing !== 'nothing') // not disabled: it would lose the focus
    if (hadFocus !== undefined) this.#keepFocus(hadFocus, state)
  }

  /** The section, for who comes from a result. */
  reveal(): void {
    const title = this.element.querySelector('h2')
    title?.focus({ preventScroll: true })
    this.element.scrollIntoView({ block: 'nearest' })
  }

  #showProgress({ progress }: TeachState): void {
    this.#words.textContent = progressWords(progress, this.#actions.isModelComing())
    if (progress === undefined || progress.total === 0) this.#bar.removeAttribute('value')
    else this.#bar.value = progress.done / progress.total
  }

  #showProblems(problems: readonly string[]): void {
    this.#problems.hidden = problems.length === 0
    const close = crossButton('Dismiss these messages', () => this.#actions.forgetProblems())
    this.#problems.replaceChildren(h('ul', { role: 'list' }, ...problems.map((problem) => h('li', {}, problem))), close)
  }

  #showAdopted({ adopted }: TeachState): void {
    this.#adopted.hidden = adopted === undefined
    if (adopted === undefined) {
      this.#adopted.replaceChildren()
      return
    }
    const { isUsed, at, taught, reason } = adopted
    const when = `${formatWhen(at)}, from ${plural(taught, 'question')}.`
    this.#adopted.dataset['used'] = String(isUsed)
    this.#adopted.replaceChildren(
      h(
        'p',
        { class: 'teach-state' },
        isUsed && icon('tick', 'm5 12.5 4.5 4.5L19 7.5'),
        isUsed ? 'Your words are in use' : 'Your words are not in use',
      ),
      h('p', { class: 'teach-note' }, `Learned on ${when} ${isUsed ? firstSentence(adopted) : (reason ?? '')}`.trim()),
      button('Forget it', 'link-button teach-forget', () => this.#actions.forget()),
    )
  }

  #showLesson({ lesson }: TeachState): void {
    this.#lesson.hidden = lesson === undefined
    this.#lesson.replaceChildren(...(lesson === undefined ? [] : [lessonView(lesson, this.#actions)]))
  }

  /** The part of the section that has the focus. */
  #focused(): Element | undefined {
    const { activeElement } = document
    return activeElement !== null && this.element.contains(activeElement) ? activeElement : undefined
  }

  /** What had it is gone or hidden: it goes where one would go on. */
  #keepFocus(had: Element, { doing, lesson, adopted }: TeachState): void {
    if (had.isConnected && had.checkVisibility()) return
    const next =
      doing === 'learning'
        ? this.#stop
        : lesson !== undefined
          ? this.#lesson.querySelector<HTMLElement>('.teach-first')
          : adopted !== undefined
            ? this.#adopted.querySelector<HTMLElement>('button')
            : this.#teach
    const target = next?.checkVisibility() ? next : this.element.querySelector('h2')
    target?.focus({ preventScroll: true })
    const seen = lesson === undefined ? target : this.#lesson
    seen?.scrollIntoView({ block: 'nearest' })
  }
}
