/** The model in Node: the default folder that ships with the package, or the one a caller names. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Encoder } from '../encoder/encoder.ts'
import { loadEncoder } from '../encoder/load.ts'
import { MANIFEST_FILE, makeManifest } from '../encoder/manifest.ts'
import type { OnProgress } from '../types.ts'
import { pooledEncoder } from './encodePool.ts'
import { EXIT } from './exit.ts'
import { folderFiles, listModelFiles } from './modelFiles.ts'
import { nodeRuntime } from './session.ts'
import { isOfRun } from './trainOutput.ts'
import { openWebEncoder } from './webRuntime.ts'

/** `public/models/selvage-mini` of this package: two levels up from both src/node/ and dist/node/. */
export const DEFAULT_MODEL = fileURLToPath(new URL('../../public/models/selvage-mini', import.meta.url))

export interface NodeEncoderOptions {
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Documents encoded at a time, and CPU threads for a query. Default: `defaultWorkers`, and all cores. */
  readonly threads?: number
  readonly onProgress?: OnProgress
  /** `node`: onnxruntime-node on the f32 graph. `wasm`: the runtime and the graph of a page, with its vectors. Default `node`. */
  readonly backend?: NodeBackend
}

export type NodeBackend = (typeof NODE_BACKENDS)[number]

export const NODE_BACKENDS = ['node', 'wasm'] as const

/** Queries are encoded here, by all threads together; documents by workers of one thread each, that come when needed. */
export async function openNodeEncoder(options: NodeEncoderOptions): Promise<Encoder> {
  const { model = DEFAULT_MODEL, threads, onProgress, backend = 'node' } = options
  const folder = resolve(model)
  if (backend === 'wasm') return openWebEncoder(folderFiles(folder), onProgress)
  const encoder = await loadEncoder({ files: folderFiles(folder), inference: nodeRuntime({ threads }), onProgress })
  const workers = threads ?? defaultWorkers()
  return workers === 1 ? encoder : pooledEncoder(encoder, folder, workers)
}

/** Of a container's memory, where it has a limit of its own. */
const memory = () => Math.min(totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY)

/** One for each core and each GB of memory: a process that encodes takes some 300 MB, and the build more beside them. */
export function defaultWorkers(cores = availableParallelism(), bytes = memory()): number {
  return Math.max(1, Math.min(cores, Math.floor(bytes / 1e9)))
}

/** `selvage model`: writes the folder's selvage.json anew. */
export async function modelCommand(directory: string): Promise<number> {
  const folder = resolve(directory)
  const isOwn = (path: string) => path !== MANIFEST_FILE && !isOfRun(path)
  const paths = (await listModelFiles(folder)).filter(isOwn)
  const manifest = await makeManifest(folderFiles(folder), paths, basename(folder))
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  process.stdout.write(
    `Wrote ${join(directory, MANIFEST_FILE)}: ${paths.length} files, hash ${manifest.hash.slice(0, 12)}.\n`,
  )
  return EXIT.ok
}
