/** The model in Node: the default folder that ships with the package, or the one a caller names. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
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

/** `public/models/selvage-mini` of this package: two levels up from both src/node/ and dist/node/. */
export const DEFAULT_MODEL = fileURLToPath(new URL('../../public/models/selvage-mini', import.meta.url))

export interface NodeEncoderOptions {
  /** Folder of the model. Default: the one that ships with the package. */
  readonly model?: string
  /** Documents encoded at a time, and CPU threads for a query. Default: all cores. Each takes memory for the model. */
  readonly threads?: number
  readonly onProgress?: OnProgress
}

/** Queries are encoded here, by all threads together; documents by workers of one thread each, that come when needed. */
export async function openNodeEncoder(options: NodeEncoderOptions): Promise<Encoder> {
  const { model = DEFAULT_MODEL, threads = availableParallelism(), onProgress } = options
  const folder = resolve(model)
  const encoder = await loadEncoder({ files: folderFiles(folder), inference: nodeRuntime({ threads }), onProgress })
  return threads === 1 ? encoder : pooledEncoder(encoder, folder, threads)
}

/** `selvage model`: writes the folder's selvage.json anew. */
export async function modelCommand(directory: string): Promise<number> {
  const folder = resolve(directory)
  const paths = (await listModelFiles(folder)).filter((path) => path !== MANIFEST_FILE)
  const manifest = await makeManifest(folderFiles(folder), paths, basename(folder))
  await writeFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 2)}\n`)
  process.stdout.write(
    `Wrote ${join(directory, MANIFEST_FILE)}: ${paths.length} files, hash ${manifest.hash.slice(0, 12)}.\n`,
  )
  return EXIT.ok
}
