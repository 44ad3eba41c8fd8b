// What is counted (jobs.md CTL-7). Jobs in the queue and in progress are counted as they come and go; ends and re-queues since the
// store was created.

import type { JobOrigin, JobState } from '../model/job.ts'
import type { JobCounts } from '../model/store.ts'
import type { Database } from './database.ts'

/** Counts jobs that have come to a state (or, when it is not terminal, have left it), or re-queues. */
export function addTo(database: Database, origin: JobOrigin, what: JobState | 'retried', by: number): void {
  database.run(
    'INSERT INTO counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    origin,
    what,
    by,
  )
}

/** How many jobs wait, of all origins, or how many tasks have not ended: what a limit of the queue is about. */
export function countQueued(database: Database, origin: JobOrigin): number {
  const sql = `SELECT coalesce(sum(n), 0) AS n FROM counts WHERE ${origin === 'task' ? unended : waiting}`
  return database.get<{ n: number }>(sql)?.n ?? 0
}

const waiting = `what = 'IN_QUEUE' AND origin <> 'task'`
const unended = `what IN ('IN_QUEUE', 'IN_PROGRESS') AND origin = 'task'`

/** What `/health` tells. */
export function count(database: Database): JobCounts {
  const sql = `SELECT what, sum(n) AS n FROM counts WHERE origin IN ('run', 'sync') GROUP BY what`
  const sums = new Map(database.all<{ what: string; n: number }>(sql).map(({ what, n }) => [what, n]))
  const of = (what: JobState | 'retried'): number => sums.get(what) ?? 0
  return {
    inQueue: of('IN_QUEUE'),
    inProgress: of('IN_PROGRESS'),
    completed: of('COMPLETED'),
    failed: of('FAILED') + of('TIMED_OUT'),
    retried: of('retried'),
  }
}
