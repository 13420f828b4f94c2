/** `<selvage-search>` while its engine loads: however many wait for it, a screen reader hears it once. */
import { beforeEach, expect, test, vi } from 'vitest'
import { SelvageError } from '../../src/errors.ts'
import type { OnProgress } from '../../src/types.ts'
import { Selvage } from '../../src/worker/client.ts'
import '../../src/widget/search.ts'

vi.mock('../../src/worker/client.ts', () => ({ Selvage: { open: vi.fn() } }))

let opening: { onProgress: OnProgress; resolve(engine: object): void; reject(error: Error): void }
beforeEach(() => {
  document.body.replaceChildren()
  vi.mocked(Selvage.open).mockImplementation(
    ({ onProgress = () => {} }) =>
      new Promise((resolve, reject) => {
        opening = { onProgress, resolve: (engine) => resolve(engine as Selvage), reject }
      }),
  )
})

/** The element, what its status line was set to, and a way to type that waits for no pause. */
function element(index: string) {
  const search = document.createElement('selvage-search')
  search.setAttribute('index', index)
  document.body.append(search)
  const root = search.shadowRoot!
  const input = root.querySelector('input')!
  const status = root.querySelector('[role=status]')!
  const said: string[] = []
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target === status) said.push(status.textContent ?? '')
  }).observe(status, { childList: true })
  const type = async (text: string) => {
    input.value = text
    root.querySelector('form')!.requestSubmit()
    await new Promise((done) => setTimeout(done, 20))
  }
  return { input, said, status, type }
}

test('focus and two questions during the load: the loading is said once, and the last question is answered', async () => {
  const { input, said, status, type } = element('/once/')
  input.focus()
  await type('cat')
  await type('cats')
  for (let loaded = 1; loaded <= 5; loaded++) {
    opening.onProgress({ stage: 'index', loaded, total: 5, unit: 'bytes' })
    await Promise.resolve()
  }
  expect(said).toHaveLength(1)
  const asked = vi.fn(async (_query: string, { signal }: { signal: AbortSignal }) => {
    signal.throwIfAborted()
    return { hits: [], elapsedMs: { total: 1 } }
  })
  opening.resolve({ search: asked })
  await vi.waitFor(() => expect(status.textContent).toBe('Nothing found'))
})

test('what goes wrong is said once, and the next question tries anew', async () => {
  const { input, said, status, type } = element('/fails/')
  input.focus()
  await type('cat')
  opening.reject(new SelvageError('download-failed', 'No network.'))
  await vi.waitFor(() => expect(status.textContent).toContain('No network.'))
  await new Promise((done) => setTimeout(done, 20))
  expect(said).toHaveLength(1)
  await type('cat')
  opening.resolve({ search: async () => ({ hits: [], elapsedMs: { total: 1 } }) })
  await vi.waitFor(() => expect(status.textContent).toBe('Nothing found'))
})
