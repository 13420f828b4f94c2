/**
 * For the workers of the demo's build: a few lines in front of each that tell the page which requests it makes, from the browser's
 * own record of it. The worker's name ends with the channel to tell on; workers that it starts itself get the same name. Where a
 * page gives no such name, nothing is told.
 */
import type { Plugin } from 'vite'

const TELL = `{
  const [channel] = /selvage-requests-\\S+$/.exec(self.name) ?? []
  if (channel !== undefined) {
    const told = new BroadcastChannel(channel)
    const by = self.name.slice(0, -channel.length).trim()
    new PerformanceObserver((list) =>
      told.postMessage({
        by,
        requests: list.getEntries().map(({ name, transferSize, decodedBodySize }) => ({ name, transferSize, decodedBodySize })),
      }),
    ).observe({ type: 'resource', buffered: true })
    const Started = self.Worker
    if (Started !== undefined)
      self.Worker = class extends Started {
        constructor(url, options) {
          super(url, { ...options, name: (options?.name ?? 'worker') + ' ' + channel })
        }
      }
  }
}
`

export const tellRequests = (): Plugin => ({
  name: 'selvage:tell-requests',
  renderChunk: (code, { isEntry }) => (isEntry ? { code: TELL + code, map: null } : null),
})
