/** Taking the visitor's index out of the browser: asks the engine for its files, and saves them as one zip. Draws nothing. */
import { type Selvage, SelvageError } from 'selvage'
import { formatBytes } from '../format.ts'
import { saveFile } from '../saveFile.ts'
import { toSelvageError } from '../searcher.ts'
import type { ExportState } from './exportView.ts'

export interface ExportEvents {
  draw(): void
  announce(text: string): void
}

export class IndexExport {
  readonly #events: ExportEvents
  #engine: Selvage | undefined
  #running: AbortController | undefined
  #state: ExportState | undefined

  constructor(events: ExportEvents) {
    this.#events = events
  }

  get state(): ExportState | undefined {
    return this.#state
  }

  opened(engine: Selvage): void {
    this.#engine = engine
  }

  async run(documents: number): Promise<void> {
    const engine = this.#engine
    if (engine === undefined || this.#running !== undefined) return
    const running = new AbortController()
    this.#running = running
    this.#set({ kind: 'running', share: 0 })
    try {
      const { signal } = running
      const onProgress = ({ loaded, total }: { readonly loaded: number; readonly total: number }) => {
        if (this.#running === running && total > 0) this.#set({ kind: 'running', share: Math.min(1, loaded / total) })
      }
      // Their code is fetched meanwhile; without a network it is in the page's cache.
      const [files, { zipOf }] = await Promise.all([engine.export({ onProgress, signal }), loadZipping()])
      const zip = await zipOf(files, documents, new Date())
      if (signal.aborted) throw new SelvageError('aborted', 'The export was stopped.')
      saveFile(zip)
      this.#set({ kind: 'done', name: zip.name, bytes: zip.size })
      this.#events.announce(`${zip.name} was saved, ${formatBytes(zip.size)}.`)
    } catch (thrown) {
      running.abort() // the engine need not go on for nobody
      const error = toSelvageError(thrown)
      this.#set(error.code === 'aborted' ? undefined : { kind: 'failed', why: whyNot(error) })
    } finally {
      this.#running = undefined
      this.#events.draw()
    }
  }

  stop(): void {
    this.#running?.abort()
  }

  /** What was said of the last one holds no more. */
  forget(): void {
    if (this.#running === undefined) this.#state = undefined
  }

  #set(state: ExportState | undefined): void {
    this.#state = state
    this.#events.draw()
  }
}

async function loadZipping(): Promise<typeof import('./exportIndex.ts')> {
  try {
    return await import('./exportIndex.ts')
  } catch (cause) {
    const message = 'The part of this page that writes zips could not be loaded. Try again when the network is back.'
    throw new SelvageError('download-failed', message, { cause })
  }
}

function whyNot({ code, message }: SelvageError): string {
  return code === 'paused'
    ? 'Some files still wait, and adding is paused. Continue it, or delete them, and export then.'
    : message
}
