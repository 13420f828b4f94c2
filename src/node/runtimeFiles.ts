/**
 * What a site serves for its search to run: the library's browser files and a model's files, by the names that widget and
 * workers ask for them. It knows where a built package keeps them; copying, emitting or serving them is its callers'.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ModelFolder } from '../encoder/folder.ts'
import { MANIFEST_FILE } from '../encoder/manifest.ts'
import { SelvageError } from '../errors.ts'
import { isMissing } from './fileStore.ts'
import { DEFAULT_MODEL } from './model.ts'
import { folderFiles, listModelFiles } from './modelFiles.ts'

/** dist/browser of this package: two levels up from both src/node/ and dist/node/. */
const BROWSER_FOLDER = fileURLToPath(new URL('../../dist/browser', import.meta.url))

export interface RuntimeFile {
  /** Path below the folder that serves them, with `/`: `widget.js`, `model/tokenizer.json`. */
  readonly name: string
  readonly absolutePath: string
}

/**
 * The library's files, without source maps, and under `model/` those that the model's manifest lists.
 * Errors: `runtime-failed` where the library has not been built, `model-missing`, `model-invalid`.
 */
export async function runtimeFiles(model: string = DEFAULT_MODEL): Promise<RuntimeFile[]> {
  return [...(await browserFiles()).map(named(BROWSER_FOLDER, '')), ...(await modelRuntimeFiles(model))]
}

/** The model's part of them, for a site that bundles the library itself. Errors: `model-missing`, `model-invalid`. */
export async function modelRuntimeFiles(model: string = DEFAULT_MODEL): Promise<RuntimeFile[]> {
  const folder = resolve(model)
  return (await modelFiles(folder)).map(named(folder, 'model/'))
}

function named(root: string, prefix: string): (path: string) => RuntimeFile {
  return (path) => ({ name: prefix + path, absolutePath: join(root, path) })
}

async function browserFiles(): Promise<string[]> {
  const names = await readdir(BROWSER_FOLDER).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  const files = names.filter((name) => !name.endsWith('.map')).sort()
  if (files.length === 0)
    throw new SelvageError(
      'runtime-failed',
      `There are no browser files in ${BROWSER_FOLDER}: this is a source checkout that was not built. Run "npm run build" in it.`,
    )
  return files
}

/** Without a manifest nobody says which files count: all of them then. */
async function modelFiles(folder: string): Promise<string[]> {
  const { manifest } = await ModelFolder.open(folderFiles(folder))
  if (manifest !== undefined) return [MANIFEST_FILE, ...Object.keys(manifest.files)]
  const files = await listModelFiles(folder).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
  if (files.length === 0) throw new SelvageError('model-missing', `There is no model in ${folder}.`)
  return files
}
