// Rows of a job store, as every engine keeps them, and jobs made of them.

import type {
  Job,
  JobOrigin,
  JobRecord,
  JobState,
  NewJob,
  TaskAttempt,
  TaskTerms,
  JobWithInput,
} from '../model/job.ts'
import type { Change } from '../model/store.ts'
import { isTerminal } from '../model/job.ts'

/** A job. Columns are called like the members of JobRecord; times are epoch milliseconds. */
export interface Row {
  /** names it in the other tables */
  readonly n: number
  readonly id: string
  readonly origin: JobOrigin
  readonly state: JobState
  readonly revision: number
  readonly executionTimeoutMs: number
  readonly ttlMs: number
  readonly retentionMs: number
  readonly lowPriority: number
  readonly notify: number
  readonly submittedAt: number
  readonly attempt: number
  readonly losses: number
  readonly retries: number
  readonly delayMs: number
  readonly since: number
  readonly executionMs: number
  readonly instance: string
  readonly nextIndex: number
  readonly expiresAt: number
  /** its place in the queue, before `position` */
  readonly dueAt: number
  readonly position: number
  /** the time before which it is not claimed */
  readonly notBefore: number | null
  /** the runner that has reserved it, runs it, or has ended it */
  readonly holder: string | null
  /** end of the reservation or the attempt of `holder`; null: it is not held */
  readonly leaseUntil: number | null
  /** the row stays for a while, and until its end was told */
  readonly removedAt: number | null
  /** revision of the end that is still to be told; null: none */
  readonly delivery: number | null
  readonly deliverAt: number | null
  readonly deliveryAttempts: number
  readonly webhook: string | null
  readonly policy: string | null
  readonly error: string | null
  /** 1: the output is the list of the chunks */
  readonly listsChunks: number
  /** TaskTerms as JSON text */
  readonly task: string | null
}

/** An idempotency key: it outlives its job, whose final state it keeps. */
export interface KeyRow {
  readonly key: string
  readonly digest: string
  readonly id: string
  readonly state: JobState
  readonly expiresAt: number
}

/** How many jobs are in a state, have come to it, or were queued again. */
export interface CountRow {
  readonly origin: JobOrigin
  readonly what: JobState | 'retried'
  readonly n: number
}

/** What only the handler of a job needs. */
export type Input = Pick<NewJob, 'input' | 's3Config'>

/** A row of a job that was just submitted. */
export function newRow(job: NewJob, task: TaskTerms | undefined, n: number, now: number): Row {
  const dueAt = now + (task?.delayMs ?? 0)
  return {
    n,
    id: job.id,
    origin: job.origin,
    state: 'IN_QUEUE',
    revision: 0,
    executionTimeoutMs: job.executionTimeoutMs,
    ttlMs: job.ttlMs,
    retentionMs: job.retentionMs,
    lowPriority: Number(job.lowPriority),
    notify: Number(job.notify),
    submittedAt: now,
    attempt: 0,
    losses: 0,
    retries: 0,
    delayMs: 0,
    since: now,
    executionMs: 0,
    instance: '',
    nextIndex: 0,
    expiresAt: now + job.ttlMs,
    dueAt,
    position: n,
    notBefore: dueAt === now ? null : dueAt,
    holder: null,
    leaseUntil: null,
    removedAt: null,
    delivery: null,
    deliverAt: null,
    deliveryAttempts: 0,
    webhook: job.webhook ?? null,
    policy: job.policy ?? null,
    error: null,
    listsChunks: 0,
    task: task === undefined ? null : JSON.stringify(task),
  }
}

/** The job of a row. */
export function toRecord(row: Row): JobRecord {
  return {
    id: row.id,
    origin: row.origin,
    ...(row.webhook === null ? {} : { webhook: row.webhook }),
    ...(row.policy === null ? {} : { policy: row.policy }),
    executionTimeoutMs: row.executionTimeoutMs,
    ttlMs: row.ttlMs,
    retentionMs: row.retentionMs,
    lowPriority: row.lowPriority === 1,
    notify: row.notify === 1,
    state: row.state,
    revision: row.revision,
    submittedAt: row.submittedAt,
    attempt: row.attempt,
    losses: row.losses,
    retries: row.retries,
    delayMs: row.delayMs,
    since: row.since,
    executionMs: row.executionMs,
    instance: row.instance,
    ...(row.error === null ? {} : { error: row.error }),
    nextIndex: row.nextIndex,
    expiresAt: row.expiresAt,
    ...(row.task === null ? {} : { task: { ...termsOf(row), dueAt: row.dueAt } }),
  }
}

/** The same with what is looked up beside the row. */
export function toJob(row: Row, output: Buffer | undefined, attempts?: readonly TaskAttempt[]): Job {
  return {
    ...toRecord(row),
    ...(output === undefined ? {} : { output }),
    ...(attempts === undefined ? {} : { attempts }),
  }
}

/** The job with its input. */
export function toJobWithInput(row: Row, input: Input | undefined): JobWithInput {
  if (input === undefined) throw new Error(`the input of job ${row.id} is missing`)
  return { ...toRecord(row), ...input }
}

/** What listeners are told of a row that has changed. */
export function toChange(row: Row, now: number): Change {
  const { id, state, nextIndex, revision } = row
  const removed = row.removedAt !== null
  const isSurplus = row.origin === 'task' && isTerminal(state) && !removed // perhaps: another task that has ended goes
  const dueAt = isSurplus ? now : (nextDue(row, now) ?? Infinity)
  return { id, state, nextIndex, revision, removed, notify: row.notify === 1, dueAt }
}

/** When time next does something to a job: it expires, a lease lapses, a pause ends, its row goes. Undefined: nothing happens. */
export function nextDue(row: Row, now: number): number | undefined {
  if (row.removedAt !== null) return row.delivery === null ? row.removedAt + removedKeptMs : undefined
  const pausedUntil = row.notBefore !== null && row.notBefore > now ? row.notBefore : Infinity
  return Math.min(row.expiresAt, row.leaseUntil ?? Infinity, pausedUntil)
}

/** The terms of a task. */
export function termsOf({ id, task }: Pick<Row, 'id' | 'task'>): TaskTerms {
  if (task === null) throw new Error(`job ${id} is no task`)
  return JSON.parse(task) as TaskTerms // as it was submitted
}

/** How long the row of a removed job stays, so that other processes hear of the removal. */
export const removedKeptMs = 60_000
