/** `selvage verify`: whole indexes are told whole, and every kind of damage is told by the file's name. No model is used. */
import { createHash } from 'node:crypto'
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { run } from '../../src/node/cli.ts'
import { commandLine } from '../support/command.ts'
import { serveFolder } from '../support/staticServer.ts'

const FIXTURES = join(import.meta.dirname, '../fixtures')
const cli = commandLine('selvage-verify-')
const { at } = cli
beforeEach(async () => {
  await cp(join(FIXTURES, 'index-v1'), cli.folder, { recursive: true })
  for (const name of ['ORIGIN.md', 'answers.json']) await rm(at(name))
})

const verify = (place = cli.folder) => run(['verify', place])
const lines = () => cli.out.trimEnd().split('\n')
const pack = async (kind: string) => (await readdir(cli.folder)).find((name) => name.startsWith(`${kind}-`))!

/** A pack with other content, named and hashed as if a faulty writer had made it. */
async function rewrite(kind: string, change: (bytes: Buffer) => Uint8Array): Promise<string> {
  const old = await pack(kind)
  const before = await readFile(at(old))
  const after = change(before)
  const sha256 = createHash('sha256').update(after).digest('hex')
  const name = `${kind}-${sha256.slice(0, 16)}.pack`
  await rm(at(old))
  await writeFile(at(name), after)
  const manifest = await readFile(at('manifest.json'), 'utf8')
  const entry = new RegExp(`"${old}",\\s*"bytes": ${before.length},\\s*"sha256": "\\w+"`)
  expect(manifest).toMatch(entry)
  await writeFile(
    at('manifest.json'),
    manifest.replace(entry, `"${name}", "bytes": ${after.length}, "sha256": "${sha256}"`),
  )
  return name
}

const rewriteTexts = (change: (json: string) => string) =>
  rewrite('texts', (bytes) => gzipSync(change(gunzipSync(bytes).toString())))

describe('a whole index', () => {
  test.each(['index-v1', 'index-v1-pooled'])('%s', async (name) => {
    expect(await verify(join(FIXTURES, name))).toBe(0)
    expect(lines()).toEqual([
      'not of this index: ORIGIN.md',
      'not of this index: answers.json',
      expect.stringMatching(/index-v1(-pooled)? is whole: 6 packs, 1\.\d kB, 5 passages\.$/),
    ])
  })

  test.each(['index-v2', 'index-v2-pooled'])('%s, with words and structure', async (name) => {
    expect(await verify(join(FIXTURES, name))).toBe(0)
    expect(lines().at(-1)).toMatch(/index-v2(-pooled)? is whole: 8 packs, \d\.\d kB, 5 passages\.$/)
  })

  test('behind an address; what was downloaded for one check serves the next', async () => {
    const site = await serveFolder(cli.folder)
    const asked = vi.spyOn(globalThis, 'fetch')
    try {
      expect(await verify(site.url)).toBe(0)
      expect(cli.out).toBe(`${site.url} is whole: 6 packs, 1.2 kB, 5 passages.\n`)
      expect(asked).toHaveBeenCalledTimes(7)
    } finally {
      site.close()
    }
  })
})

describe('damage', () => {
  test('several faults at once: each is one line', async () => {
    await rm(at(await pack('codes')))
    await truncate(at(await pack('centroids')), 100)
    const texts = await pack('texts')
    const bytes = await readFile(at(texts))
    bytes[40]! ^= 1
    await writeFile(at(texts), bytes)
    await writeFile(at('codes-0000000000000000.pack'), 'x')
    expect(await verify()).toBe(1)
    expect(lines()).toEqual([
      expect.stringMatching(/^damaged: centroids-\w+\.pack of the index at .* has 100 bytes, the manifest says 544/),
      expect.stringMatching(/^damaged: codes-\w+\.pack of the index at .* is missing/),
      expect.stringMatching(/^damaged: texts-\w+\.pack of the index at .* has other content than the manifest says/),
      'not of this index: codes-0000000000000000.pack',
      `${cli.folder} is damaged: 3 faults in 6 packs.`,
    ])
  })

  test('behind an address', async () => {
    await rm(at(await pack('codes')))
    const site = await serveFolder(cli.folder)
    try {
      expect(await verify(site.url)).toBe(1)
      expect(lines()).toEqual([
        expect.stringMatching(/^damaged: codes-\w+\.pack of the index at http.* is missing/),
        `${site.url} is damaged: 1 fault in 6 packs.`,
      ])
    } finally {
      site.close()
    }
  })

  test('a pack that is not named by its content', async () => {
    const name = await pack('lengths')
    await writeFile(at('lengths-0123456789abcdef.pack'), await readFile(at(name)))
    await rm(at(name))
    const manifest = await readFile(at('manifest.json'), 'utf8')
    await writeFile(at('manifest.json'), manifest.replace(name, 'lengths-0123456789abcdef.pack'))
    expect(await verify()).toBe(1)
    expect(lines()[0]).toMatch(/lengths-0123456789abcdef\.pack is not named by its hash, 3aecb772fdd55180/)
  })

  test('hashes that are right, and content that cannot be', async () => {
    await rewriteTexts((json) => json.replace('"passages":[0,13]', '"passages":[0,99]'))
    await rewrite('codes', (bytes) => Buffer.from(bytes.map((byte, i) => (i === 1 ? 0xff : byte))))
    expect(await verify()).toBe(1)
    expect(lines()).toEqual([
      expect.stringMatching(/contradicts itself: passage 0 names characters 0 to 99 of a text of 13 \(\/guide\/cats/),
      expect.stringMatching(/contradicts itself: a token has code 65\d\d\d, but there are 34 centroids/),
      `${cli.folder} is damaged: 2 faults in 6 packs.`,
    ])
  })

  test('texts that are missing are one fault, however many', async () => {
    const name = await rewriteTexts((json) => JSON.stringify(JSON.parse(json).slice(0, 1)))
    expect(await verify()).toBe(1)
    expect(lines()[0]).toMatch(/has no text for passage 3 of 5.* So it is with 1 more\./)
    expect(lines()).toHaveLength(2)
    expect(await readdir(cli.folder)).toContain(name)
  })

  test('texts that are no JSON', async () => {
    await rewriteTexts(() => '[{"url":')
    expect(await verify()).toBe(1)
    expect(lines()[0]).toMatch(/^damaged: texts: .*JSON/)
  })

  test('counts that the texts do not have', async () => {
    const manifest = await readFile(at('manifest.json'), 'utf8')
    await writeFile(at('manifest.json'), manifest.replace('"pages": 3', '"pages": 4').replace('ons": 5', 'ons": 6'))
    expect(await verify()).toBe(1)
    expect(cli.out).toMatch(/it has texts of 3 pages, not 4/)
    expect(cli.out).toMatch(/it has texts of 5 sections, not 6/)
  })

  test('words and structure that are not those of the manifest', async () => {
    await rm(cli.folder, { recursive: true })
    await cp(join(FIXTURES, 'index-v2'), cli.folder, { recursive: true })
    const manifest = await readFile(at('manifest.json'), 'utf8')
    const { lexical } = JSON.parse(manifest)
    const changed = manifest
      .replace(`"terms":${lexical.terms}`, `"terms":${lexical.terms + 1}`)
      .replace(`"starts":["${lexical.starts[0]}`, '"starts":["x')
      .replace('"pages":3', '"pages":4')
    await writeFile(at('manifest.json'), changed)
    expect(await verify()).toBe(1)
    expect(cli.out).toMatch(/it has texts of 3 pages, not 4/)
    expect(cli.out).toMatch(/its structure has 3 pages, its texts 4/)
    expect(cli.out).toMatch(/the word "\w+" is in block 0, where no search looks for it/)
    expect(cli.out).toMatch(new RegExp(`for words that are mistyped it has ${lexical.terms} words, not`))
    expect(cli.out).toMatch(new RegExp(`itself: it has ${lexical.terms} words, not ${lexical.terms + 1}`))
  })

  test('a manifest that is none', async () => {
    await writeFile(at('manifest.json'), '{')
    expect(await verify()).toBe(1)
    expect(cli.err).toMatch(/manifest\.json at .* is not JSON/)
    await rm(at('manifest.json'))
    expect(await verify()).toBe(1)
    expect(cli.err).toMatch(/There is no index at /)
    expect(cli.out).toBe('')
  })
})
