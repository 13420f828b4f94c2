/** What a lesson did to questions that were kept apart, before and after, and the choice to use it. Draws; decides nothing. */
import type { Lesson } from 'selvage'
import { h } from '../dom.ts'
import { button } from '../files/buttons.ts'
import { figureRows, firstSentence, learnedSentence, skippedSentences, verdict } from './sentences.ts'

export interface LessonActions {
  use(): void
  leave(): void
}

export function lessonView(lesson: Lesson, { use, leave }: LessonActions): HTMLElement {
  // What is likelier to be wanted comes first, and is the heavier one.
  const choices = [
    button('Use it', lesson.isBetter ? 'button' : 'button is-quiet', use),
    button('Leave it as it was', lesson.isBetter ? 'button is-quiet' : 'button', leave),
  ]
  const rows = figureRows(lesson).map(({ name, hint, before, after }) =>
    h('tr', {}, h('th', { scope: 'row', title: hint }, name), h('td', {}, before), h('td', {}, after)),
  )
  return h(
    'div',
    { class: 'teach-lesson', 'data-testid': 'lesson', 'data-better': String(lesson.isBetter) },
    h('p', { class: 'teach-first', tabindex: -1 }, firstSentence(lesson)),
    h(
      'table',
      {},
      h('caption', {}, learnedSentence(lesson)),
      h('thead', {}, h('tr', {}, h('td', {}), h('th', { scope: 'col' }, 'Before'), h('th', { scope: 'col' }, 'After'))),
      h('tbody', {}, ...rows),
    ),
    h('p', { class: 'teach-note' }, verdict(lesson)),
    ...skippedSentences(lesson.skipped).map((sentence) => h('p', { class: 'teach-note' }, sentence)),
    h('div', { class: 'teach-choices' }, ...(lesson.isBetter ? choices : choices.toReversed())),
  )
}
