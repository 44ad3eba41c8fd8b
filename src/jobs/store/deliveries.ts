// Messages about ends of jobs that are still to be sent (jobs.md WH-3). They hold their job in the store, even a removed one.

import type { Delivery } from '../model/store.ts'
import type { Database } from './database.ts'
import { toWork, type Row } from './rows.ts'

/** see JobStore. To reserve one is to make it due again when the lease has lapsed. */
export function dueDeliveries(database: Database, limit: number, leaseMs: number, now: number): Delivery[] {
  const due = database.all<{ n: number; job: number; tries: number }>(
    'SELECT n, job, tries FROM deliveries WHERE dueAt <= ? ORDER BY dueAt LIMIT ?',
    now,
    limit,
  )
  return due.flatMap(({ n, job, tries }) => {
    database.run('UPDATE deliveries SET dueAt = ? WHERE n = ?', now + leaseMs, n)
    const row = database.get<Row>('SELECT * FROM jobs WHERE n = ?', job)
    if (row === undefined) throw new Error(`the job of delivery ${n} is not there`)
    const { s3Config: _, ...work } = toWork(database, row)
    return { id: String(n), job: work, tries }
  })
}

/** see JobStore */
export function settleDelivery(database: Database, delivery: string, retryAt: number | undefined): void {
  if (retryAt === undefined) database.run('DELETE FROM deliveries WHERE n = ?', Number(delivery))
  else
    database.run('UPDATE deliveries SET dueAt = ?, tries = tries + 1 WHERE n = ?', retryAt, Number(delivery))
}
