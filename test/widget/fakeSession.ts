/** A session whose answers the test decides: it notes what it is asked, and shows what it is told to. */
import { vi } from 'vitest'
import type { Hit } from '../../src/types.ts'
import { createSession } from '../../src/widget/session.ts'
import type { HeatMap, PageGroup, SearchSession, SessionOptions, ViewState } from '../../src/widget/types.ts'

const NOTHING: ViewState = {
  query: '',
  stage: 'idle',
  groups: [],
  counts: {},
  filters: {},
  model: { state: 'none' },
}

export class FakeSession implements SearchSession {
  readonly options: SessionOptions
  state = NOTHING
  readonly watchers = new Set<(state: ViewState) => void>()
  readonly search = vi.fn<(query: string) => void>()
  readonly intend = vi.fn<() => void>()
  readonly setFilters = vi.fn<SearchSession['setFilters']>()
  readonly moreLike = vi.fn<SearchSession['moreLike']>()
  readonly searchSelection = vi.fn<SearchSession['searchSelection']>()
  readonly hold = vi.fn<SearchSession['hold']>()
  readonly heatMap = vi.fn<SearchSession['heatMap']>(async () => heatMap)
  readonly retry = vi.fn<() => void>()
  isClosed = false

  constructor(options: SessionOptions) {
    this.options = options
  }

  watch(watcher: (state: ViewState) => void): () => void {
    this.watchers.add(watcher)
    return () => this.watchers.delete(watcher)
  }

  show(change: Partial<ViewState>): void {
    this.state = { ...this.state, ...change }
    for (const watcher of this.watchers) watcher(this.state)
  }

  close(): void {
    this.isClosed = true
  }
}

export const sessions: FakeSession[] = []

/** After `vi.mock` of session.ts with a mocked function: elements get sessions of this kind, the latest is the last. */
export function useFakeSessions(): void {
  sessions.length = 0
  vi.mocked(createSession).mockImplementation((options) => {
    const session = new FakeSession(options)
    sessions.push(session)
    return session
  })
}

export function hit(title: string, url: string, text = `What ${title} is about, said in one sentence.`): Hit {
  const matches = [{ start: 0, end: 4, strength: 1 }]
  const passage = {
    text,
    blocks: [{ start: 0, end: text.length, kind: 'paragraph' as const }],
    excerpt: { start: 0, end: text.length },
    matches,
  }
  const headings = ['Page', title]
  const none = { ref: '', queryWords: [], more: [] }
  return { title, url, headings, page: { title: 'Page', url }, score: 1, ranking: {}, passage, ...none }
}

/** Pages by name, each with sections: `group('birds', 'owl', 'wren')`. */
export function group(page: string, ...sections: readonly string[]): PageGroup {
  const url = `#/${page}`
  return { url, title: page, meta: {}, hits: sections.map((section) => hit(section, `${url}/${section}`)) }
}

const heatMap: HeatMap = {
  queryTokens: [
    { text: 'what', isMask: false, best: 0.9 },
    { text: '[MASK]', isMask: true, best: 0.3 },
  ],
  passageTokens: [
    { start: 0, end: 4 },
    { start: 5, end: 8 },
  ],
  similarities: new Float32Array([0.9, 0.1, 0.3, 0.2]),
}
