/**
 * Every request of this page since it was loaded, as the browser itself records them: the page's own, and those of its workers,
 * each of which has a record of its own that a page cannot see. The build puts a few lines in front of every worker that tell of
 * it (demo/site/tellRequests.ts). Not in it: what the service worker fetches for its cache. A record has no methods and no bodies.
 */

/** One request. */
export interface Asked {
  readonly url: string
  /** `page`, or what the worker is called. */
  readonly by: string
  /** Of the network; 0 where the browser had it. */
  readonly bytes: number
  readonly isKept: boolean
}

/** What a worker tells: part of a PerformanceResourceTiming. */
export interface ToldRequest {
  readonly name: string
  readonly transferSize: number
  readonly decodedBodySize: number
}

/** The last word of a worker's name is the channel that it tells on: of this tab alone. */
const CHANNEL = `selvage-requests-${crypto.getRandomValues(new Uint32Array(2)).join('-')}`

/** From now on workers tell, and `onAsked` is called with all requests so far whenever there are more. Call it before workers start. */
export function watchRequests(onAsked: (asked: readonly Asked[]) => void): void {
  const asked: Asked[] = []
  const add = (by: string, told: readonly ToldRequest[]) => {
    asked.push(...told.map((one) => askedOf(one, by)))
    onAsked(asked)
  }
  new BroadcastChannel(CHANNEL).addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    if (isTold(data)) add(data.by, data.requests)
  })
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, { ...options, name: `${options?.name ?? 'worker'} ${CHANNEL}` })
    }
  }
  // An observer would be told of it twice: when it begins, and when the page is loaded.
  add('page', performance.getEntriesByType('navigation').filter(isResource))
  new PerformanceObserver((list) => add('page', list.getEntries().filter(isResource))).observe({
    type: 'resource',
    buffered: true,
  })
}

/** A page that was opened at an address with a question has told it to its site. */
export function carriesQuestion({ url }: Asked): boolean {
  return (new URL(url).searchParams.get('q') ?? '') !== ''
}

function askedOf({ name, transferSize, decodedBodySize }: ToldRequest, by: string): Asked {
  return { url: name, by, bytes: transferSize, isKept: transferSize === 0 && decodedBodySize > 0 }
}

function isResource(entry: PerformanceEntry): entry is PerformanceResourceTiming {
  return entry instanceof PerformanceResourceTiming
}

/** Nothing else speaks on this channel, but what crosses to us is looked at. */
function isTold(data: unknown): data is { readonly by: string; readonly requests: readonly ToldRequest[] } {
  return typeof data === 'object' && data !== null && 'by' in data && 'requests' in data && Array.isArray(data.requests)
}
