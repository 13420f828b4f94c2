/**
 * A thread that answers what it is asked, both ends of it: requests go by number, an error crosses as one, and a thread that
 * dies rejects all that wait for it. It holds the process only while it is asked. What is asked it does not know.
 */
import { parentPort, type TransferListItem, type Worker } from 'node:worker_threads'
import { asSelvageError, SelvageError, type WireError } from '../errors.ts'

interface Request<Asked> {
  readonly id: number
  readonly asked: Asked
}

type Reply<Answer> = { readonly id: number } & ({ readonly answer: Answer } | { readonly error: WireError })

export class AskedThread<Asked, Answer> {
  readonly #thread: Worker
  readonly #waiting = new Map<number, Waiting<Answer>>()
  #requests = 0
  #ended: SelvageError | undefined

  /** @param does what the thread does, for the message of its death: "scores passages" */
  constructor(thread: Worker, does: string) {
    this.#thread = thread
    thread.unref() // a run that fails elsewhere ends the process all the same
    thread.on('message', (reply: Reply<Answer>) => {
      const waiting = this.#waiting.get(reply.id)
      this.#waiting.delete(reply.id)
      if (this.#waiting.size === 0) thread.unref()
      if ('error' in reply) waiting?.reject(SelvageError.fromWire(reply.error))
      else waiting?.resolve(reply.answer)
    })
    const end = (why: string) => {
      this.#ended ??= new SelvageError('worker-died', `A thread that ${does} stopped: ${why} Try again.`)
      for (const { reject } of this.#waiting.values()) reject(this.#ended)
      this.#waiting.clear()
    }
    thread.on('error', (error) => end(error.message))
    thread.on('exit', (code) => end(`it ended with code ${code}.`))
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined
  }

  /** Errors: `worker-died`, and those of the thread's answer. */
  ask(asked: Asked, transfer: readonly TransferListItem[] = []): Promise<Answer> {
    if (this.#ended) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const id = this.#requests++
      this.#waiting.set(id, { resolve, reject })
      this.#thread.ref()
      this.#thread.postMessage({ id, asked } satisfies Request<Asked>, transfer)
    })
  }

  async close(): Promise<void> {
    await this.#thread.terminate()
  }
}

interface Waiting<Answer> {
  resolve(answer: Answer): void
  reject(reason: SelvageError): void
}

/** The other end, in the thread. */
export function answerAll<Asked, Answer>(answer: (asked: Asked) => Promise<Answer>): void {
  parentPort?.on('message', async ({ id, asked }: Request<Asked>) => {
    let reply: Reply<Answer>
    try {
      reply = { id, answer: await answer(asked) }
    } catch (thrown) {
      reply = { id, error: asSelvageError(thrown).toWire() }
    }
    parentPort?.postMessage(reply)
  })
}
