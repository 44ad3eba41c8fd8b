// Jobs as rows: how they are found, and what is made of them.

import type { Job, JobOrigin, JobState, StoredTask, TaskTerms, Work } from '../model/job.ts'
import { asBuffer } from './bytes.ts'
import { listOf } from './chunks.ts'
import type { Database } from './database.ts'
import { listTries } from './tries.ts'

/** A row of `jobs`. */
export interface Row {
  readonly n: number
  readonly id: string
  readonly origin: JobOrigin
  readonly state: JobState
  readonly revision: number
  readonly position: number
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
  /** nobody may claim it before */
  readonly notBefore: number | null
  /** its place in the queue, before `position` */
  readonly dueAt: number
  /** the runner that has reserved it or runs it, until `leaseUntil` */
  readonly holder: string | null
  readonly leaseUntil: number | null
  readonly removedAt: number | null
  readonly webhook: string | null
  readonly policy: string | null
  readonly error: string | null
  /** 1: the output is the list of the chunks */
  readonly listsChunks: number
  readonly output: Uint8Array | null
  /** TaskTerms as JSON text */
  readonly task: string | null
}

/** The job with an id, unless it is removed. */
export function findRow(database: Database, id: string): Row | undefined {
  return database.get<Row>('SELECT * FROM jobs WHERE id = ? AND removedAt IS NULL', id)
}

/** The same if it is no task. */
export function findJobRow(database: Database, id: string): Row | undefined {
  const row = findRow(database, id)
  return row?.origin === 'task' ? undefined : row
}

/** The terms of a task. */
export function termsOf({ id, task }: Pick<Row, 'id' | 'task'>): TaskTerms {
  if (task === null) throw new Error(`job ${id} is no task`)
  return JSON.parse(task) as TaskTerms // as it was submitted
}

/** The job with that id if this is its running attempt (jobs.md C-4). */
export function findRunning(database: Database, id: string, attempt: number): Row | undefined {
  const row = findRow(database, id)
  return row?.state === 'IN_PROGRESS' && row.attempt === attempt ? row : undefined
}

/** The job, its output composed. */
export function toJob(database: Database, row: Row): Job {
  const output = row.listsChunks === 1 ? listOf(database, row.n) : row.output
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
    ...(output === null ? {} : { output: asBuffer(output) }),
    ...(row.error === null ? {} : { error: row.error }),
    nextIndex: row.nextIndex,
    expiresAt: row.expiresAt,
    ...(row.task === null ? {} : { task: toTask(database, row) }),
  }
}

function toTask(database: Database, row: Row): StoredTask {
  return { ...termsOf(row), dueAt: row.dueAt, attempts: listTries(database, row.n) }
}

/** The job with what its handler needs. */
export function toWork(database: Database, row: Row): Work {
  const sent = database.get<{ input: Uint8Array; s3Config: string | null }>(
    'SELECT input, s3Config FROM inputs WHERE job = ?',
    row.n,
  )
  if (sent === undefined) throw new Error(`the input of job ${row.id} is not there`)
  return {
    ...toJob(database, row),
    input: asBuffer(sent.input),
    ...(sent.s3Config === null ? {} : { s3Config: sent.s3Config }),
  }
}
