/**
 * How does a page stay connected to a database that other tabs upgrade and delete, and that browsers end at will?
 * The connection closes itself when asked or ended, and opens again at its next use. It knows nothing of what is stored;
 * idb.ts says that. The events are those of the idb package; which browser fails how: its issues and Dexie's.
 */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, openDB, type StoreNames } from 'idb'
import { SelvageError } from '../errors.ts'

export interface DatabaseEvents {
  /** An older version of this page, in another tab, holds the database: what was asked for waits until that is closed. */
  readonly onBlocked?: () => void
  /** The connection was given up; the next call opens another. */
  readonly onClosed?: (why: ClosedBy) => void
}

/** Another tab upgrades or deletes the database, or the browser ended the connection: site data cleared, disk gone. */
export type ClosedBy = 'upgrade' | 'deletion' | 'browser'

export interface DatabaseShape<Tables extends DBSchema> {
  readonly name: string
  /** Raised with every change of the tables. */
  readonly version: number
  /** Makes the tables of `version` out of those of `oldVersion` (0: there are none). */
  upgrade(database: IDBPDatabase<Tables>, oldVersion: number): void
}

type Mode = 'readonly' | 'readwrite'
export type Transaction<Tables extends DBSchema, M extends Mode> = IDBPTransaction<Tables, StoreNames<Tables>[], M>

/** Other tabs close within milliseconds after they are asked: only what takes longer is worth a word. */
const BLOCKED_MS = 1000

export class Connection<Tables extends DBSchema> {
  readonly #shape: DatabaseShape<Tables>
  readonly #events: DatabaseEvents
  #opening: Promise<IDBPDatabase<Tables>> | undefined
  #isClosed = false

  private constructor(shape: DatabaseShape<Tables>, events: DatabaseEvents) {
    this.#shape = shape
    this.#events = events
  }

  /** Errors: `storage-failed` where there is no database to be had. */
  static async open<Tables extends DBSchema>(
    shape: DatabaseShape<Tables>,
    events: DatabaseEvents = {},
  ): Promise<Connection<Tables>> {
    const connection = new Connection(shape, events)
    await connection.#database()
    return connection
  }

  /**
   * Runs `run` in one transaction: all that it changes or, where it throws, nothing. `run` may wait for requests only,
   * a transaction ends when none is pending. @param what for messages: "Writing …".
   * Errors: `storage-full`, `storage-failed`, `closed`; nothing was changed.
   */
  async transaction<M extends Mode, Result>(
    tables: readonly StoreNames<Tables>[],
    mode: M,
    what: string,
    run: (transaction: Transaction<Tables, M>) => Promise<Result>,
  ): Promise<Result> {
    const transaction = await this.#begin(tables, mode, what)
    try {
      const [result] = await Promise.all([run(transaction), transaction.done])
      return result
    } catch (error) {
      try {
        transaction.abort()
      } catch {
        // It is over already, by what went wrong.
      }
      // Of many requests one has the reason; the others were only aborted with it.
      throw storageError(transaction.error ?? error, what)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#opening?.then(
      (database) => database.close(),
      () => undefined,
    )
    this.#opening = undefined
  }

  async #begin<M extends Mode>(
    tables: readonly StoreNames<Tables>[],
    mode: M,
    what: string,
  ): Promise<Transaction<Tables, M>> {
    for (let attempt = 1; ; attempt++) {
      const opening = this.#database()
      const database = await opening
      try {
        // Relaxed: handed to the system, not forced onto the disk. All here can be fetched or built again.
        return database.transaction([...tables], mode, { durability: 'relaxed' })
      } catch (error) {
        // It is closing, and its event has not come yet. Nothing has begun: another connection may do it.
        if (attempt > 1 || !isNamed(error, 'InvalidStateError')) throw storageError(error, what)
        if (this.#opening === opening) this.#opening = undefined
      }
    }
  }

  #database(): Promise<IDBPDatabase<Tables>> {
    if (this.#isClosed) {
      const message = `The store ${this.#shape.name} was used after it was closed. Open it again.`
      return Promise.reject(new SelvageError('closed', message))
    }
    if (this.#opening !== undefined) return this.#opening
    const giveUp = () => {
      if (this.#opening === opening) this.#opening = undefined
    }
    const opening = this.#connect((why) => {
      giveUp()
      this.#events.onClosed?.(why)
    })
    this.#opening = opening
    opening.catch(giveUp)
    return opening
  }

  async #connect(onClosed: (why: ClosedBy) => void): Promise<IDBPDatabase<Tables>> {
    const { name, version, upgrade } = this.#shape
    let waiting: ReturnType<typeof setTimeout> | undefined
    try {
      const database = await openDB<Tables>(name, version, {
        upgrade,
        blocked: () => {
          waiting = setTimeout(() => this.#events.onBlocked?.(), BLOCKED_MS)
        },
        blocking: (_, newVersion) => {
          // What runs is finished before it is closed.
          database.close()
          onClosed(newVersion === null ? 'deletion' : 'upgrade')
        },
        terminated: () => onClosed('browser'),
      })
      if (!this.#isClosed) return database
      database.close()
      throw new SelvageError('closed', `The store ${name} was closed while it was opened.`)
    } catch (error) {
      throw storageError(error, `Opening the browser's database ${name}`)
    } finally {
      clearTimeout(waiting)
    }
  }
}

/** Whatever a database throws, by what can be done about it. */
export function storageError(error: unknown, what: string): SelvageError {
  if (error instanceof SelvageError) return error
  const cause = { cause: error }
  if (isFull(error)) {
    const remedy = 'Nothing was changed. Free disk space, or delete stored indexes of this site.'
    return new SelvageError('storage-full', `${what}: the browser gives no more room. ${remedy}`, cause)
  }
  if (isNamed(error, 'VersionError'))
    return new SelvageError(
      'storage-failed',
      `${what}: a newer version of this page has upgraded the database. Reload this page.`,
      cause,
    )
  const reason = error instanceof Error || error instanceof DOMException ? `${error.name}: ${error.message}` : error
  const remedy = 'Private windows and blocked cookies are among the usual causes; else reload this page.'
  return new SelvageError('storage-failed', `${what} failed (${reason}). ${remedy}`, cause)
}

function isFull(error: unknown): boolean {
  // Chromium on a full disk: UnknownError, "Encountered full disk while opening backing store".
  return isNamed(error, 'QuotaExceededError') || (error instanceof Error && /full disk/i.test(error.message))
}

function isNamed(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === name
}
