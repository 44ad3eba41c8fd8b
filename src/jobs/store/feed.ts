// The changes of jobs, also those that other processes make. Owns how far they were announced.

import type { Job } from '../model/job.ts'
import type { Database } from './database.ts'
import type { Change } from './messages.ts'
import { toJob, type Row } from './rows.ts'

/** Tells what has changed since it was last asked. */
export class Feed {
  readonly #database: Database
  #seen: number
  /** what our calls have changed, by revision: it needs not be read again */
  readonly #known = new Map<number, Job>()
  #isBehind = true

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

  /** A job was changed, to this. */
  note(job: Job): void {
    this.#known.set(job.revision, job)
  }

  /** Something may have changed. */
  fallBehind(): void {
    this.#isBehind = true
  }

  /** What has changed, the oldest change first; not all of it when that is much. */
  read(): readonly Change[] {
    const known = this.#takeKnown()
    if (!this.#isBehind) return known
    const changes: Change[] = []
    let bytes = 0
    const sql = 'SELECT * FROM jobs WHERE revision > ? ORDER BY revision LIMIT ?'
    for (const row of this.#database.each<Row>(sql, this.#seen, atOnce)) {
      changes.push(...toChanges(this.#database, row))
      this.#seen = row.revision
      bytes += changes.at(-1)?.job?.output?.length ?? 0
      if (bytes > enoughBytes) break
    }
    this.#isBehind = changes.length > 0 // there may be more
    return [...known, ...changes]
  }

  // Each change has the next revision: where one is missing, it is not ours. Of a job only the latest is told.
  #takeKnown(): readonly Change[] {
    const latest = new Map<string, Change>()
    for (
      let job = this.#known.get(this.#seen + 1);
      job !== undefined;
      job = this.#known.get(this.#seen + 1)
    ) {
      this.#seen = job.revision
      latest.delete(job.id)
      latest.set(job.id, { id: job.id, job })
      this.#known.delete(job.revision)
    }
    if (this.#known.size > 0) this.#isBehind = true
    this.#known.clear()
    return [...latest.values()]
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
