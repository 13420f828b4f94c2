/**
 * What a weight of the checkpoint is called in our graphs, and in which form it lies in weights.bin. Short names, as the
 * Python that packed the default model gives them.
 */
import { LINEARS } from './bertShape.ts'
import { PROJECTION } from './types.ts'

/**
 * f32: as it is. turned: f32 `[in, out]`. i8: rows of whole numbers. u8: the same around 128. Both of these have their
 * scales under another name.
 */
export type Form = 'f32' | 'turned' | 'i8' | 'u8'

const TABLES: Readonly<Record<string, readonly [name: string, form: Form]>> = {
  'embeddings.word_embeddings.weight': ['word', 'i8'],
  'embeddings.position_embeddings.weight': ['position', 'f32'],
  'embeddings.token_type_embeddings.weight': ['type', 'f32'],
  [PROJECTION]: ['projection', 'turned'],
}

const LINEAR = new RegExp(`^encoder\\.layer\\.(\\d+)\\.(${LINEARS.join('|').replaceAll('.', '\\.')})\\.(weight|bias)$`)

/** @param weight its name in the checkpoint */
export function packedName(weight: string): { readonly name: string; readonly form: Form } {
  const table = TABLES[weight]
  if (table !== undefined) return { name: table[0], form: table[1] }
  const [, layer, linear, part] = LINEAR.exec(weight) ?? []
  if (layer === undefined) return { name: weight, form: 'f32' } // a LayerNorm's
  const name = `${layer}.${linear}`
  return part === 'weight' ? { name, form: 'u8' } : { name: `${name}.bias`, form: 'f32' }
}

export const scaleName = (packed: string): string => `${packed}.scale`

/** The scales again, for webgpu: each as often as its row has blocks. */
export const blockScaleName = (packed: string, block: number): string => `${packed}.scale${block}`
