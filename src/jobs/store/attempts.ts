// Attempts: a reserved job is begun, yields, and ends or is queued again. What comes from any but the running attempt is dropped
// (jobs.md C-4).

import type { Job } from '../model/job.ts'
import type { AttemptEnd, RequeueTerms } from '../model/store.ts'
import { toTaskError } from '../model/tasks.ts'
import { addChunks } from './chunks.ts'
import { addTo } from './counts.ts'
import type { Database } from './database.ts'
import { change, end, move, queueAgain } from './moving.ts'
import { findRow, findRunning, toJob } from './rows.ts'
import { beginTry, endTry } from './tries.ts'

/** see JobStore, also for what follows */
export function begin(
  database: Database,
  id: string,
  runner: string,
  start: { instance: string; delayMs: number },
  now: number,
): Job | undefined {
  const row = findRow(database, id)
  if (row?.state !== 'IN_QUEUE' || row.holder !== runner || (row.leaseUntil ?? 0) <= now) return undefined
  const { instance, delayMs } = start
  const begun = {
    attempt: row.attempt + 1,
    instance,
    delayMs: asDuration(delayMs),
    executionMs: 0,
    notBefore: null,
  }
  if (row.origin === 'task') beginTry(database, row.n, begun.attempt, instance, now)
  return toJob(database, move(database, row, 'IN_PROGRESS', begun, now))
}

export function append(database: Database, id: string, attempt: number, chunks: readonly Buffer[]): boolean {
  const row = findRunning(database, id, attempt)
  if (row === undefined) return false
  addChunks(database, row.n, row.nextIndex, chunks)
  change(database, row, { nextIndex: row.nextIndex + chunks.length })
  return true
}

export function progress(database: Database, id: string, attempt: number, json: Buffer): boolean {
  const row = findRunning(database, id, attempt)
  if (row !== undefined) change(database, row, { output: json })
  return row !== undefined
}

export function finish(
  database: Database,
  id: string,
  attempt: number,
  { state, output, error, executionMs }: AttemptEnd,
  now: number,
): Job | undefined {
  const row = findRunning(database, id, attempt)
  if (row === undefined) return undefined
  const result = output === 'chunks' ? { listsChunks: 1 } : { output: output ?? null }
  const changes = { ...result, error: error ?? null, executionMs: asDuration(executionMs) }
  if (row.origin === 'task') {
    if (state === 'COMPLETED') endTry(database, row.n, 'complete', undefined, now)
    else endTry(database, row.n, 'failed', error === undefined ? undefined : toTaskError(error), now)
  }
  return toJob(database, end(database, row, state, changes, now))
}

export function requeue(
  database: Database,
  id: string,
  attempt: number,
  { isRetry, pauseMs, error }: RequeueTerms,
  now: number,
): Job | undefined {
  const row = findRunning(database, id, attempt)
  if (row === undefined) return undefined
  if (isRetry) addTo(database, row.origin, 'retried', 1)
  if (row.origin === 'task') endTry(database, row.n, isRetry ? 'failed' : 'interrupted', error, now)
  const notBefore = pauseMs === undefined ? null : now + pauseMs
  const due = row.origin === 'task' && notBefore !== null ? { dueAt: notBefore } : {}
  const changes = { retries: row.retries + Number(isRetry), notBefore, ...due }
  return toJob(database, queueAgain(database, row, changes, now))
}

// Whole milliseconds, whatever clock they come from (jobs.md OBJ-2, DUR-6).
function asDuration(ms: number): number {
  return Math.max(0, Math.round(ms))
}
