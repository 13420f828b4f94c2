/**
 * The picture of the empty page: a question woven through a passage. The numbers are the default model's own cosines
 * for these two texts (selvage-mini, f32; a word of several tokens takes their largest), not an artist's.
 */
import { h } from './dom.ts'

const QUESTION = ['scrolling', 'a', 'huge', 'list', 'is', 'slow']
const PASSAGE = ['improve', 'the', 'performance', 'of', 'large', 'lists', 'with', 'virtualization']
/** `[QUESTION, PASSAGE]` */
const COSINES: readonly (readonly number[])[] = [
  [0.2, 0.24, 0.24, 0.27, 0.35, 0.15, 0.2, 0.04],
  [0.37, 0.58, 0.48, 0.63, 0.54, 0.27, 0.51, 0.11],
  [0.34, 0.43, 0.3, 0.52, 0.91, 0.1, 0.45, 0.17],
  [0.12, 0.39, 0.25, 0.34, 0.21, 0.93, 0.29, 0.08],
  [0.57, 0.47, 0.66, 0.62, 0.55, 0.14, 0.54, 0.11],
  [0.54, 0.43, 0.71, 0.56, 0.56, 0.04, 0.49, 0.08],
]

export function loom(): HTMLElement {
  const cloth = h('div', { class: 'loom', role: 'img', 'aria-label': description() })
  cloth.append(h('span', { class: 'loom-corner' }))
  for (const word of PASSAGE) cloth.append(h('span', { class: 'loom-warp' }, word))
  QUESTION.forEach((word, row) => {
    cloth.append(h('span', { class: 'loom-weft' }, word))
    const cosines = COSINES[row] ?? []
    const best = bestOf(cosines)
    cosines.forEach((cosine, column) => {
      const over = (row + column) % 2 === 0 ? ' is-over' : ''
      const knot = column === best && h('span', { class: 'knot' })
      const cell = h('span', { class: `crossing${over}` }, knot)
      cell.style.setProperty('--cosine', String(cosine))
      cell.style.setProperty('--row', String(row))
      cloth.append(cell)
    })
  })
  return h(
    'figure',
    { class: 'weave' },
    cloth,
    h(
      'figcaption',
      {},
      'Each word of the question is held against each word of a passage. Every word keeps its best match, and the sum ranks ' +
        'the passage: ',
      h('em', {}, 'huge'),
      ' finds ',
      h('em', {}, 'large'),
      ', ',
      h('em', {}, 'slow'),
      ' finds ',
      h('em', {}, 'performance'),
      '. No word needs to be the same.',
    ),
  )
}

function description(): string {
  const pairs = QUESTION.map((word, row) => `${word} with ${PASSAGE[bestOf(COSINES[row] ?? [])] ?? ''}`)
  return `A question woven through a passage. Best matches: ${pairs.join(', ')}.`
}

function bestOf(cosines: readonly number[]): number {
  return cosines.indexOf(Math.max(...cosines))
}
