/** Node 20 has channels and no locks; other platforms have neither. */
import { afterAll, beforeAll, describe, vi } from 'vitest'
import { leaseSuite } from './lease.suite.ts'

leaseSuite('as Node has it')

describe('a page without https, an old browser', () => {
  beforeAll(() => {
    vi.stubGlobal('navigator', undefined)
    vi.stubGlobal('BroadcastChannel', undefined)
  })
  afterAll(() => {
    vi.unstubAllGlobals()
  })
  leaseSuite('within the thread')
})
