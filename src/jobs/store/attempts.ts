// Attempts: a reserved job begins, yields, and ends or is queued again. What another attempt or runner writes is dropped (jobs.md C-4).

import { isTerminal, type JobRecord } from '../model/job.ts'
import type { AttemptEnd, AttemptKey, RequeueTerms } from '../model/store.ts'
import { toTaskError } from '../model/tasks.ts'
import { addTo } from './counters.ts'
import { toRecord, type Row } from './rows.ts'
import { end, transition, queueAgain } from './transitions.ts'
import type { Unit } from './unit.ts'

/** see JobStore, also for what follows; `repeated`: an earlier call may have done it, whose answer was lost */
export function begin(
  unit: Unit,
  id: string,
  runner: string,
  instance: string,
  repeated: boolean,
): JobRecord | undefined {
  const row = unit.find(id)
  if (row?.holder !== runner || row.leaseUntil === null) return undefined
  if (repeated && row.state === 'IN_PROGRESS' && row.instance === instance) return toRecord(row)
  if (row.state !== 'IN_QUEUE' || row.leaseUntil <= unit.now) return undefined
  startAttempt(unit, row, instance)
  return toRecord(row)
}

/** Starts the next attempt of a job that is held. */
export function startAttempt(unit: Unit, row: Row, instance: string): void {
  const attempt = row.attempt + 1
  const delayMs = row.delayMs + Math.max(0, unit.now - row.since)
  if (row.origin === 'task')
    unit.write({ type: 'attemptStarted', n: row.n, number: attempt, instance, at: unit.now })
  transition(unit, row, 'IN_PROGRESS', { attempt, instance, delayMs, executionMs: 0, notBefore: null })
}

export function append(unit: Unit, key: AttemptKey, from: number, chunks: readonly Buffer[]): boolean {
  const row = findRunning(unit, key)
  if (row === undefined) return false
  if (row.nextIndex < from) throw new Error(`job ${row.id} has no chunk before ${from}`)
  const fresh = chunks.slice(row.nextIndex - from) // an earlier call, whose answer was lost, has added the others
  if (fresh.length === 0) return true
  unit.write({ type: 'chunks', n: row.n, from: row.nextIndex, chunks: fresh })
  unit.change(row, { nextIndex: row.nextIndex + fresh.length })
  return true
}

export function progress(unit: Unit, key: AttemptKey, json: Buffer): boolean {
  const row = findRunning(unit, key)
  if (row === undefined) return false
  unit.write({ type: 'output', n: row.n, output: json })
  unit.change(row, {})
  return true
}

export function finish(
  unit: Unit,
  key: AttemptKey,
  { state, output, error, executionMs }: AttemptEnd,
  repeated: boolean,
): JobRecord | undefined {
  const row = findRunning(unit, key)
  if (row === undefined) return repeated ? findEnded(unit, key) : undefined
  if (row.origin === 'task') {
    const isComplete = state === 'COMPLETED'
    endAttempt(
      unit,
      row,
      isComplete ? 'complete' : 'failed',
      isComplete || error === undefined ? undefined : toTaskError(error),
    )
  }
  const columns = {
    holder: key.runner,
    listsChunks: Number(output === 'chunks'),
    error: error ?? null,
    executionMs: Math.max(0, Math.round(executionMs)), // jobs.md OBJ-2, DUR-6
  }
  end(unit, row, state, columns, output === 'chunks' ? undefined : output)
  return toRecord(row)
}

export function requeue(
  unit: Unit,
  key: AttemptKey,
  { isRetry, pauseMs, error }: RequeueTerms,
): JobRecord | undefined {
  const row = findRunning(unit, key)
  if (row === undefined) return undefined
  if (isRetry) addTo(unit, row.origin, 'retried', 1)
  if (row.origin === 'task') endAttempt(unit, row, isRetry ? 'failed' : 'interrupted', error)
  const notBefore = pauseMs === undefined ? null : unit.now + pauseMs
  const due = row.origin === 'task' && notBefore !== null ? { dueAt: notBefore } : {}
  queueAgain(unit, row, { retries: row.retries + Number(isRetry), notBefore, ...due })
  return toRecord(row)
}

/** Ends the attempt of a task that runs: its attempts are listed (tasks.md §13). */
export function endAttempt(
  unit: Unit,
  { n }: Row,
  outcome: 'complete' | 'failed' | 'interrupted',
  error: RequeueTerms['error'],
): void {
  unit.write({ type: 'attemptEnded', n, outcome, error, at: unit.now })
}

function findRunning(unit: Unit, { id, runner, attempt }: AttemptKey): Row | undefined {
  const row = unit.find(id)
  return row?.state === 'IN_PROGRESS' && row.attempt === attempt && row.holder === runner ? row : undefined
}

// A job that this very attempt has ended still names its holder.
function findEnded(unit: Unit, { id, runner, attempt }: AttemptKey): JobRecord | undefined {
  const row = unit.find(id)
  if (row === undefined || !isTerminal(row.state)) return undefined
  return row.attempt === attempt && row.holder === runner ? toRecord(row) : undefined
}
