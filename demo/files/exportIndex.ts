/**
 * The index of the visitor's files as one zip: the folder that `selvage build` would have written, and a
 * note that says how to search it. Loaded when somebody exports.
 */
import { makeZip } from 'client-zip'
import type { IndexFile } from 'selvage'
import { plural } from '../format.ts'

const FOLDER = 'my-files'

/** Vectors do not shrink: nothing is compressed, so that it takes no time. */
export async function zipOf(files: readonly IndexFile[], documents: number, now: Date): Promise<File> {
  const all = [
    // Beside the folder: in it, `selvage verify` would wonder about it.
    { name: 'README.txt', lastModified: now, input: readme(documents, now) },
    ...files.map(({ path, bytes }) => ({ name: `${FOLDER}/${path}`, lastModified: now, input: bytes })),
  ]
  const zip = await new Response(makeZip(all)).blob()
  return new File([zip], `selvage-${FOLDER}-${day(now)}.zip`, { type: 'application/zip' })
}

function readme(documents: number, now: Date): string {
  return `An index of your files
======================

Selvage made the folder ${FOLDER} in your browser on ${day(now)}, of ${plural(documents, 'file')}. It holds their texts, too:
whoever has the folder can read them.

To search it, where Selvage is installed and Node is 20.19 or newer:

    npx selvage search ${FOLDER} "what you look for"

To look into it, and to see that it is whole:

    npx selvage inspect ${FOLDER}
    npx selvage verify ${FOLDER}

To have a page search it, put the folder beside the page:

    Selvage.open({ index: './${FOLDER}/', model: './models/selvage-mini/' })
`
}

function day(now: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
}
