// The changes of jobs, also those that other processes make. Owns how far they were read.

import type { Change } from '../../model/store.ts'
import { toChange, type Row } from '../rows.ts'
import type { Database } from './database.ts'

/** Reports what has changed since it was last asked. */
export class ChangeFeed {
  readonly #database: Database
  readonly #now: () => number
  #seen: number
  #foreign: number

  /** Changes from now on are reported. */
  constructor(database: Database, now: () => number) {
    this.#database = database
    this.#now = now
    this.#seen = database.get<{ change: number }>('SELECT change FROM store')?.change ?? 0
    this.#foreign = database.foreignVersion
  }

  /** Whether another process has written since this was last asked. */
  isBehind(): boolean {
    const version = this.#database.foreignVersion
    const isBehind = version !== this.#foreign
    this.#foreign = version
    return isBehind
  }

  /** Changes that this process has saved under a number, and those before it that other processes have. */
  own(rows: ReadonlySet<Row>, change: number): readonly Change[] {
    if (rows.size === 0) return []
    if (change > this.#seen + 1) return this.read()
    this.#seen = change
    return [...rows].map((row) => toChange(row, this.#now()))
  }

  /** Everything that was not reported yet, the oldest change first. */
  read(): readonly Change[] {
    const rows = this.#database.all<Row & { readonly change: number }>(
      'SELECT * FROM jobs WHERE change > ? ORDER BY change, n',
      this.#seen,
    )
    this.#seen = rows.at(-1)?.change ?? this.#seen
    return rows.map((row) => toChange(row, this.#now()))
  }

  /** The present state of jobs, also of those that were removed a moment ago. */
  stateOf(ids: readonly string[]): readonly Change[] {
    return ids.flatMap((id) => {
      const row = this.#database.get<Row>(
        'SELECT * FROM jobs WHERE id = ? ORDER BY removedAt IS NOT NULL LIMIT 1',
        id,
      )
      return row === undefined ? [] : [toChange(row, this.#now())]
    })
  }
}
