/** Where there is no database: Node has none, as some private windows. */
import { expect, test } from 'vitest'
import { downloadsOf } from '../../src/worker/downloads.ts'

test('where the browser has no database nothing is kept, and that is no error', async () => {
  expect(await downloadsOf('https://example.org/model/').kept('auto')).toEqual({ bytes: 0, isComplete: false })
})

test('files come over the network then, and why is told', async () => {
  const { settle } = await downloadsOf('https://example.org/model/').load('browser', () => {})
  expect(await settle()).toMatchObject({ kind: 'none', reason: expect.stringContaining('failed') })
})
