/** Texts as a caller gives them to be ranked: checked, told apart from equal ones, and made such as a hit is explained by. */
import { SelvageError } from '../errors.ts'
import type { PassageInput, PassageText, Reranked } from '../rankTypes.ts'
import { paragraphsOf } from '../text/paragraphs.ts'
import type { Hit, UnexplainedHit } from '../types.ts'

/** @param where the call, for messages. Errors: `invalid-argument`. */
export function textsOf(given: readonly PassageInput[], where: string): PassageText[] {
  if (!Array.isArray(given))
    throw new SelvageError('invalid-argument', `${where}: the passages are ${named(given)}; wanted an array of texts.`)
  return given.map((one: PassageInput, p) => textOf(one, `${where}: passages[${p}]`))
}

/** @param what is wrong, for messages */
export function textOf(given: PassageInput, what: string): PassageText {
  if (typeof given === 'string') return { headings: [], text: given }
  if (typeof given !== 'object' || given === null || typeof given.text !== 'string')
    throw new SelvageError('invalid-argument', `${what} is ${named(given)}; wanted a text, or { text, title, id }.`)
  const { text, title = '', id = '' } = given
  checkText(title, `${what}.title`)
  checkText(id, `${what}.id`)
  return { headings: isBlank(title) ? [] : [title], text }
}

export function checkText(given: unknown, what: string): void {
  if (typeof given !== 'string')
    throw new SelvageError('invalid-argument', `${what} is ${named(given)}; wanted a text.`)
}

export function named(given: unknown): string {
  if (given === null || given === undefined) return String(given)
  if (Array.isArray(given)) return 'an array'
  return typeof given === 'object' ? 'an object without a text' : `a ${typeof given}`
}

export function isBlank(text: string): boolean {
  return text.trim() === ''
}

export function hasNoText({ headings, text }: PassageText): boolean {
  return headings.length === 0 && isBlank(text)
}

/** Numbers of passages, those with the same text together; those without text not at all. */
export function equalTexts(passages: readonly PassageText[]): number[][] {
  const groups = new Map<string, number[]>()
  passages.forEach((passage, p) => {
    if (hasNoText(passage)) return
    const key = JSON.stringify([passage.headings, passage.text])
    const group = groups.get(key)
    if (group) group.push(p)
    else groups.set(key, [p])
  })
  return [...groups.values()]
}

/** A passage as a hit of an index would be, for whoever says which of its words matched. */
export function unexplained(
  { headings, text }: PassageText,
  { index, score }: Pick<Reranked, 'index' | 'score'>,
  matches: UnexplainedHit['matches'],
): UnexplainedHit {
  const place = { passageId: index, headings, url: '', page: { title: headings.join(''), url: '' } }
  return { ...place, text, blocks: paragraphsOf(text), score, ranking: {}, ...(matches && { matches }), more: [] }
}

export function reranked(
  given: PassageInput,
  { index, score, isCut }: { readonly index: number; readonly score: number; readonly isCut: boolean },
  explained: Hit | undefined,
): Reranked {
  const id = typeof given === 'string' ? undefined : given.id
  return {
    index,
    ...(id !== undefined && { id }),
    score,
    ...(isCut && { isCut }),
    ...(explained && { explanation: explanationOf(explained) }),
  }
}

function explanationOf({ passage: { excerpt, matches }, queryWords }: Hit): Reranked['explanation'] {
  return { excerpt, matches, queryWords }
}
