// The attempts of tasks, which are listed to those who ask (tasks.md §13); of other jobs only the number is kept.

import type { TaskAttempt, TaskError } from '../model/job.ts'
import type { Database } from './database.ts'

/** An attempt begins. */
export function beginTry(
  database: Database,
  job: number,
  number: number,
  instance: string,
  now: number,
): void {
  database.run(
    'INSERT INTO attempts (job, number, instance, startedAt) VALUES (?, ?, ?, ?)',
    job,
    number,
    instance,
    now,
  )
}

/** The one that runs ends. */
export function endTry(
  database: Database,
  job: number,
  outcome: NonNullable<TaskAttempt['outcome']>,
  error: TaskError | undefined,
  now: number,
): void {
  database.run(
    'UPDATE attempts SET endedAt = ?, outcome = ?, errorType = ?, errorMessage = ? WHERE job = ? AND endedAt IS NULL',
    now,
    outcome,
    error?.type ?? null,
    error?.message ?? null,
    job,
  )
}

/** All of a task. */
export function listTries(database: Database, job: number): readonly TaskAttempt[] {
  return database.all<Try>('SELECT * FROM attempts WHERE job = ? ORDER BY number', job).map(toAttempt)
}

function toAttempt({
  number,
  instance,
  startedAt,
  endedAt,
  outcome,
  errorType,
  errorMessage,
}: Try): TaskAttempt {
  const begun = { number, instance, startedAt }
  if (endedAt === null || outcome === null) return begun
  const error = { type: errorType ?? '', message: errorMessage ?? '' }
  return { ...begun, endedAt, outcome, ...(errorType === null ? {} : { error }) }
}

interface Try {
  readonly number: number
  readonly instance: string
  readonly startedAt: number
  readonly endedAt: number | null
  readonly outcome: NonNullable<TaskAttempt['outcome']> | null
  readonly errorType: string | null
  readonly errorMessage: string | null
}
