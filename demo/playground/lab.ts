/**
 * The lab: one part of the Vue guide, indexed twelve times with other bits and other pooling. `lab.json` beside the indexes says how
 * large each is, so that they can be compared without being opened.
 */
import { SelvageError } from 'selvage'
import { BITS, POOLS, type Variant } from './settings.ts'

export interface LabIndex extends Variant {
  /** Its folder's. */
  readonly name: string
  readonly pages: number
  readonly passages: number
  readonly vectors: number
  readonly bytes: number
  /** Of `bytes`: what is there for the vectors. The rest is texts and words; pooled, they tell which vector each token is in. */
  readonly vectorBytes: number
}

export const LAB = './index/lab/'

const TEXT_PACKS = ['texts', 'lexical', 'pages']

/** Errors: `index-missing`, `index-invalid`, `download-failed`. */
export async function readLab(): Promise<readonly LabIndex[]> {
  const url = new URL(`${LAB}lab.json`, document.baseURI).href
  let response: Response
  try {
    response = await fetch(url, { cache: 'no-cache' })
  } catch (cause) {
    throw new SelvageError('download-failed', `${url} could not be fetched: ${String(cause)}.`, { cause })
  }
  if (response.status === 404)
    throw new SelvageError('index-missing', `There is no ${url}. "npm run demo" builds the indexes of this page.`)
  if (!response.ok) throw new SelvageError('download-failed', `${url} was answered with ${response.status}.`)
  const indexes = indexesOf(await response.json().catch(() => undefined))
  for (const bits of BITS)
    for (const pool of POOLS)
      if (!indexes.some((index) => index.bits === bits && index.pool === pool))
        throw new SelvageError('index-invalid', `${url} tells of no index with ${bits} bits and pooling ${pool}.`)
  return indexes
}

function indexesOf(json: unknown): LabIndex[] {
  if (!isRecord(json) || !Array.isArray(json['variants'])) return []
  return json['variants'].flatMap((entry: unknown) => {
    if (!isRecord(entry)) return []
    const { name, pages, passages, vectors, bytes, packs } = entry
    const bits = BITS.find((known) => known === entry['bits'])
    const pool = POOLS.find((known) => known === entry['pool'])
    if (bits === undefined || pool === undefined || typeof name !== 'string') return []
    if (typeof pages !== 'number' || typeof passages !== 'number' || typeof vectors !== 'number') return []
    if (typeof bytes !== 'number' || !isRecord(packs)) return []
    let vectorBytes = 0
    for (const [kind, size] of Object.entries(packs))
      if (typeof size === 'number' && !TEXT_PACKS.includes(kind)) vectorBytes += size
    return [{ name, bits, pool, pages, passages, vectors, bytes, vectorBytes }]
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

export function indexOf(lab: readonly LabIndex[], { bits, pool }: Variant): LabIndex {
  const found = lab.find((index) => index.bits === bits && index.pool === pool)
  if (found === undefined) throw new SelvageError('internal', `The lab has no index ${bits}-${pool}.`)
  return found
}
