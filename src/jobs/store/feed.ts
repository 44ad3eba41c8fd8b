// The changes of jobs, also those that other processes make. Owns how far they were announced.

import type { Database } from './database.ts'
import type { Change } from './messages.ts'
import { toJob, type Row } from './rows.ts'

/** Reads what has changed since it was last asked. */
export class Feed {
  readonly #database: Database
  #seen: number

  /** @param seen the latest change that was announced by a feed before this one; without it, those from now on are read */
  constructor(database: Database, seen: number | undefined) {
    this.#database = database
    const latest = database.get<{ revision: number }>('SELECT revision FROM store')?.revision ?? 0
    this.#seen = Math.min(seen ?? latest, latest)
  }

  /** The latest change that was read. */
  get seen(): number {
    return this.#seen
  }

  /** What has changed, the oldest change first; not all of it when that is much. */
  read(): readonly Change[] {
    const changes: Change[] = []
    let bytes = 0
    const sql = 'SELECT * FROM jobs WHERE revision > ? ORDER BY revision LIMIT ?'
    for (const row of this.#database.each<Row>(sql, this.#seen, atOnce)) {
      changes.push(...toChanges(this.#database, row))
      this.#seen = row.revision
      bytes += changes.at(-1)?.job?.output?.length ?? 0
      if (bytes > enoughBytes) break
    }
    return changes
  }
}

// What its ttl has ended is removed at once: those who wait for it hear of both (jobs.md C-5).
function toChanges(database: Database, row: Row): readonly Change[] {
  const { id, removedAt, since } = row
  if (removedAt === null) return [{ id, job: toJob(database, row) }]
  const gone = { id, job: undefined }
  return removedAt === since ? [{ id, job: toJob(database, row) }, gone] : [gone]
}

const atOnce = 100
const enoughBytes = 1024 * 1024
