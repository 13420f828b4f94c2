/**
 * One model folder while it is being loaded: reads its files through the caller's `ModelFiles`, each once, checks size
 * and SHA-256 where the folder has a selvage.json, and reports progress with a true total. It does not know where the
 * files come from nor what is in them. It lives as long as a load does, so the weights are not kept twice.
 */
import { asSelvageError, SelvageError } from '../errors.ts'
import type { OnProgress } from '../types.ts'
import { canHash, formatBytes, sha256Hex } from '../util.ts'
import type { ModelFiles } from './encoder.ts'
import { Fields, parseJsonObject } from './json.ts'
import { MANIFEST_FILE, type ModelManifest, parseManifest } from './manifest.ts'

export class ModelFolder {
  readonly location: string
  readonly manifest: ModelManifest | undefined
  readonly #files: ModelFiles
  readonly #onProgress: OnProgress | undefined
  readonly #reads = new Map<string, Promise<Uint8Array | undefined>>()
  readonly #loaded = new Map<string, number>()
  #total = 0

  private constructor(files: ModelFiles, manifest: ModelManifest | undefined, onProgress: OnProgress | undefined) {
    this.location = withoutSlash(files.location)
    this.manifest = manifest
    this.#files = files
    this.#onProgress = onProgress
  }

  static async open(files: ModelFiles, onProgress?: OnProgress): Promise<ModelFolder> {
    const bytes = await files.read(MANIFEST_FILE)
    if (bytes === undefined) return new ModelFolder(files, undefined, onProgress)
    const where = `${withoutSlash(files.location)}/${MANIFEST_FILE}`
    return new ModelFolder(files, parseManifest(parseJsonObject(bytes, where), where), onProgress)
  }

  /** The file's checked bytes. Where it is absent: `model-missing`. */
  async read(path: string): Promise<Uint8Array> {
    const bytes = await this.find(path)
    if (bytes !== undefined) return bytes
    const listed = this.manifest?.files[path] === undefined ? '' : `, which its ${MANIFEST_FILE} lists`
    throw new SelvageError('model-missing', `${this.location} has no ${path}${listed}. Copy the whole model folder.`)
  }

  /** The same, undefined where the folder has no such file; with a manifest nothing is asked for that it does not list. */
  find(path: string): Promise<Uint8Array | undefined> {
    const held = this.#reads.get(path)
    if (held !== undefined) return held
    if (this.manifest !== undefined && this.manifest.files[path] === undefined) return Promise.resolve(undefined)
    if (!this.#loaded.has(path)) {
      this.#loaded.set(path, 0)
      this.#total += this.manifest?.files[path]?.bytes ?? 0
    }
    const reading = this.#readChecked(path)
    this.#reads.set(path, reading)
    // A failed read is not remembered: whoever asks again makes a new attempt.
    reading.catch(() => this.#reads.delete(path))
    return reading
  }

  async fields(path: string): Promise<Fields> {
    return this.#parse(path, await this.read(path))
  }

  async findFields(path: string): Promise<Fields | undefined> {
    const bytes = await this.find(path)
    return bytes && this.#parse(path, bytes)
  }

  #parse(path: string, bytes: Uint8Array): Fields {
    const where = `${this.location}/${path}`
    return new Fields(parseJsonObject(bytes, where), where)
  }

  async #readChecked(path: string): Promise<Uint8Array | undefined> {
    const wanted = this.manifest?.files[path]
    let bytes: Uint8Array | undefined
    try {
      bytes = await this.#files.read(path, (loaded) => this.#report(path, loaded))
    } catch (thrown) {
      throw asSelvageError(thrown, 'download-failed', `${this.location}/${path}: `)
    }
    if (bytes === undefined) return undefined
    this.#report(path, bytes.length)
    if (wanted === undefined) return bytes
    if (bytes.length !== wanted.bytes) {
      throw new SelvageError(
        'model-invalid',
        `${this.location}/${path} has ${bytes.length} bytes, its ${MANIFEST_FILE} says ${wanted.bytes} ` +
          `(${formatBytes(wanted.bytes)}): it was truncated or replaced. ${REMEDY}`,
      )
    }
    // Outside secure contexts (http on a LAN) browsers give no SHA-256; the size has been checked.
    if (canHash()) {
      const got = await sha256Hex(bytes)
      if (got !== wanted.sha256) {
        throw new SelvageError(
          'model-invalid',
          `${this.location}/${path} has the right size but other contents than its ${MANIFEST_FILE} says ` +
            `(sha256 ${got.slice(0, 12)}…, wanted ${wanted.sha256.slice(0, 12)}…). ${REMEDY}`,
        )
      }
    }
    return bytes
  }

  #report(path: string, loaded: number): void {
    this.#loaded.set(path, loaded)
    let sum = 0
    for (const bytes of this.#loaded.values()) sum += bytes
    this.#onProgress?.({ stage: 'model', loaded: sum, total: this.#total, unit: 'bytes', label: path })
  }
}

const REMEDY = 'Fetch it again; if it was changed on purpose, write the manifest anew with `selvage model`.'

/** For messages, which put a file's path behind it. */
function withoutSlash(location: string): string {
  return location.replace(/[\\/]+$/, '')
}
