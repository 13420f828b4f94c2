/**
 * The writer's worker: documents become passages, get their vectors from the encoder's worker, and go into the store; nothing
 * here is searched. It is started by the first call that changes the index, so that a page that only searches never loads the
 * parsers and builders that it consists of; and what it compresses does not hold up a search.
 */

import * as Comlink from 'comlink'
import { LiveWriter } from '../engine/live/writer.ts'
import { SelvageError } from '../errors.ts'
import { createOps } from '../ops/create.ts'
import type { AssignCentroids } from '../plaid/kmeans.ts'
import { httpStore } from '../store/http.ts'
import { idbStore } from '../store/idb.ts'
import { layeredSource } from '../store/layered.ts'
import { newsChannel, withLease } from '../store/lease.ts'
import { lazily } from '../util.ts'
import { LentEncoder } from './lentEncoder.ts'
import { portEncoder } from './pageEncoder.ts'
import { type News, newsOf, outcome, type WriterApi } from './protocol.ts'
import { portStore } from './sharedStore.ts'

let writer: LiveWriter | undefined
let encoder: LentEncoder | undefined
let stop = () => {}
/** Those that are being made, by the caller's id. */
const exports = new Map<number, AbortController>()

/** Kernels of the CPU: the GPU, where there is one, has the encoder's work to do. */
const kernels = lazily(() => createOps({ backend: 'wasm' }))
const assign: AssignCentroids = async (...call) => (await kernels()).assignCentroids(...call)

const api: WriterApi = {
  open: ({ name, indexUrl, kind }, encoderPort, storePort, onWork, onEncoderLost) =>
    outcome(async () => {
      const store = kind === 'memory' && storePort ? portStore(storePort) : await idbStore(name)
      const remote = indexUrl === undefined ? undefined : httpStore({ url: indexUrl })
      const news = newsChannel<News>(newsOf(name))
      const lent = new LentEncoder(portEncoder(encoderPort), onEncoderLost)
      encoder = lent
      const opened = new LiveWriter({
        store,
        source: remote ? layeredSource({ store, remote, keep: kind === 'browser' }) : store,
        encoder: lent,
        assign,
        lease: (run, signal) => withLease(`${name} writer`, run, { signal }),
        onCommit: ({ generation }) => news.tell({ generation }),
        onProgress: onWork,
      })
      writer = opened
      const unheard = news.onNews(() => void opened.heardOf().catch(() => {})) // the next call tells what is wrong
      stop = () => {
        unheard()
        news.close()
        store.close()
      }
    }),

  connect: (port) =>
    outcome(() => {
      encoder?.lend(portEncoder(port))
      writer?.work()
    }),

  disconnected: () => outcome(() => encoder?.lost()),

  work: () => outcome(() => open().work()),
  add: (documents, options) => outcome(() => open().add(documents, options)),
  delete: (ids) => outcome(() => open().delete(ids)),
  documents: () => outcome(() => open().documents()),
  pause: () => outcome(() => open().pause()),
  resume: () => outcome(() => open().resume()),
  compact: () => outcome(() => open().compact()),
  rebuild: () => outcome(() => open().rebuild()),

  async export(id, onProgress) {
    const stop = new AbortController()
    exports.set(id, stop)
    const result = await outcome(() => open().export({ onProgress, signal: stop.signal }))
    exports.delete(id)
    return result.ok
      ? Comlink.transfer(
          result,
          result.value.map(({ bytes }) => bytes.buffer),
        )
      : result
  },

  stopExport: (id) => outcome(() => exports.get(id)?.abort()),

  close: () =>
    outcome(async () => {
      encoder?.close(new SelvageError('closed', 'The index was closed.'))
      await writer?.close()
      stop()
    }),
}

function open(): LiveWriter {
  if (writer === undefined) throw new SelvageError('internal', 'The writer was asked before it was opened.')
  return writer
}

Comlink.expose(api)
