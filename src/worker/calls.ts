/**
 * Calls between a page and its workers, and between workers: methods of an object at the other end of a port, arguments
 * and answers copied, or moved with `transfer`; functions among the arguments stay where they are and are called there.
 * The way of Comlink (github.com/GoogleChromeLabs/comlink) in a third of its bytes, which every file of the library
 * paid: no properties, constructors or nested objects. It does not know that a worker can die: link.ts does.
 */

/** One end: a worker, the worker's own global, or a port. */
export interface Endpoint {
  postMessage(message: unknown, transfer?: Transferable[]): void
  addEventListener(type: 'message', listener: EventListenerOrEventListenerObject): void
  start?(): void
}

/** An object at the other end. */
export type Remote<Api> = {
  readonly [Name in keyof Api]: Api[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never
}

/** What is sent. A function is named by where it stands among the arguments, and has a port of its own. */
interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
  readonly ports: readonly (readonly [index: number, port: MessagePort])[]
}

type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: Thrown })

/** Of an error, or the text of what was thrown instead of one. */
type Thrown = { readonly name: string; readonly message: string; readonly stack: string | undefined } | string

type AnyFunction = (...args: readonly unknown[]) => unknown

/** Of the last call, whichever end it went to: several may ask through the same one. */
let last = 0
const moved = new WeakMap<object, Transferable[]>()
const proxied = new WeakSet<object>()
/** The one method of a port that stands for a function, and the word that nobody has the function any more. */
const CALL = 'call'
const RELEASE = 'release'

/** Marks what is moved with `value`, not copied, when that is sent: as an argument or an answer. */
export function transfer<T extends object>(value: T, what: Transferable[]): T {
  moved.set(value, what)
  return value
}

/** Marks a function that is to be called here when it is sent as an argument. */
export function proxy<T extends AnyFunction | ((...args: never[]) => unknown)>(called: T): T {
  proxied.add(called)
  return called
}

// What the compiler takes for a page's global is the worker's.
const ownEnd = (): Endpoint => globalThis as unknown as Endpoint

/** Answers calls of the object's methods; in a worker those of its page, where no other end is given. */
export function expose(api: object, endpoint: Endpoint = ownEnd()): void {
  listen<Call>(endpoint, async ({ id, method, args, ports }) => {
    if (method === undefined) return // an answer, where calls go both ways
    try {
      const given = [...args]
      for (const [index, port] of ports) given[index] = remoteFunction(port)
      const called: unknown = Reflect.get(api, method)
      if (typeof called !== 'function') throw new TypeError(`There is no ${method} to call.`)
      const value: unknown = await Reflect.apply(called, api, given)
      endpoint.postMessage({ id, value }, transfersOf(value))
    } catch (error) {
      endpoint.postMessage({ id, error: sendable(error) })
    }
  })
}

/** The object that the other end exposes. A call rejects with what its method threw; `Outcome` keeps an error's code. */
export function wrap<Api>(endpoint: Endpoint): Remote<Api> {
  const send = caller(endpoint)
  const methods = {
    // A promise that is resolved with it asks for `then`.
    get: (_: object, name: string | symbol) =>
      typeof name === 'symbol' || name === 'then' ? undefined : (...args: unknown[]) => send(name, args),
  }
  // A proxy has whatever is asked of it, which no type can see.
  return new Proxy({}, methods) as Remote<Api>
}

function caller(endpoint: Endpoint): (method: string, args: readonly unknown[]) => Promise<unknown> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  listen<Answer>(endpoint, (answer) => {
    const { resolve, reject } = waiting.get(answer.id) ?? {}
    waiting.delete(answer.id)
    if ('error' in answer) reject?.(thrown(answer.error))
    else resolve?.(answer.value)
  })
  return (method, args) =>
    new Promise((resolve, reject) => {
      const id = ++last
      const ports: [number, MessagePort][] = []
      const copied = args.map((arg, index): unknown => {
        if (typeof arg !== 'function' || !proxied.has(arg)) return arg
        ports.push([index, portOf(arg)])
        return undefined
      })
      const call: Call = { id, method, args: copied, ports }
      endpoint.postMessage(call, [...args.flatMap(transfersOf), ...ports.map(([, port]) => port)])
      waiting.set(id, { resolve, reject })
    })
}

/** Its texts: an error may hold what cannot be copied, and a DOMException is itself not copied everywhere. */
function sendable(error: unknown): Thrown {
  if (!(error instanceof Error)) return String(error)
  const { name, message, stack } = error
  return { name, message, stack }
}

function thrown(error: Thrown): unknown {
  return typeof error === 'string' ? error : Object.assign(new Error(error.message), error)
}

function transfersOf(value: unknown): Transferable[] {
  return (typeof value === 'object' && value !== null && moved.get(value)) || []
}

function portOf(called: object): MessagePort {
  const { port1, port2 } = new MessageChannel()
  expose({ [CALL]: called, [RELEASE]: () => port1.close() }, port1)
  return port2
}

const forgotten = new FinalizationRegistry<() => void>((release) => release())

function remoteFunction(port: MessagePort): AnyFunction {
  const send = caller(port)
  const called: AnyFunction = (...args) => send(CALL, args)
  // By the first of these the function's end is closed, and with it this one.
  forgotten.register(called, () => void send(RELEASE, []))
  return called
}

function listen<Message>(endpoint: Endpoint, hear: (message: Message) => void): void {
  // What comes was sent by the other half of this file.
  endpoint.addEventListener('message', (event) => hear((event as MessageEvent<Message>).data))
  endpoint.start?.()
}
