/** What an engine's worker tells of the store of an index that nothing has happened to. */
import type { StoredState } from '../../src/worker/protocol.ts'

export const STORED: StoredState = {
  kind: 'browser',
  generation: 1,
  isComplete: false,
  isOutdated: false,
  waiting: 0,
  foreign: 0,
  isPaused: false,
  problems: [],
}
