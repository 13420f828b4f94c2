/**
 * A process that encodes documents for the pool of encodePool.ts: the same model in a session of one thread, so that a text
 * gets the same vectors from any of them. Started with the model's folder and hash; it may block, and ends with its parent.
 */
import type { Encoder } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import { asSelvageError, SelvageError, type WireError } from '../errors.ts'
import type { EncodedText } from '../types.ts'
import { folderFiles } from './modelFiles.ts'
import { nodeRuntime } from './session.ts'

export interface EncodeRequest {
  readonly id: number
  readonly texts: readonly string[]
}

/** Each request is answered once. */
export type EncodeReply = { readonly id: number } & (
  | { readonly encoded: readonly EncodedText[] }
  | { readonly error: WireError }
)

const [folder = '', hash = ''] = process.argv.slice(2)

let loaded: Promise<Encoder> | undefined

async function load(): Promise<Encoder> {
  const encoder = await loadEncoder({ files: folderFiles(folder), inference: nodeRuntime({ threads: 1 }) })
  if (encoder.model.hash === hash) return encoder
  await encoder.close()
  throw new SelvageError('model-invalid', `The model in ${folder} was changed while it was in use. Load it again.`)
}

async function answer({ id, texts }: EncodeRequest): Promise<EncodeReply> {
  try {
    loaded ??= load()
    const encoder = await loaded.catch((thrown: unknown) => {
      loaded = undefined // the next request may find the model mended
      throw thrown
    })
    return { id, encoded: await encoder.encodeDocuments(texts) }
  } catch (thrown) {
    return { id, error: asSelvageError(thrown).toWire() }
  }
}

process.on('message', async (request: EncodeRequest) => {
  process.send?.(await answer(request), undefined, undefined, (error) => error && process.exit(1))
})
process.on('disconnect', () => process.exit())
process.on('SIGINT', () => {}) // Ctrl-C reaches all processes of a terminal; what it means is the parent's to say
