// What is known of a task, made of its job, and when it runs again (tasks.md §1). Pure.

import { isTerminal, type Job, type StoredTask, type TaskError, type TaskTerms } from './job.ts'
import type { Task, TaskState } from './tasks.ts'

/** A job of origin `task` as a task; undefined when its retention is over, exactly (tasks.md K1). */
export function toTask(job: Job, now: number): Task | undefined {
  const { task, error } = job
  if (task === undefined || (isTerminal(job.state) && job.expiresAt <= now)) return undefined
  const { path, service, capture, language, maxAttempts, attempts, dueAt } = task
  const state = toState(job, task, now)
  return {
    id: job.id,
    path,
    service,
    capture,
    language,
    state,
    ...(state === 'complete' ? { ...of('response', job.output), ...of('omitted', error) } : {}),
    ...(state === 'running' ? of('progress', job.output) : {}),
    ...(state === 'failed' ? of('error', error === undefined ? undefined : toTaskError(error)) : {}),
    maxAttempts,
    attempts,
    createdAt: job.submittedAt,
    dueAt,
    ...(isTerminal(job.state) ? { finishedAt: job.since, expiresAt: job.expiresAt } : {}),
  }
}

/**
 * How long a task that has failed so often waits until it is due again, in milliseconds (tasks.md L4); undefined: for ever.
 * @param failures of the task so far
 */
export function pauseAfter(terms: TaskTerms, failures: number): number | undefined {
  if (failures >= terms.maxAttempts) return undefined
  return Math.min(longestBackoffMs, terms.backoffMs * 2 ** (failures - 1))
}

/** The error of a task as it is stored (see Job). */
export function toTaskError(text: string): TaskError {
  return JSON.parse(text) as TaskError // as we have written it
}

function toState({ state }: Job, { attempts, dueAt }: StoredTask, now: number): TaskState {
  switch (state) {
    case 'IN_QUEUE':
      if (dueAt <= now) return 'queued'
      return attempts.length === 0 ? 'delayed' : 'retrying'
    case 'IN_PROGRESS':
      return 'running'
    case 'COMPLETED':
      return 'complete'
    case 'FAILED':
    case 'TIMED_OUT':
    case 'CANCELLED':
      return 'failed'
    default:
      return state satisfies never
  }
}

function of<Name extends string, Value>(name: Name, value: Value | undefined): { [Each in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [Each in Name]: Value }) // as it is written
}

const longestBackoffMs = 60_000
