// Transitions of jobs: the only place where a state changes, so that the table of transitions, the counters and the completion
// messages hold.

import { isTerminal, transitions, type EndState, type JobState } from '../model/job.ts'
import { addTo } from './counters.ts'
import type { Row } from './rows.ts'
import type { Columns, Unit } from './unit.ts'

/** Moves a job to another state. @throws Error when the table has no such transition */
export function transition(unit: Unit, row: Row, to: JobState, columns: Columns = {}): void {
  const allowed: readonly JobState[] = transitions[row.state]
  if (!allowed.includes(to)) throw new Error(`job ${row.id} cannot go from ${row.state} to ${to}`)
  if (!isTerminal(row.state)) addTo(unit, row.origin, row.state, -1)
  addTo(unit, row.origin, to, 1)
  unit.change(row, { ...columns, state: to, since: unit.now })
}

/** Ends a job: releases it, starts its retention, and makes the completion message (jobs.md WH-1). */
export function end(unit: Unit, row: Row, to: EndState, columns: Columns = {}, output?: Buffer): void {
  const spent = Math.max(0, unit.now - row.since)
  unit.write({ type: 'output', n: row.n, output: output ?? null })
  transition(unit, row, to, {
    ...(row.state === 'IN_QUEUE' ? { delayMs: row.delayMs + spent } : { executionMs: spent }),
    error: null,
    listsChunks: 0,
    holder: null,
    ...columns,
    notBefore: null,
    leaseUntil: null,
    expiresAt: unit.now + row.retentionMs,
  })
  if (row.origin === 'task') unit.write({ type: 'dropInput', n: row.n }) // tasks.md K1
  if (row.notify === 1) unit.set(row, { delivery: row.revision, deliverAt: unit.now, deliveryAttempts: 0 })
}

/** Puts a job back into the queue, and deletes what the attempt has yielded (jobs.md STR-10). */
export function queueAgain(unit: Unit, row: Row, columns: Columns = {}): void {
  unit.write({ type: 'dropChunks', n: row.n })
  unit.write({ type: 'output', n: row.n, output: null })
  transition(unit, row, 'IN_QUEUE', {
    listsChunks: 0,
    error: null,
    notBefore: null,
    holder: null,
    leaseUntil: null,
    ...columns,
  })
}
