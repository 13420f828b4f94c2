/**
 * Teaching, as a page sees it: pairs are checked by the engine's worker, their queries go through the encoder's one by one, so that
 * searches get in between, and the engine's learns. A file of its own in builds, fetched by the first call: most pages never teach.
 */

import * as Comlink from 'comlink'
import { rejectUnknown, SelvageError, throwIfAborted } from '../errors.ts'
import type { AdoptedLesson, Lesson, SkippedPair, TaughtPair, TeachOptions } from '../lessonTypes.ts'
import { abortable } from './abortable.ts'
import type { Learned, LessonsApi, TaughtQuery } from './lessonProtocol.ts'
import { LEAST_KNOWN } from './options.ts'
import { type EncoderApi, type EncoderStatus, type EngineApi, type Outcome, outcome, unwrap } from './protocol.ts'
import type { Service } from './service.ts'

export interface TeachServices {
  readonly encoder: Service<EncoderApi, EncoderStatus>
  readonly engine: Service<EngineApi, unknown>
  /** Of the comlink that the workers are asked with: this file has one of its own, which that does not know. */
  readonly transfer: typeof Comlink.transfer
}

/** Fewer say nothing about whether anything was learned. */
const LEAST_QUERIES = 8
const KEPT_APART = 0.25
const MOST_KEPT_APART = 0.5
const WHAT = 'The teaching'

/**
 * @param load makes model and index ready, and of one model
 * Errors: `invalid-argument`, `aborted`, and what loading the model and searching throw.
 */
export async function teach(
  services: TeachServices,
  load: () => Promise<unknown>,
  pairs: readonly TaughtPair[],
  options: TeachOptions,
): Promise<Lesson> {
  rejectUnknown(options, ['signal', 'onProgress', 'keptApart', 'seed'], 'teach')
  const { signal, onProgress = () => {}, keptApart = KEPT_APART, seed = 1 } = options
  checkOptions(keptApart, seed)
  checkPairs(pairs)
  throwIfAborted(signal)
  await abortable(load(), signal, WHAT)
  const reasons = await session(services, signal, async (lessons) => unwrap(await lessons.check(pairs)))
  const skipped: SkippedPair[] = []
  const groups = new Map<string, Set<string>>()
  for (const [i, { query, url }] of pairs.entries()) {
    const text = query.trim()
    const reason = text === '' ? 'The query is empty.' : reasons[i]
    if (reason === undefined) groups.set(text, (groups.get(text) ?? new Set()).add(url))
    else skipped.push({ query, url, reason })
  }
  checkEnough(groups.size, skipped)
  const queries: TaughtQuery[] = []
  for (const [text, urls] of groups) {
    onProgress({ stage: 'encoding', done: queries.length + skipped.length, total: groups.size + skipped.length })
    const encoding = services.encoder.call((remote) => remote.encodeQuery(text))
    const { encoded, knownShare } = (await abortable(encoding, signal, WHAT)).value
    if (knownShare >= LEAST_KNOWN) queries.push({ text, urls: [...urls], matrix: encoded.matrix })
    else
      for (const url of urls)
        skipped.push({ query: text, url, reason: 'The model does not know its script; it is searched by words alone.' })
  }
  checkEnough(queries.length, skipped)
  const request = { queries, keptApart, seed }
  const { summary, record, trainMs } = await session(services, signal, async (lessons, tell): Promise<Learned> => {
    return unwrap(await lessons.learn(request, tell(onProgress)))
  })
  let isDiscarded = false
  return {
    ...summary,
    skipped,
    trainMs,
    async adopt() {
      if (isDiscarded) throw new SelvageError('closed', 'This lesson was discarded. Teach again.')
      await session(services, undefined, async (lessons) => unwrap(await lessons.adopt(record)))
    },
    async discard() {
      isDiscarded = true
    },
  }
}

export function lesson(services: TeachServices): Promise<AdoptedLesson | undefined> {
  return session(services, undefined, async (lessons) => unwrap(await lessons.adopted()))
}

export function forget(services: TeachServices): Promise<void> {
  return session(services, undefined, async (lessons) => unwrap(await lessons.forget()))
}

type Tell = <Progress>(listener: (progress: Progress) => void) => ((progress: Progress) => void) & Comlink.ProxyMarked

/** As one call of the engine: should its worker die, all of it rejects; should a GPU go away, all is done once more. */
async function session<T>(
  { engine, transfer }: TeachServices,
  signal: AbortSignal | undefined,
  run: (lessons: Comlink.Remote<LessonsApi>, tell: Tell) => Promise<T>,
): Promise<T> {
  const calling = engine.call(async (remote): Promise<Outcome<T>> => {
    const { port1, port2 } = new MessageChannel()
    const lessons = Comlink.wrap<LessonsApi>(port1)
    const stop = () => void lessons.stop()
    signal?.addEventListener('abort', stop, { once: true })
    try {
      return await outcome(async () => {
        unwrap(await remote.lessons(transfer(port2, [port2])))
        throwIfAborted(signal)
        return run(lessons, (listener) => Comlink.proxy(listener))
      })
    } finally {
      signal?.removeEventListener('abort', stop)
      // Not before a stop has gone out.
      lessons[Comlink.releaseProxy]()
    }
  })
  return (await abortable(calling, signal, WHAT)).value
}

function checkOptions(keptApart: number, seed: number): void {
  if (!(keptApart > 0 && keptApart <= MOST_KEPT_APART))
    throw new SelvageError(
      'invalid-argument',
      `teach: keptApart is ${keptApart}; it must be a share above 0 and at most ${MOST_KEPT_APART}.`,
    )
  if (!Number.isInteger(seed))
    throw new SelvageError('invalid-argument', `teach: seed is ${seed}; it must be a whole number.`)
}

function checkPairs(pairs: readonly TaughtPair[]): void {
  if (!Array.isArray(pairs)) throw new SelvageError('invalid-argument', 'teach: a list of pairs is wanted.')
  for (const [i, pair] of pairs.entries())
    if (typeof pair?.query !== 'string' || typeof pair.url !== 'string')
      throw new SelvageError(
        'invalid-argument',
        `teach: pair ${i + 1} is ${JSON.stringify(pair)}; wanted a query and the url of the right section.`,
      )
}

function checkEnough(queries: number, skipped: readonly SkippedPair[]): void {
  if (queries >= LEAST_QUERIES) return
  const [first] = skipped
  const why = first ? ` Skipped: ${skipped.length}; the first, "${first.query}" (${first.url}): ${first.reason}` : ''
  throw new SelvageError(
    'invalid-argument',
    `teach: ${queries} different queries to learn from; at least ${LEAST_QUERIES} are wanted.${why}`,
  )
}
