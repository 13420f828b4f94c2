/** Callers of `add`, who are told when their documents wait no more. Knows states of the collection; changes none. */
import { SelvageError } from '../../errors.ts'
import type { AddedDocuments } from '../../types.ts'
import type { Collection, DocumentProblem, InboxEntry } from '../collection.ts'

interface Waiter {
  readonly ids: ReadonlySet<string>
  /** Of the state that its documents began to wait in. */
  readonly generation: number
  /** By id, as they come: the collection remembers only the last of all. */
  readonly problems: Map<string, DocumentProblem>
  readonly resolve: (added: AddedDocuments) => void
  readonly reject: (error: SelvageError) => void
}

export class Waiters {
  /** By the name of the inbox pack. */
  readonly #all = new Map<string, Waiter>()

  /** @param generation of the state that the entry is in first */
  of({ pack, ids }: InboxEntry, generation: number): Promise<AddedDocuments> {
    const added = new Promise<AddedDocuments>((resolve, reject) => {
      this.#all.set(pack.file, { ids: new Set(ids), generation, problems: new Map(), resolve, reject })
    })
    added.catch(() => {}) // it may fail before anybody listens
    return added
  }

  /** Every state is to be shown: what is wrong with a document may be forgotten in the next. */
  show(now: Collection): void {
    const files = new Set(now.inbox.map(({ pack }) => pack.file))
    for (const [file, { ids, generation, problems, resolve, reject }] of this.#all) {
      if (now.generation < generation) {
        this.#all.delete(file)
        reject(forgotten())
        continue
      }
      for (const problem of now.problems) if (ids.has(problem.id)) problems.set(problem.id, problem)
      if (files.has(file)) continue
      this.#all.delete(file)
      resolve({ ids: [...ids].filter((id) => !problems.has(id)), problems: [...problems.values()] })
    }
  }

  fail(error: SelvageError): void {
    for (const { reject } of this.#all.values()) reject(error)
    this.#all.clear()
  }
}

function forgotten(): SelvageError {
  return new SelvageError(
    'storage-failed',
    'The stored index was deleted while documents waited to be added to it. Add them again.',
  )
}
