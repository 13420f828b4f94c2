/** axe finds nothing in any state of the elements, light and dark. */
import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import '../../src/widget/search.ts'
import type { SearchSession, ViewState } from '../../src/widget/types.ts'
import { type FakeSession, group, sessions, useFakeSessions } from './fakeSession.ts'

vi.mock('../../src/widget/session.ts', () => ({ createSession: vi.fn() }))

const KINDS = ['index-missing', 'words-only-model', 'words-only-csp', 'not-kept', 'insecure', 'offline'] as const
const groups = [group('birds', 'owls', 'wrens'), group('trees', 'oak')]
const found = { query: 'owls', stage: 'done', groups, elapsedMs: 12 } as const
const STATES: Readonly<Record<string, Partial<ViewState>>> = {
  empty: {},
  searching: { query: 'owls', stage: 'searching' },
  downloading: { model: { state: 'downloading', loadedBytes: 1e6, totalBytes: 3e6 } },
  words: { query: 'owls', stage: 'words', groups },
  done: found,
  filters: { ...found, counts: { kind: { api: 3, guide: 1 } }, filters: { kind: ['api'] } },
  similar: { ...found, similarTo: 'Owls' },
  nothing: { query: 'owls', stage: 'done', groups: [], elapsedMs: 1 },
  ...Object.fromEntries(
    KINDS.map((kind) => [kind, { ...found, notice: { kind, detail: 'Why it is so.', canRetry: true } }]),
  ),
}

beforeEach(() => {
  localStorage.clear()
  document.documentElement.lang = 'en'
  document.title = 'axe'
  document.body.replaceChildren()
  useFakeSessions()
})
afterEach(() => {
  document.querySelector('selvage-modal')?.close()
  document.documentElement.style.colorScheme = ''
  document.body.style.background = ''
})

async function problems(): Promise<unknown[]> {
  await Promise.all(document.getAnimations().map(({ finished }) => finished))
  const { violations } = await axe.run(document.body, { rules: { region: { enabled: false } } })
  return violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => [target, failureSummary])])
}

function theme(scheme: string): void {
  document.documentElement.style.colorScheme = scheme
  document.body.style.background = 'Canvas'
  document.body.style.color = 'CanvasText'
}

describe.each(['light', 'dark'])('%s', (scheme) => {
  test.each(Object.keys(STATES))('%s', async (name) => {
    theme(scheme)
    const modal = document.createElement('selvage-modal')
    document.body.append(document.createElement('selvage-search'), document.createElement('selvage-trigger'), modal)
    for (const session of sessions) session.show(STATES[name]!)
    expect(await problems()).toEqual([])
    modal.open()
    expect(await problems()).toEqual([])
  })

  test('an explanation, and recent searches', async () => {
    theme(scheme)
    localStorage.setItem(`selvage-recents ${new URL('/i/', document.baseURI).href}`, '["owls","wrens"]')
    const modal = document.createElement('selvage-modal')
    modal.setAttribute('index', '/i/')
    document.body.append(modal)
    const session: SearchSession & FakeSession = sessions.at(-1)!
    modal.open()
    expect(modal.shadowRoot?.querySelector<HTMLElement>('.recents')?.hidden).toBe(false)
    expect(await problems()).toEqual([])
    session.show(found)
    modal.shadowRoot?.querySelector<HTMLElement>('.bar button')?.click()
    await vi.waitFor(() => expect(modal.shadowRoot?.querySelector('.details .heat')).not.toBeNull())
    expect(await problems()).toEqual([])
  })
})
