/**
 * `selvage verify`: is this index whole, byte for byte, and does it agree with itself? Every fault is one line that names
 * the file, and none stops the search for others. Reads all there is; changes nothing.
 */

import { filesOf, type Manifest, packBytes, packsOf, readManifest } from '../engine/manifest.ts'
import { PagesReader } from '../engine/pages.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import {
  FIRST_TERMS_BLOCK,
  PASSAGES_BLOCK,
  readPassages,
  readTerms,
  readWords,
  WORDS_BLOCK,
} from '../lexical/format.ts'
import { readPlaidData } from '../plaid/format.ts'
import { BlocksReader } from '../store/blocks.ts'
import { readPack } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'
import type { OnProgress, PassageId } from '../types.ts'
import { formatBytes } from '../util.ts'
import { EXIT } from './exit.ts'
import { isRuntimeName } from './fileStore.ts'
import { allPassages, isAddress, listPlace, placeSource } from './place.ts'
import { progressDisplay } from './progress.ts'

interface Checked {
  readonly source: BlobSource
  readonly manifest: Manifest
  readonly onProgress: OnProgress
  /** Tells a fault. The same words twice are one fault: a damaged pack is met by every check that reads it. */
  readonly fault: (thrown: unknown) => void
}

/** What is asked of an index. A check throws a fault, or, where it can go on after it, tells it and goes on. */
const CHECKS: Readonly<Record<string, (index: Checked) => Promise<void>>> = {
  packs: checkPacks,
  texts: checkTexts,
  vectors: checkVectors,
  structure: checkStructure,
  keywords: checkKeywords,
}

export interface Verified {
  readonly manifest: Manifest
  readonly faults: readonly string[]
  /** Files in the folder that neither the manifest names nor --with-runtime writes. */
  readonly strangers: readonly string[]
}

/** Errors: those of readManifest. Everything else that is wrong is in `faults`. */
export async function verifyIndex(place: string, onProgress: OnProgress = () => {}): Promise<Verified> {
  const source = isAddress(place) ? remembered(placeSource(place)) : placeSource(place)
  const manifest = await readManifest(source)
  const faults = new Set<string>()
  for (const [name, check] of Object.entries(CHECKS)) {
    const fault = (thrown: unknown) =>
      faults.add(asSelvageError(thrown, 'index-invalid', `${name}: `).message.replaceAll('\n', ' '))
    await check({ source, manifest, onProgress, fault }).catch(fault)
  }
  const ours = new Set(filesOf(manifest))
  const strangers = (await listPlace(place))?.filter((name) => !ours.has(name) && !isRuntimeName(name)) ?? []
  return { manifest, faults: [...faults], strangers }
}

export async function verifyCommand(place: string): Promise<number> {
  const display = progressDisplay()
  const { manifest, faults, strangers } = await verifyIndex(place, display.onProgress).finally(() => display.done())
  const count = packsOf(manifest).length
  const lines = [
    ...faults.map((fault) => `damaged: ${fault}`),
    ...strangers.map((name) => `not of this index: ${name}`),
    faults.length === 0
      ? `${place} is whole: ${count} packs, ${formatBytes(packBytes(manifest))}, ${manifest.texts.passages.toLocaleString('en')} passages.`
      : `${place} is damaged: ${faults.length} fault${faults.length === 1 ? '' : 's'} in ${count} packs.`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return faults.length === 0 ? EXIT.ok : EXIT.failed
}

/** Every pack is there, of the size and content that the manifest says, and its name is that of its content. */
async function checkPacks({ source, manifest, onProgress, fault }: Checked): Promise<void> {
  const total = packBytes(manifest)
  let loaded = 0
  for (const pack of packsOf(manifest)) {
    await readPack(source, pack).catch(fault)
    if (!pack.file.endsWith(`-${pack.sha256.slice(0, 16)}.pack`))
      fault(contradiction(source, `${pack.file} is not named by its hash, ${pack.sha256.slice(0, 16)}`))
    loaded += pack.bytes
    onProgress({ stage: 'index', loaded, total, unit: 'bytes' })
  }
}

/** Every passage has its text, what points into a text stays inside it, and there are as many as the manifest says. */
async function checkTexts({ source, manifest, fault }: Checked): Promise<void> {
  const { texts } = manifest
  const pages = new Set<object>()
  const sections = new Set<PassageId>()
  const unreadable = new Set<string>()
  const onUnreadable = (error: unknown) => unreadable.add(asSelvageError(error, 'index-invalid', 'texts: ').message)
  for await (const { id, section, range } of allPassages(source, manifest, onUnreadable)) {
    if (!section.page.isContinued) pages.add(section.page)
    sections.add(section.id)
    const { length } = section.text
    const outside = [range, ...section.blocks].find(({ start, end }) => !(0 <= start && start <= end && end <= length))
    if (outside !== undefined)
      fault(
        contradiction(
          source,
          `passage ${id} names characters ${outside.start} to ${outside.end} of a text of ${length} (${section.url})`,
        ),
      )
  }
  for (const alike of groupedBy([...unreadable], (message) => message.replace(/passage \d+/, ''))) {
    const more = alike.length > 1 ? ` So it is with ${alike.length - 1} more.` : ''
    fault(new SelvageError('index-invalid', `${alike[0]}${more}`))
  }
  if (unreadable.size > 0) return
  if (pages.size !== texts.pages)
    fault(contradiction(source, `it has texts of ${pages.size} pages, not ${texts.pages}`))
  if (sections.size !== texts.sections)
    fault(contradiction(source, `it has texts of ${sections.size} sections, not ${texts.sections}`))
}

/** Codes are of centroids that there are, lengths of passages and sizes of packs agree: all that reading them checks. */
async function checkVectors({ source, manifest }: Checked): Promise<void> {
  await readPlaidData(source, manifest.vectors)
}

/** Sections and pages begin where the texts say, as many as there are; filters and sort keys name pages that there are. */
async function checkStructure({ source, manifest: { pages, texts }, fault }: Checked): Promise<void> {
  if (pages === undefined) return
  const reader = new PagesReader(source, pages)
  const structure = await reader.structure()
  const counts = [
    ['pages', structure.pages.length, texts.pages],
    ['sections', structure.sections.length, texts.sections],
    ['passages', structure.passages, texts.passages],
  ] as const
  for (const [name, count, wanted] of counts)
    if (count !== wanted) fault(contradiction(source, `its structure has ${count} ${name}, its texts ${wanted}`))
  const { filters, sorts } = await reader.facets()
  const filtered = [...filters.values()].flatMap((values) => [...values.values()].flat())
  const named = [...filtered, ...[...sorts.values()].flat().map(({ page }) => page)]
  const stray = named.find((page) => !(page >= 0 && page < texts.pages))
  if (stray !== undefined) fault(contradiction(source, `a filter or sort key names page ${stray} of ${texts.pages}`))
  const ids = (await reader.ids())?.length ?? texts.pages
  if (ids !== texts.pages) fault(contradiction(source, `it has ids of ${ids} pages, not of ${texts.pages}`))
}

/** Every word has its postings, of passages that there are, and stands in the block where a search looks for it. */
async function checkKeywords({ source, manifest: { lexical }, fault }: Checked): Promise<void> {
  if (lexical === undefined) return
  const { passages, starts, terms } = lexical
  const table = new BlocksReader(source, lexical, (bytes) => readPassages(bytes, passages, source.location), 1)
  await table.read(PASSAGES_BLOCK)
  const list = await new BlocksReader(source, lexical, readWords, 1).read(WORDS_BLOCK).catch(fault)
  if (list && list.length !== terms)
    fault(contradiction(source, `for words that are mistyped it has ${list.length} words, not ${terms}`))
  const blocks = new BlocksReader(source, lexical, readTerms, 1)
  let found = 0
  for (const [block, start] of starts.entries()) {
    const next = starts[block + 1]
    for (const { term, stem, postings } of await blocks.read(FIRST_TERMS_BLOCK + block)) {
      found++
      const last = postings().passages.at(-1) ?? 0
      if (last >= passages) fault(contradiction(source, `the word "${term}" is in passage ${last} of ${passages}`))
      if (stem < start || (next !== undefined && stem >= next))
        fault(contradiction(source, `the word "${term}" is in block ${block}, where no search looks for it`))
    }
  }
  if (found !== terms) fault(contradiction(source, `it has ${found} words, not ${terms}`))
}

function contradiction({ location }: BlobSource, what: string): SelvageError {
  return new SelvageError('index-invalid', `The index at ${location} contradicts itself: ${what}. Build it again.`)
}

function groupedBy(messages: readonly string[], keyOf: (message: string) => string): string[][] {
  const groups = new Map<string, string[]>()
  for (const message of messages) groups.set(keyOf(message), [...(groups.get(keyOf(message)) ?? []), message])
  return [...groups.values()]
}

/** What was downloaded is not downloaded again by the next check. An index fits in memory, or it could not be searched. */
function remembered(source: BlobSource): BlobSource {
  const known = new Map<string, Promise<Uint8Array | undefined>>()
  const get = (key: string) => {
    const bytes = known.get(key) ?? source.get(key)
    known.set(key, bytes)
    return bytes
  }
  // Without parts every block would be a whole pack that is hashed again.
  const slice = async (key: string, start: number, end: number) => (await get(key))?.subarray(start, end)
  return { location: source.location, get, slice }
}
