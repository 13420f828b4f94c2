/** Documents that were just encoded, as a segment of their own: searched exactly until they are compressed with others. */
import { asSelvageError, SelvageError } from '../../errors.ts'
import { writeRows } from '../../plaid/rows.ts'
import type { DocumentRecord, Page } from '../../text/document.ts'
import { pageOfRecord } from '../../text/parse/record.ts'
import type { DocumentProblem, LiveSegment } from '../collection.ts'
import { DocumentsBuilder } from '../documents.ts'
import type { EncodedPages } from '../encodePages.ts'
import { type Staged, stage } from './staged.ts'

export async function parsed(
  documents: readonly DocumentRecord[],
): Promise<{ pages: Page[]; problems: DocumentProblem[] }> {
  const pages: Page[] = []
  const problems: DocumentProblem[] = []
  for (const document of documents) {
    try {
      const page = await pageOfRecord(document)
      if (page === undefined) throw new SelvageError('unreadable-document', 'It asks not to be searched.')
      if (page.sections.length === 0) throw new SelvageError('unreadable-document', 'It has no text.')
      // Its id is what it is replaced and deleted by, whatever its address.
      pages.push({ ...page, id: document.id })
    } catch (thrown) {
      const { code, message } = asSelvageError(thrown, 'unreadable-document')
      problems.push({ id: document.id, code, message })
    }
  }
  return { pages, problems }
}

export async function freshSegment(
  pages: readonly Page[],
  { passages, halves, model }: EncodedPages,
): Promise<{ segment: LiveSegment } & Pick<Staged, 'put'>> {
  const { store, put } = stage()
  const documents = new DocumentsBuilder(store)
  for (const [i, page] of pages.entries()) await documents.add(page, passages[i] ?? [])
  const vectors = await writeRows(store, model.dim, halves)
  const { name, hash } = model
  return { segment: { model: { name, hash }, vectors, ...(await documents.finish()), hidden: [] }, put }
}
