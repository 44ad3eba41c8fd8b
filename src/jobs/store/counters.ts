// What is counted (jobs.md CTL-7): jobs in the queue and in progress as they come and go; ends and re-queues since the store was made.

import type { JobOrigin } from '../model/job.ts'
import type { JobCounts } from '../model/store.ts'
import type { CountRow } from './rows.ts'
import type { Unit } from './unit.ts'

/** Counts jobs that have come to a state (or, when it is not terminal, have left it), or re-queues. */
export function addTo(unit: Unit, origin: JobOrigin, what: CountRow['what'], n: number): void {
  unit.write({ type: 'count', origin, what, n })
}

/** How many jobs wait, of all origins but tasks, or how many tasks have not ended: what a limit of the queue is about. */
export function countQueued(unit: Unit, origin: JobOrigin): number {
  return unit.count(
    origin === 'task'
      ? (row) => row.origin === 'task' && (row.what === 'IN_QUEUE' || row.what === 'IN_PROGRESS')
      : (row) => row.origin !== 'task' && row.what === 'IN_QUEUE',
  )
}

/** What `/health` shows: jobs of `/run` and `/runsync`. */
export function toCounts(rows: readonly CountRow[]): JobCounts {
  const of = (wanted: CountRow['what']): number =>
    rows
      .filter(({ origin, what }) => what === wanted && (origin === 'run' || origin === 'sync'))
      .reduce((sum, { n }) => sum + n, 0)
  return {
    inQueue: of('IN_QUEUE'),
    inProgress: of('IN_PROGRESS'),
    completed: of('COMPLETED'),
    failed: of('FAILED') + of('TIMED_OUT'),
    retried: of('retried'),
  }
}
