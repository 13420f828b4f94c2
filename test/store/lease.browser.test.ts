/** With Web Locks and BroadcastChannel themselves. */
import { expect, test } from 'vitest'
import { withLease } from '../../src/store/lease.ts'
import { leaseSuite } from './lease.suite.ts'

leaseSuite('as the browser has it')

test('the lease is the browser’s own lock: other tabs wait for it', async () => {
  await withLease('shared', async () => {
    const { held } = await navigator.locks.query()
    expect(held?.map(({ name, mode }) => `${name} ${mode}`)).toContain('selvage:shared exclusive')
  })
})
