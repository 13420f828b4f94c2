/**
 * Whether a model's queries are padded with [MASK] up to their full length, each of them with a vector that is scored: what ColBERT
 * calls query augmentation (Khattab and Zaharia 2020), `do_query_expansion` in PyLate's configuration. A model that was trained long
 * with it can use it to look for words that were not asked; one that was not finds noise by it.
 */
import type { ModelFiles } from '../encoder/encoder.ts'
import { jsonBytes, memoryFiles, readJson } from './memoryFiles.ts'

const CONFIG = 'config_sentence_transformers.json'

/** The model's folder with this one field changed. Errors: `model-missing`, `model-invalid`. */
export async function withQueryPadding(files: ModelFiles, isPadded: boolean): Promise<ModelFiles> {
  const config = await readJson(files, CONFIG)
  const changed = jsonBytes({ ...config, do_query_expansion: isPadded })
  return memoryFiles(new Map([[CONFIG, changed]]), files.location, files)
}
