import { mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { fileStore, prepareFolder, sweepFolder } from '../../src/node/fileStore.ts'

const folder = () => mkdtemp(join(tmpdir(), 'selvage-test-'))

test('put, get, list, delete, commit', async () => {
  const store = fileStore(await folder())
  await store.put('a.pack', Uint8Array.of(1, 2))
  await store.commit(Uint8Array.of(3))
  expect(await store.get('a.pack')).toEqual(Uint8Array.of(1, 2))
  expect(await store.get('b.pack')).toBeUndefined()
  expect((await store.list()).sort()).toEqual(['a.pack', 'manifest.json'])
  await store.delete('a.pack')
  expect(await store.list()).toEqual(['manifest.json'])
})

test('a folder with other things in it is refused and left alone', async () => {
  const dir = await folder()
  await writeFile(join(dir, 'thesis.docx'), 'x')
  await expect(prepareFolder(dir)).rejects.toMatchObject({
    code: 'output-conflict',
    message: expect.stringContaining('thesis.docx'),
  })
  expect(await readdir(dir)).toEqual(['thesis.docx'])
})

test('a file in place of the folder is refused', async () => {
  const path = join(await folder(), 'file')
  await writeFile(path, 'x')
  await expect(prepareFolder(path)).rejects.toMatchObject({ code: 'output-conflict' })
})

test('sweeping keeps what is named and what is not ours', async () => {
  const dir = await folder()
  const store = fileStore(dir)
  for (const name of ['old.pack', 'new.pack', 'old.pack.123.tmp', 'notes.txt']) await writeFile(join(dir, name), 'x')
  await sweepFolder(store, ['new.pack'])
  expect((await readdir(dir)).sort()).toEqual(['new.pack', 'notes.txt'])
})
