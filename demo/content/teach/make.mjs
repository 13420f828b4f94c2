/** Writes pairs.jsonl anew, of the links in the documentations: `node demo/content/teach/make.mjs`. See SOURCE.md. */
// @ts-check
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { createJiti } from 'jiti'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const jiti = createJiti(import.meta.url)
/** @type {typeof import('../../site/docs/render.ts')} */
const { renderDocs } = await jiti.import('../../site/docs/render.ts')
/** @type {typeof import('../../site/linkPairs.ts')} */
const { linkPairs } = await jiti.import('../../site/linkPairs.ts')

const { vue, react } = await renderDocs(root)
const pairs = linkPairs([...vue, ...react])
await writeFile(new URL('pairs.jsonl', import.meta.url), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''))
process.stdout.write(`${pairs.length} pairs\n`)
