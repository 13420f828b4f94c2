/**
 * A browser that is killed in the middle of adding, downloading, folding and changing to a newer index, again and again on one
 * profile: the next one finds the last committed state, every pack it names is what it should be, all that was told to be done is
 * done, and at the end nothing lies about.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newProfile, type Profile } from './browser.ts'
import type { Activity, Checked, Told } from './killedPage.ts'
import { type Site, serveSite } from './site.ts'

const KILLS = Number(process.env['SELVAGE_KILLS'] ?? 52)
const SEED = Number(process.env['SELVAGE_KILLS_SEED'] ?? 1)
/** The longest that an activity goes on before it is killed. */
const LONGEST_MS = 400
const ACTIVITIES: readonly Activity[] = ['add', 'download', 'fold', 'swap']

let site: Site
let profile: Profile
beforeAll(async () => {
  site = await serveSite('killedPage.ts')
  profile = newProfile()
})
afterAll(async () => {
  await profile?.remove()
  site?.close()
})

const NOTHING: Checked = { faults: [], strays: 0, waiting: 0, folded: 0, isComplete: false, documents: [] }

/** What may be true of a document: its versions; undefined: it is not there. One alone is certain. */
type Possible = Set<number | undefined>

test(`${KILLS} kills: nothing is lost, nothing is half there, nothing is left over`, async () => {
  const known = new Map<string, Possible>()
  const failures: string[] = []
  const seen = { waiting: 0, strays: 0, folded: 0, partial: 0, unheard: 0, deleted: 0 }
  const hear = ({ documents, isDone }: Told) => {
    for (const [id, version] of documents)
      known.set(id, new Set(isDone ? [version] : [...(known.get(id) ?? [undefined]), version]))
  }
  const start = async () => {
    const running = await profile.start()
    await running.page.exposeFunction('tell', hear)
    await running.page.exposeFunction('fail', (message: string) => void failures.push(message))
    await running.page.goto(site.url)
    // As text: what a test runner makes of an import works in its own process only.
    const call = <T>(name: keyof typeof import('./killedPage.ts'), ...given: unknown[]): Promise<T> =>
      running.page.evaluate(`import('/page.js').then((page) => page.${name}(...${JSON.stringify(given)}))`)
    return { ...running, call }
  }

  for (let round = 0; round < KILLS; round++) {
    const activity = ACTIVITIES[round % ACTIVITIES.length]!
    const where = `round ${round}, before ${activity}`
    const { call, kill, hasDeletedDatabases } = await start()
    const left = await call<Checked>('check')
    expect(left.faults, where).toEqual([])
    const found = new Map(left.documents)
    // The one loss that no page can help, and it is whole: see Running.
    if (hasDeletedDatabases()) {
      expect(left).toEqual(NOTHING)
      for (const id of known.keys()) known.set(id, new Set([undefined]))
      seen.deleted++
    }
    for (const [id, versions] of known)
      if (versions.size === 1) expect([id, found.get(id)], where).toEqual([id, ...versions])
    if (left.waiting > 0) seen.waiting++
    if (left.strays > 0) seen.strays++
    if (left.folded > 0) seen.folded++
    if (!left.isComplete) seen.partial++

    // What waits is added, once; of what was under way it is known now how it ended.
    const settled = await call<Checked['documents']>('settle')
    const now = new Map(settled)
    expect(now.size, where).toBe(settled.length)
    for (const [id, versions] of known) {
      expect([...versions], `${where}: ${id}`).toContain(now.get(id))
      if (versions.size > 1) seen.unheard++
      known.set(id, new Set([now.get(id)]))
    }
    expect(settled.filter(([id]) => !known.has(id))).toEqual([])
    const asked = settled.map(([id]) => id).filter((_, i) => i % 9 === round % 9)
    const answers = await call<{ words: string[]; meaning: string[] }[]>('find', asked)
    expect(answers, where).toEqual(asked.map((id) => ({ words: [`/${id}`], meaning: [`/${id}`] })))
    expect(failures).toEqual([])

    await call('run', activity, SEED * 1000 + round)
    await new Promise((resolve) => setTimeout(resolve, LONGEST_MS * share(round)))
    await kill()
  }

  const { call, kill, hasDeletedDatabases } = await start()
  expect((await call<Checked>('check')).faults).toEqual([])
  if (hasDeletedDatabases()) for (const id of known.keys()) known.set(id, new Set([undefined]))
  const { strays, documents } = await call<{ strays: string[]; documents: Checked['documents'] }>('finish')
  expect(strays).toEqual([])
  const now = new Map(documents)
  for (const [id, versions] of known) expect([...versions], id).toContain(now.get(id))
  await kill()
  // The kills came at moments that matter.
  expect(seen.folded).toBeGreaterThan(KILLS / 4)
  expect(seen.waiting + seen.unheard).toBeGreaterThan(KILLS / 8)
  expect(seen.deleted).toBeLessThanOrEqual(1 + KILLS / 16)
  process.stdout.write(`${KILLS} kills: ${JSON.stringify(seen)}\n`)
}, 240_000)

/** Spread evenly over the whole time, for each activity, whatever their number: by the golden ratio. */
function share(round: number): number {
  return (Math.floor(round / ACTIVITIES.length) * 0.618_034 + SEED * 0.271_828 + (round % ACTIVITIES.length) * 0.13) % 1
}
