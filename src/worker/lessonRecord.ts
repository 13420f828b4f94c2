/**
 * A lesson as it lies in the index's store: one record, written in one step. A line of JSON, then the map's values as f32,
 * little-endian. It is not a pack of the index: whoever tidies packs leaves it, and an older library does not know it.
 */
import { isObject, type JsonObject } from '../encoder/json.ts'
import { SelvageError } from '../errors.ts'
import type { BeforeAfter, LessonFigures, LessonSummary } from '../lessonTypes.ts'
import type { Head } from '../training/head.ts'

export interface LessonRecord {
  /** Milliseconds since 1970. */
  readonly at: number
  /** That the queries were encoded by. */
  readonly model: { readonly name: string; readonly hash: string }
  readonly summary: LessonSummary
  readonly head: Head
}

const FORMAT = 'selvage-lesson'
const VERSION = 1

export function writeLesson({ head, ...rest }: LessonRecord): Uint8Array<ArrayBuffer> {
  const line = new TextEncoder().encode(
    `${JSON.stringify({ format: FORMAT, version: VERSION, dim: head.dim, ...rest })}\n`,
  )
  const bytes = new Uint8Array(line.length + head.weights.length * 4)
  bytes.set(line)
  const view = new DataView(bytes.buffer)
  head.weights.forEach((weight, i) => {
    view.setFloat32(line.length + i * 4, weight, true)
  })
  return bytes
}

/** Errors: `index-invalid`, `index-version`. */
export function readLesson(bytes: Uint8Array): LessonRecord {
  const end = bytes.indexOf(10)
  const fields = parse(bytes.subarray(0, Math.max(0, end)))
  if (fields?.['format'] !== FORMAT) throw invalid('it is not one')
  if (fields['version'] !== VERSION)
    throw new SelvageError(
      'index-version',
      `The lesson was stored by another version of Selvage (${fields['version']}; this one reads ${VERSION}). Teach again.`,
    )
  const { dim, at } = fields
  const model = objectOf(fields['model'])
  if (typeof dim !== 'number' || typeof at !== 'number') throw invalid('it has no dim or no date')
  if (typeof model?.['name'] !== 'string' || typeof model['hash'] !== 'string') throw invalid('it names no model')
  if (bytes.length - end - 1 !== dim * dim * 4) throw invalid(`it has ${bytes.length} bytes, too few or too many`)
  const view = new DataView(bytes.buffer, bytes.byteOffset + end + 1)
  const weights = Float32Array.from({ length: dim * dim }, (_, i) => view.getFloat32(i * 4, true))
  if (!weights.every(Number.isFinite)) throw invalid('it has values that are no numbers')
  return {
    at,
    model: { name: model['name'], hash: model['hash'] },
    summary: summaryOf(objectOf(fields['summary'])),
    head: { dim, weights },
  }
}

function parse(line: Uint8Array): JsonObject | undefined {
  try {
    return objectOf(JSON.parse(new TextDecoder().decode(line)))
  } catch {
    return undefined
  }
}

function summaryOf(of: JsonObject | undefined): LessonSummary {
  const mode = of?.['mode']
  if (mode !== 'hybrid' && mode !== 'semantic') throw invalid('it has no mode')
  return {
    taught: numberOf(of, 'taught'),
    keptApart: numberOf(of, 'keptApart'),
    mode,
    ...beforeAfter(of),
    meaning: beforeAfter(objectOf(of?.['meaning'])),
    isBetter: of?.['isBetter'] === true,
  }
}

function beforeAfter(of: JsonObject | undefined): BeforeAfter {
  return { before: figuresOf(objectOf(of?.['before'])), after: figuresOf(objectOf(of?.['after'])) }
}

function figuresOf(of: JsonObject | undefined): LessonFigures {
  return {
    mrr10: numberOf(of, 'mrr10'),
    ndcg10: numberOf(of, 'ndcg10'),
    first: numberOf(of, 'first'),
    found10: numberOf(of, 'found10'),
  }
}

function numberOf(of: JsonObject | undefined, name: string): number {
  const value = of?.[name]
  if (typeof value !== 'number') throw invalid(`it has no "${name}"`)
  return value
}

function objectOf(value: unknown): JsonObject | undefined {
  return isObject(value) ? value : undefined
}

function invalid(why: string): SelvageError {
  return new SelvageError(
    'index-invalid',
    `What is stored as a lesson cannot be read: ${why}. Forget it, and teach again.`,
  )
}
