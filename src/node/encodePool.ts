/**
 * Documents encoded on all cores: processes, each with the model in a session of one thread, since a run of onnxruntime-node
 * blocks its thread. Which of them a text comes to does not matter to its vectors. Not worker threads: one that is ended
 * during a run of onnxruntime-node 1.30 takes the whole process with it ("terminate called ... Napi::Error").
 * Knows processes and the order of results; what encoding is, is encodeWorker.ts's and the encoder's matter.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { type EncodeOptions, type Encoder, withDocuments } from '../encoder/encoder.ts'
import { SelvageError, throwIfAborted } from '../errors.ts'
import type { EncodedText } from '../types.ts'
import type { EncodeReply, EncodeRequest } from './encodeWorker.ts'

/** Texts handed to a worker at a time: enough that it seldom waits, few enough that all end at about the same time. */
const GROUP = 4
/** To start a worker takes as long as encoding about so many texts. */
const TEXTS_WORTH_A_WORKER = 8

/**
 * The encoder, with documents encoded by workers: as many as there are `threads` and work for, from the first documents to
 * `close`. Its own session is for queries.
 * @param folder absolute path of the model's folder
 */
export function pooledEncoder(encoder: Encoder, folder: string, threads: number): Encoder {
  const pool = new EncodePool([folder, encoder.model.hash], threads)
  return withDocuments(encoder, {
    encodeDocuments: (texts, options) => pool.encode(texts, options),
    async close() {
      await Promise.all([pool.close(), encoder.close()])
    },
  })
}

class EncodePool {
  readonly #args: readonly string[]
  readonly #threads: number
  readonly #workers = new Set<EncodeWorker>()
  #closed = false

  constructor(args: readonly string[], threads: number) {
    this.#args = args
    this.#threads = threads
  }

  /** Errors: `aborted`, `closed`, `worker-died`, and those of the encoder. After all but `closed` it can be used again. */
  async encode(texts: readonly string[], { signal, onDone }: EncodeOptions = {}): Promise<EncodedText[]> {
    throwIfAborted(signal)
    if (this.#closed) throw closedError()
    const results = new Array<EncodedText>(texts.length)
    const groups = groupsOf(texts)
    let done = 0
    let isOver = false
    const serve = async (worker: EncodeWorker): Promise<void> => {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        const encoded = await worker.encode(group.map((index) => texts[index] ?? ''))
        if (isOver) return
        for (const [i, index] of group.entries()) results[index] = encoded[i] ?? missingResult()
        done += group.length
        onDone?.(done)
      }
    }
    const wanted = Math.min(this.#threads, Math.ceil(texts.length / TEXTS_WORTH_A_WORKER))
    let onAbort = () => {}
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(new SelvageError('aborted', 'The operation was aborted by its caller.'))
      signal?.addEventListener('abort', onAbort)
    })
    try {
      await Promise.race([Promise.all(this.#started(wanted).map(serve)), aborted])
      return results
    } finally {
      // Nothing more is handed out; what the workers are at is dropped when it comes.
      isOver = true
      groups.length = 0
      signal?.removeEventListener('abort', onAbort)
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#workers].map((worker) => worker.close()))
  }

  #started(count: number): EncodeWorker[] {
    while (this.#workers.size < count) {
      const worker: EncodeWorker = new EncodeWorker(this.#args, () => this.#workers.delete(worker))
      this.#workers.add(worker)
    }
    return [...this.#workers].slice(0, count)
  }
}

/** A request's promise. */
interface Waiting {
  resolve(encoded: readonly EncodedText[]): void
  reject(reason: SelvageError): void
}

/** One process, and the requests it has not answered yet. */
class EncodeWorker {
  readonly #process: ChildProcess
  readonly #onEnd: () => void
  readonly #waiting = new Map<number, Waiting>()
  #requests = 0

  constructor(args: readonly string[], onEnd: () => void) {
    this.#process = fork(new URL('./encodeWorker.ts', import.meta.url), args, {
      execArgv: [], // flags for this process, such as --inspect and --input-type, are not for that one
      serialization: 'advanced', // typed arrays stay such
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#onEnd = onEnd
    this.#hold(false)
    this.#process.on('message', (reply: EncodeReply) => this.#settle(reply))
    this.#process.on('error', (error) => this.#die(error.message))
    this.#process.on('exit', (code, signal) => this.#die(`it ended with ${signal ?? `exit code ${code}`}.`))
  }

  encode(texts: readonly string[]): Promise<readonly EncodedText[]> {
    return new Promise((resolve, reject) => {
      const id = this.#requests++
      this.#waiting.set(id, { resolve, reject })
      this.#hold(true)
      this.#process.send({ id, texts } satisfies EncodeRequest, (error) => error && this.#die(error.message))
    })
  }

  async close(): Promise<void> {
    this.#end(closedError())
    const isRunning = this.#process.exitCode === null && this.#process.signalCode === null
    const exited = isRunning && once(this.#process, 'exit')
    this.#hold(isRunning)
    this.#process.kill('SIGKILL') // it has nothing to tidy up, and might be in the middle of a run
    await exited
  }

  /** Whether this process stays alive for that one: only while there is something to wait for. */
  #hold(isNeeded: boolean): void {
    for (const held of [this.#process, this.#process.channel]) {
      if (isNeeded) held?.ref()
      else held?.unref()
    }
  }

  #settle(reply: EncodeReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (this.#waiting.size === 0) this.#hold(false)
    if ('error' in reply) waiting?.reject(SelvageError.fromWire(reply.error))
    else waiting?.resolve(reply.encoded)
  }

  #die(why: string): void {
    this.#end(new SelvageError('worker-died', `A process that encodes documents stopped: ${why} Try again.`))
    this.#process.kill('SIGKILL')
  }

  #end(reason: SelvageError): void {
    this.#onEnd()
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}

/** Groups of indices into `texts`, the longest texts first, so that no worker is left with a long one at the end. */
function groupsOf(texts: readonly string[]): number[][] {
  const lengthOf = (index: number) => texts[index]?.length ?? 0
  const order = [...texts.keys()].sort((a, b) => lengthOf(b) - lengthOf(a))
  return Array.from({ length: Math.ceil(order.length / GROUP) }, (_, i) => order.slice(i * GROUP, (i + 1) * GROUP))
}

function closedError(): SelvageError {
  return new SelvageError('closed', 'The encoder was closed. Load it again.')
}

function missingResult(): never {
  throw new SelvageError('internal', 'A worker answered with fewer texts than it was given.')
}
