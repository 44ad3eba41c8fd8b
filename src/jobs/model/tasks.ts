// Tasks: jobs of origin `task` as the runtime API of instances and the public view show them (tasks.md §1, §12, §13), and their backoff.

import {
  isTerminal,
  type Capture,
  type Job,
  type TaskAttempt,
  type TaskError,
  type TaskTerms,
} from './job.ts'

/** A task as it is dispatched. */
export interface NewTask {
  /** chosen by the caller */
  readonly id: string
  /** dotted text `module.function` */
  readonly path: string
  readonly service: TaskTerms['service']
  readonly capture: Capture
  /** of the function that dispatches and executes it */
  readonly language: TaskTerms['language']
  /** milliseconds from now until it is due */
  readonly delayMs: number
  /** in all; absent: as the server is configured, as the next */
  readonly maxAttempts?: number
  /** of one attempt */
  readonly timeoutMs?: number
  /** JSON text of tasks.md §5, kept and delivered as it is */
  readonly message: string
}

/** tasks.md §1 */
export type TaskState = 'delayed' | 'queued' | 'running' | 'retrying' | 'complete' | 'failed'

/** What is known of a task. Times are epoch milliseconds; texts are JSON as the instance wrote it. */
export interface Task extends Omit<NewTask, 'delayMs' | 'timeoutMs' | 'message'> {
  readonly state: TaskState
  /** of a complete task, unless its capture is `off` or it is omitted */
  readonly response?: Buffer
  /** why a complete task has no response though one may be asked for */
  readonly omitted?: string
  /** of a running task */
  readonly progress?: Buffer
  /** of a failed task */
  readonly error?: TaskError
  readonly maxAttempts: number
  readonly attempts: readonly TaskAttempt[]
  readonly createdAt: number
  readonly dueAt: number
  /** of a final task, as the next */
  readonly finishedAt?: number
  readonly expiresAt?: number
}

/** Whether nothing more happens to it. */
export function isFinal({ state }: Pick<Task, 'state'>): boolean {
  return state === 'complete' || state === 'failed'
}

/** The record of a task that an invocation executes by itself (tasks.md M3). */
export interface OwnTask extends Pick<NewTask, 'id' | 'path' | 'language'> {
  readonly status: 'in progress' | 'complete' | 'failed'
  /** JSON text, of a complete one */
  readonly response?: string
  /** of a failed one */
  readonly error?: TaskError
}

export type Dispatched =
  | { readonly type: 'stored'; readonly task: Task }
  /** it was dispatched before, with the same message */
  | { readonly type: 'known'; readonly task: Task }
  /** the id was used otherwise */
  | { readonly type: 'conflict' }
  /** so many tasks have not ended */
  | { readonly type: 'full'; readonly limit: number }

/** The engine's tasks. Every method may reject with a Fault, store_unavailable among others. */
export interface Tasks {
  /** Stores a task, which then runs by itself. @throws Fault draining */
  dispatch: (task: NewTask) => Promise<Dispatched>
  /** @returns undefined when it is not known, or its retention is over */
  find: (id: string) => Promise<Task | undefined>
  /** Reports every change of a task; `isOver`: it is final or removed. @returns stops that */
  watch: (id: string, listener: (isOver: boolean) => void) => () => void
  /** Keeps the progress of an attempt, JSON text. `stale`: it is not the running one */
  progress: (id: string, attempt: number, text: string) => Promise<'kept' | 'stale' | 'unknown'>
  /** Writes the record of a task that runs in an invocation on an instance; a later one takes its place. `conflict`: the id is that of a dispatched task; `full`: too many have not ended */
  record: (task: OwnTask, instance: string) => Promise<'new' | 'updated' | 'conflict' | 'full'>
  /** aborted when the server begins to drain: held requests are answered */
  readonly draining: AbortSignal
}

/** A job of origin `task` as a task; undefined when its retention is over, exactly (tasks.md K1). */
export function toTask(job: Job, now: number): Task | undefined {
  const { task, error } = job
  if (task === undefined || (isTerminal(job.state) && job.expiresAt <= now)) return undefined
  const { path, service, capture, language, maxAttempts, dueAt } = task
  const { attempts = [] } = job
  const state = toState(job, dueAt, now)
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

function toState({ state, attempts = [] }: Job, dueAt: number, now: number): TaskState {
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
