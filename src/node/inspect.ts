/**
 * `selvage inspect`: what an index holds, for a person: counts, sizes by kind of pack, one passage, one page. Sizes are
 * what the manifest says; whether the files are that is the question of `selvage verify`.
 */
import { type Manifest, packBytes, packsOf, readManifest } from '../engine/manifest.ts'
import { passageText, type StoredPassage, TextsReader } from '../engine/texts.ts'
import { asSelvageError, SelvageError } from '../errors.ts'
import { plaidPacks } from '../plaid/format.ts'
import { type PackRef, sumOfPacks } from '../store/packs.ts'
import type { BlobSource } from '../store/store.ts'
import { formatBytes } from '../util.ts'
import { EXIT } from './exit.ts'
import { allPassages, isAddress, placeSource } from './place.ts'

export interface InspectOptions {
  /** Folder or http(s) address of the index. */
  readonly dir: string
  readonly json: boolean
  /** Show this passage instead. */
  readonly passage?: number
  /** Show the page with this url instead. */
  readonly page?: string
}

/** Some hosts take no larger file (Cloudflare Pages: 25 MiB). */
const HOST_LIMIT = 25 * 2 ** 20

interface PackKind {
  readonly kind: string
  readonly files: number
  readonly bytes: number
}

export async function inspectCommand({ dir, json, passage, page }: InspectOptions): Promise<number> {
  const source = placeSource(dir)
  const manifest = await readManifest(source)
  const print = (value: unknown, lines: () => readonly string[]) =>
    process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${lines().join('\n')}\n`)
  if (passage !== undefined) {
    const found = await passageOf(source, manifest, passage)
    print(found, () => passageLines(found))
  } else if (page !== undefined) {
    const found = await pageOf(source, manifest, page)
    print(found, () => pageLines(found))
  } else {
    const summary = summaryOf(source, manifest)
    // Texts are read whole for this: of a folder that is quick, of a server it would be a download.
    const languages = isAddress(dir) ? undefined : await languagesOf(source, manifest)
    print({ ...summary, languages }, () => summaryLines(summary, languages))
  }
  return EXIT.ok
}

function summaryOf({ location }: BlobSource, manifest: Manifest) {
  const { version, model, fingerprint, vectors, texts, lexical } = manifest
  const { dim, bits, tokens, centroidCount: centroids } = vectors
  const packs = packsOf(manifest)
  const [first, ...others] = packs
  const largest = others.reduce((most, pack) => (pack.bytes > (most?.bytes ?? 0) ? pack : most), first)
  const { pages, sections, passages } = texts
  return {
    ...{ location, version, model, fingerprint },
    ...{ pages, sections, passages, tokens, dim, bits, centroids },
    words: lexical?.terms ?? 0,
    filters: manifest.pages?.filters ?? [],
    sorts: manifest.pages?.sorts ?? [],
    bytesPerToken: sumOfPacks(plaidPacks(vectors)) / Math.max(tokens, 1),
    bytes: packBytes(manifest),
    files: packs.length,
    packs: byKind(packs),
    largest: largest && { file: largest.file, bytes: largest.bytes },
  }
}

/** By the kind in their names, so that a kind that is new shows up too. The largest first. */
function byKind(packs: readonly PackRef[]): PackKind[] {
  const kinds = new Map<string, PackRef[]>()
  for (const pack of packs) {
    const kind = pack.file.replace(/-[^-]*$/, '')
    kinds.set(kind, [...(kinds.get(kind) ?? []), pack])
  }
  return [...kinds]
    .map(([kind, refs]) => ({ kind, files: refs.length, bytes: sumOfPacks(refs) }))
    .sort((a, b) => b.bytes - a.bytes)
}

/** Pages of each language, '' for those that name none; undefined, with a line that says why, where texts are damaged. */
async function languagesOf(source: BlobSource, manifest: Manifest): Promise<Record<string, number> | undefined> {
  const languages: Record<string, number> = {}
  let last: unknown
  try {
    for await (const { section } of allPassages(source, manifest)) {
      if (section.page === last || section.page.isContinued) continue
      last = section.page
      const language = section.page.language ?? ''
      languages[language] = (languages[language] ?? 0) + 1
    }
    return languages
  } catch (thrown) {
    // What the manifest says is worth showing all the same.
    process.stderr.write(`Languages cannot be told: ${asSelvageError(thrown).message}\n`)
    return undefined
  }
}

function summaryLines(summary: ReturnType<typeof summaryOf>, languages: Record<string, number> | undefined): string[] {
  const { model, largest, bytes, files } = summary
  const n = (value: number) => value.toLocaleString('en')
  const rows: [string, string][] = [
    ['format', `version ${summary.version}`],
    ['model', `${model.name} (${model.hash.slice(0, 12)})`],
    [
      'fingerprint',
      summary.fingerprint === ''
        ? 'none: it was imported or exported, or built without documents that were named'
        : summary.fingerprint,
    ],
    ['pages', n(summary.pages)],
    ['sections', n(summary.sections)],
    ['passages', n(summary.passages)],
    ['tokens', n(summary.tokens)],
    ['vectors', `${summary.dim} dimensions, ${summary.bits} bits, ${n(summary.centroids)} centroids`],
    ['', `${summary.bytesPerToken.toFixed(1)} bytes per token`],
    ['keywords', summary.words > 0 ? `${n(summary.words)} words` : 'none: build it again to search by words'],
    ...(summary.filters.length > 0 ? [['filters', summary.filters.join(', ')] satisfies [string, string]] : []),
    ...(summary.sorts.length > 0 ? [['sort keys', summary.sorts.join(', ')] satisfies [string, string]] : []),
    ...(languages === undefined ? [] : [['languages', languageLine(languages)] satisfies [string, string]]),
    ['size', `${formatBytes(bytes)} in ${n(files)} packs`],
  ]
  const name = Math.max(...summary.packs.map(({ kind }) => kind.length))
  const kinds = summary.packs.map(({ kind, files: count, bytes: size }) => {
    const share = `${((size / Math.max(bytes, 1)) * 100).toFixed(1)}%`
    return `  ${kind.padEnd(name)}  ${n(count).padStart(5)}  ${formatBytes(size).padStart(8)}  ${share.padStart(6)}`
  })
  return [
    `Index at ${summary.location}`,
    ...rows.map(([label, value]) => `  ${label.padEnd(11)}  ${value}`),
    '',
    ...kinds,
    ...(largest ? ['', `  largest file: ${largest.file}, ${formatBytes(largest.bytes)}`] : []),
    ...(largest && largest.bytes > HOST_LIMIT ? ['  ! Over 25 MiB: some hosts refuse a file of that size.'] : []),
  ]
}

function languageLine(languages: Record<string, number>): string {
  const named = Object.entries(languages).filter(([language]) => language !== '')
  if (named.length === 0) return 'no page names one'
  return Object.entries(languages)
    .map(([language, pages]) => `${language || 'not named'} (${pages.toLocaleString('en')})`)
    .join(', ')
}

async function passageOf(source: BlobSource, manifest: Manifest, id: number): Promise<StoredPassage> {
  const { passages } = manifest.texts
  if (id >= passages)
    throw new SelvageError(
      'invalid-argument',
      `There is no passage ${id}: the index at ${source.location} has ${passages}, numbered from 0.`,
    )
  const [found] = await new TextsReader(source, manifest.texts).passages([id])
  return found!
}

async function pageOf(source: BlobSource, manifest: Manifest, url: string): Promise<StoredPassage[]> {
  const found: StoredPassage[] = []
  const urls = new Set<string>()
  for await (const passage of allPassages(source, manifest)) {
    const { page } = passage.section
    if (page.url === url) found.push(passage)
    else if (urls.size < 3) urls.add(page.url)
  }
  if (found.length > 0) return found
  throw new SelvageError(
    'invalid-argument',
    `There is no page ${url} in the index at ${source.location}. Its pages have urls like ${[...urls].join(', ')}.`,
  )
}

function passageLines(passage: StoredPassage): string[] {
  const { id, section, range } = passage
  return [
    section.headings.join(' > ') || section.page.title,
    section.url,
    `passage ${id}, characters ${range.start} to ${range.end} of ${section.text.length} in its section`,
    '',
    passageText(passage).text,
  ]
}

function pageLines(passages: readonly StoredPassage[]): string[] {
  const { title, url, language } = passages[0]!.section.page
  const lines = [`${title}${language === undefined ? '' : ` (${language})`}`, url]
  let section: StoredPassage['section'] | undefined
  for (const passage of passages) {
    if (passage.section.id !== section?.id) {
      section = passage.section
      lines.push('', section.headings.join(' > ') || section.url)
    }
    const { text } = passageText(passage)
    lines.push(`  passage ${passage.id}`, ...text.split('\n').map((line) => (line === '' ? '' : `    ${line}`)))
  }
  return lines
}
