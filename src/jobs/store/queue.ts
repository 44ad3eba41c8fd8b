// The queue: jobs come in, are reserved by runners, or leave it without having run.

import { isTerminal, type JobRecord, type NewJob, type JobWithInput } from '../model/job.ts'
import type { ClaimTerms, Retried, SubmitTerms, Submitted } from '../model/store.ts'
import { startAttempt } from './attempts.ts'
import { countQueued, addTo } from './counters.ts'
import { dropped } from './deliveries.ts'
import { recallKey, rememberKey } from './idempotencyKeys.ts'
import { newRow, toRecord, toJobWithInput, type Row } from './rows.ts'
import { end, queueAgain } from './transitions.ts'
import type { Unit } from './unit.ts'

/** see JobStore, also for what follows; `repeated`: an earlier call may have done it, whose answer was lost */
export function submit(unit: Unit, job: NewJob, terms: SubmitTerms, repeated: boolean): Submitted {
  const { idempotency, queueLimit, task, begun, reserve } = terms
  const earlier = unit.find(job.id)
  if (earlier !== undefined && repeated) return accepted(earlier, terms)
  const known = idempotency && recallKey(unit, idempotency)
  if (known !== undefined) return known
  if (earlier !== undefined && begun === undefined) return { type: 'conflict' }
  if (earlier !== undefined) removeAtOnce(unit, earlier)
  if (countQueued(unit, job.origin) >= queueLimit) return { type: 'full' }
  if (idempotency !== undefined) rememberKey(unit, idempotency, job.id)
  addTo(unit, job.origin, 'IN_QUEUE', 1)
  const row = newRow(job, task, unit.number(), unit.now)
  const isFirst = reserve !== undefined && !headsOf(unit).some(() => true)
  unit.add(
    row,
    job.s3Config === undefined ? { input: job.input } : { input: job.input, s3Config: job.s3Config },
  )
  unit.change(row, {})
  if (begun !== undefined) {
    unit.set(row, { holder: begun.runner, leaseUntil: unit.now + begun.leaseMs })
    startAttempt(unit, row, begun.instance)
  } else if (isFirst && row.notBefore === null)
    unit.set(row, { holder: reserve.runner, leaseUntil: unit.now + reserve.leaseMs })
  return accepted(row, terms)
}

function accepted(row: Row, { reserve }: SubmitTerms): Submitted {
  const reserved = reserve !== undefined && row.state === 'IN_QUEUE' && row.holder === reserve.runner
  return { type: 'accepted', job: toRecord(row), reserved }
}

export function claim(
  unit: Unit,
  runner: string,
  { leaseMs, limit, tasks }: ClaimTerms,
): readonly JobWithInput[] {
  let tasksLeft = tasks
  const claimed: JobWithInput[] = []
  for (const row of headsOf(unit)) {
    if (claimed.length >= limit) break
    if (row.origin === 'task' && --tasksLeft < 0) continue
    unit.set(row, { holder: runner, leaseUntil: unit.now + leaseMs })
    claimed.push(toJobWithInput(row, unit.input(row.n)))
  }
  return claimed
}

export function release(unit: Unit, ids: readonly string[], runner: string): void {
  for (const row of ids.map((id) => unit.find(id)))
    if (row?.state === 'IN_QUEUE' && row.holder === runner) unit.change(row, free)
}

export function renew(
  unit: Unit,
  runner: string,
  ids: readonly string[],
  leaseMs: number,
): readonly string[] {
  return ids.filter((id) => {
    const row = unit.find(id)
    const isHeld = row?.holder === runner && row.leaseUntil !== null
    if (isHeld) unit.set(row, { leaseUntil: unit.now + leaseMs })
    return !isHeld
  })
}

export function cancel(unit: Unit, id: string): JobRecord | undefined {
  const row = findJob(unit, id)
  if (row !== undefined && !isTerminal(row.state)) end(unit, row, 'CANCELLED')
  return row && toRecord(row)
}

export function purge(unit: Unit): number {
  const queued = [...unit.rows].filter(
    ({ state, origin, removedAt }) => state === 'IN_QUEUE' && origin !== 'task' && removedAt === null,
  )
  for (const row of queued) end(unit, row, 'CANCELLED')
  return queued.length
}

export function retry(
  unit: Unit,
  id: string,
  { queueLimit }: Pick<SubmitTerms, 'queueLimit'>,
  repeated: boolean,
): Retried {
  const row = findJob(unit, id)
  if (row === undefined) return { type: 'unknown' }
  if (repeated && row.state === 'IN_QUEUE') return { type: 'queued', job: toRecord(row) }
  if (row.state !== 'FAILED' && row.state !== 'TIMED_OUT') return { type: 'refused', job: toRecord(row) }
  if (countQueued(unit, row.origin) >= queueLimit) return { type: 'full' }
  queueAgain(unit, row, {
    losses: 0,
    retries: 0,
    delayMs: 0,
    executionMs: 0,
    instance: '',
    submittedAt: unit.now,
    expiresAt: unit.now + row.ttlMs,
    dueAt: unit.now,
    position: unit.number(),
    ...dropped,
  })
  return { type: 'queued', job: toRecord(row) }
}

export function keepFor(unit: Unit, id: string, ms: number): JobRecord | undefined {
  const row = findJob(unit, id)
  if (row !== undefined)
    unit.change(row, isTerminal(row.state) ? { expiresAt: unit.now + ms } : { retentionMs: ms })
  return row && toRecord(row)
}

/** Columns of a job that no runner holds. */
export const free = { holder: null, leaseUntil: null } as const

// Jobs that may be claimed, in the order of the queue. Their inputs are loaded.
function headsOf(unit: Unit): readonly Row[] {
  return [...unit.rows]
    .filter(
      (row) =>
        row.state === 'IN_QUEUE' &&
        row.leaseUntil === null &&
        row.removedAt === null &&
        (row.notBefore ?? 0) <= unit.now &&
        row.expiresAt > unit.now &&
        unit.input(row.n) !== undefined,
    )
    .toSorted((one, other) => one.dueAt - other.dueAt || one.position - other.position)
}

function findJob(unit: Unit, id: string): Row | undefined {
  const row = unit.find(id)
  return row?.origin === 'task' ? undefined : row
}

// Another job takes its place: listeners hear of that one.
function removeAtOnce(unit: Unit, row: Row): void {
  if (!isTerminal(row.state)) addTo(unit, row.origin, row.state, -1)
  unit.remove(row)
}
