// Changes of a job. The only place where its state changes, so that the table of moves, the counters and the deliveries hold.

import type { SQLInputValue } from 'node:sqlite'
import { isTerminal, moves, type EndState, type JobState } from '../model/job.ts'
import { addTo } from './counts.ts'
import type { Database } from './database.ts'
import type { Row } from './rows.ts'

/** What may change besides the state. */
export type Changes = Partial<Omit<Row, 'n' | 'id' | 'state' | 'revision'>>

/** Changes something of a job and gives it the next revision. @returns the job as it is now */
export function change(database: Database, row: Row, changes: Changes): Row {
  return update(database, row, { ...changes, revision: nextRevision(database) })
}

/** Moves a job to another state. @throws Error when the table of moves has no such move */
export function move(database: Database, row: Row, to: JobState, changes: Changes, now: number): Row {
  const allowed: readonly JobState[] = moves[row.state]
  if (!allowed.includes(to)) throw new Error(`job ${row.id} cannot move from ${row.state} to ${to}`)
  if (!isTerminal(row.state)) addTo(database, row.origin, row.state, -1)
  addTo(database, row.origin, to, 1)
  const revision = nextRevision(database)
  return update(database, row, { ...changes, state: to, since: now, revision })
}

/** Ends a job: nobody holds it any more, its retention begins, and whoever wants to know is told (jobs.md WH-1). */
export function end(database: Database, row: Row, to: EndState, changes: Changes, now: number): Row {
  const spent = Math.max(0, now - row.since)
  const ended = move(
    database,
    row,
    to,
    {
      ...(row.state === 'IN_QUEUE' ? { delayMs: row.delayMs + spent } : { executionMs: spent }),
      output: null,
      error: null,
      ...changes,
      notBefore: null,
      holder: null,
      leaseUntil: null,
      expiresAt: now + row.retentionMs,
    },
    now,
  )
  if (ended.origin === 'task') database.run('DELETE FROM inputs WHERE job = ?', ended.n) // tasks.md K1
  if (ended.notify === 1) {
    const { revision, n } = ended // nothing else has this revision: a name that no other delivery will ever have
    database.run('INSERT INTO deliveries (n, job, dueAt, tries) VALUES (?, ?, ?, 0)', revision, n, now)
  }
  return ended
}

/** Removes a job at once, to nobody's knowledge: another takes its place. */
export function remove(database: Database, row: Row): void {
  if (!isTerminal(row.state)) addTo(database, row.origin, row.state, -1)
  for (const table of ['inputs', 'chunks', 'attempts', 'deliveries'])
    database.run(`DELETE FROM ${table} WHERE job = ?`, row.n)
  database.run('DELETE FROM jobs WHERE n = ?', row.n)
}

/** Puts a job back into the queue; what the attempt has yielded so far is dropped (jobs.md STR-10). */
export function queueAgain(database: Database, row: Row, changes: Changes, now: number): Row {
  database.run('DELETE FROM chunks WHERE job = ?', row.n)
  const nothing = {
    output: null,
    listsChunks: 0,
    error: null,
    notBefore: null,
    holder: null,
    leaseUntil: null,
  }
  return move(database, row, 'IN_QUEUE', { ...nothing, ...changes }, now)
}

/** The number of the next change, whatever the job. */
export function nextRevision(database: Database): number {
  const row = database.get<{ revision: number }>(
    'UPDATE store SET revision = revision + 1 RETURNING revision',
  )
  if (row === undefined) throw new Error('the table store is empty')
  return row.revision
}

function update(database: Database, row: Row, columns: Readonly<Record<string, SQLInputValue>>): Row {
  const assignments = Object.keys(columns).map((name) => `${name} = ?`)
  const sql = `UPDATE jobs SET ${assignments.join(', ')} WHERE n = ? RETURNING *`
  const updated = database.get<Row>(sql, ...Object.values(columns), row.n)
  if (updated === undefined) throw new Error(`job ${row.id} is not there`)
  return updated
}
