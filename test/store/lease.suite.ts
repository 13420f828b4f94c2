/** Leases and news, as one test body: with the platform's locks and channels, and without. */
import { describe, expect, test } from 'vitest'
import { newsChannel, withLease } from '../../src/store/lease.ts'

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

export function leaseSuite(name: string): void {
  describe(name, () => {
    test('one at a time, in order; other names do not wait', async () => {
      const log: string[] = []
      const work = (lease: string, step: string) =>
        withLease(lease, async () => {
          log.push(`${step} begins`)
          await pause(20)
          log.push(`${step} ends`)
          return step
        })
      const results = await Promise.all([work('a', 'a1'), work('a', 'a2'), work('a', 'a3'), work('b', 'b1')])
      expect(results).toEqual(['a1', 'a2', 'a3', 'b1'])
      expect(log.filter((line) => line.startsWith('a'))).toEqual(
        ['a1', 'a2', 'a3'].flatMap((step) => [`${step} begins`, `${step} ends`]),
      )
      expect(log.indexOf('b1 begins')).toBeLessThan(log.indexOf('a1 ends'))
    })

    test('a failure is passed on as it is, and frees the lease', async () => {
      const error = new Error('of the work')
      await expect(withLease('a', () => Promise.reject(error))).rejects.toBe(error)
      expect(await withLease('a', async () => 'free')).toBe('free')
    })

    test('who waits may give up; those behind still wait for the one in front', async () => {
      let finish = () => {}
      const first = withLease('a', () => new Promise<void>((resolve) => (finish = resolve)))
      const stop = new AbortController()
      const ran: string[] = []
      const second = withLease('a', async () => ran.push('second'), { signal: stop.signal })
      const third = withLease('a', async () => ran.push('third'))
      const refused = expect(second).rejects.toMatchObject({ code: 'aborted' })
      stop.abort()
      await refused
      await pause(20)
      expect(ran).toEqual([])
      finish()
      await Promise.all([first, third])
      expect(ran).toEqual(['third'])
      await expect(withLease('a', async () => {}, { signal: stop.signal })).rejects.toMatchObject({ code: 'aborted' })
    })

    test('a signal that fires while the work runs is the work’s affair', async () => {
      const stop = new AbortController()
      const result = withLease(
        'a',
        async () => {
          stop.abort()
          await pause(5)
          return 'done'
        },
        { signal: stop.signal },
      )
      expect(await result).toBe('done')
    })

    test('news reach all others of the name, as copies', async () => {
      const [one, two, three] = [1, 2, 3].map(() => newsChannel<{ kind: string; list: number[] }>('news'))
      const other = newsChannel<{ kind: string; list: number[] }>('other news')
      const heard: string[] = []
      const listen = (name: string, channel: typeof other) =>
        channel.onNews(({ kind, list }) => heard.push(`${name} ${kind} ${list}`))
      listen('one', one!)
      const stopTwo = listen('two', two!)
      listen('three', three!)
      listen('other', other)
      const message = { kind: 'changed', list: [1, 2] }
      one!.tell(message)
      message.list.push(3)
      await expect.poll(() => heard.sort()).toEqual(['three changed 1,2', 'two changed 1,2'])
      heard.length = 0
      stopTwo()
      three!.close()
      two!.tell({ kind: 'again', list: [] })
      await expect.poll(() => heard).toEqual(['one again '])
      two!.close()
      two!.tell({ kind: 'too late', list: [] })
      await pause(20)
      expect(heard).toHaveLength(1)
      one!.close()
      other.close()
    })
  })
}
