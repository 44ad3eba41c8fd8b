// A job: a remembered invocation (jobs.md §1). Its states, the legal transitions between them, and what is stored of it.

/** States as clients see them (jobs.md §1). */
export type JobState = 'IN_QUEUE' | 'IN_PROGRESS' | 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT'

/** From each state the ones that may follow. `removed` is not a state: the job is gone. */
export const transitions = {
  IN_QUEUE: ['IN_PROGRESS', 'FAILED', 'CANCELLED', 'TIMED_OUT'],
  IN_PROGRESS: ['IN_QUEUE', 'COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'],
  COMPLETED: [],
  FAILED: ['IN_QUEUE'],
  CANCELLED: [],
  TIMED_OUT: ['IN_QUEUE'],
} as const satisfies Record<JobState, readonly JobState[]>

/** Whether nothing more happens to a job by itself. */
export function isTerminal(state: JobState): state is EndState {
  return state !== 'IN_QUEUE' && state !== 'IN_PROGRESS'
}

/** The states in which a job ends. */
export type EndState = 'COMPLETED' | 'FAILED' | 'CANCELLED' | 'TIMED_OUT'

/**
 * Where a job came from, which decides who may see it and how long it is kept: `/run`, `/runsync`, `?integration=async`, or the
 * function itself, for a task (tasks.md): the jobs API knows nothing of those.
 */
export type JobOrigin = 'run' | 'sync' | 'async' | 'task'

/** A job before it is stored. Every duration is in whole milliseconds, every time an epoch in milliseconds. */
export interface NewJob {
  /** opaque to clients; the request id is its last 36 characters */
  readonly id: string
  readonly origin: JobOrigin
  /** JSON text exactly as it was sent; origin `async`: the body, which may be anything */
  readonly input: Buffer
  readonly webhook?: string
  /** JSON text as sent, for the handler (jobs.md W-7) */
  readonly policy?: string
  /** JSON text as sent; a secret (jobs.md REQ-5) */
  readonly s3Config?: string
  /** limit of one attempt */
  readonly executionTimeoutMs: number
  /** life of the job while it is not terminal */
  readonly ttlMs: number
  /** how long it is kept once it is terminal */
  readonly retentionMs: number
  readonly lowPriority: boolean
  /** whether its end is told: to a webhook, or a target of asynchronous invocations */
  readonly notify: boolean
}

/** What makes a job a task. */
export interface TaskTerms {
  /** dotted text `module.function` */
  readonly path: string
  /** two names for the same engine */
  readonly service: 'lambda' | 'sns'
  readonly capture: Capture
  readonly language: 'python' | 'node'
  /** attempts in all */
  readonly maxAttempts: number
  /** milliseconds before the second attempt; doubled for each that follows */
  readonly backoffMs: number
  /** milliseconds from its submission until it is due */
  readonly delayMs: number
  /** of the message that it was dispatched with; absent for one that an invocation executes by itself (tasks.md M3) */
  readonly digest?: string
}

/** Whether a result was asked for: `on` by name, `default` by saying nothing; with `off` none is kept (tasks.md O2). */
export type Capture = 'on' | 'default' | 'off'

/** A task as it is stored. */
export interface StoredTask extends TaskTerms {
  /** epoch milliseconds; jobs start in the order in which they are due */
  readonly dueAt: number
}

/** What keeps a task from being complete. */
export interface TaskError {
  readonly type: string
  readonly message: string
  /** not for callers */
  readonly stack?: string | undefined
}

/** One try to execute a task. Times are epoch milliseconds. */
export interface TaskAttempt {
  /** from 1; those that were interrupted count here, but not against the attempts that a task has */
  readonly number: number
  readonly instance: string
  readonly startedAt: number
  /** the three are undefined while it runs; `error` also unless it has failed */
  readonly endedAt?: number
  readonly outcome?: 'complete' | 'failed' | 'interrupted'
  readonly error?: TaskError
}

/** What is stored of a job apart from large or secret values. */
export interface JobRecord extends Omit<NewJob, 'input' | 's3Config'> {
  readonly state: JobState
  /** grows with every change of the job */
  readonly revision: number
  /** the latest submit or retry */
  readonly submittedAt: number
  /** number of the latest attempt since the job was first submitted; 0 before the first. Names an attempt (jobs.md C-4). */
  readonly attempt: number
  /** attempts since submit or retry that ended with their container (jobs.md DUR-4) */
  readonly losses: number
  /** automatic re-queues since submit or retry */
  readonly retries: number
  /** total time in the queue since submit or retry, up to the latest start; up to the end when it ended in the queue */
  readonly delayMs: number
  /** since when it is in its present state */
  readonly since: number
  /** of the latest attempt; 0 before its end */
  readonly executionMs: number
  /** the instance of the latest attempt, "" if there was none */
  readonly instance: string
  /** why there is no result. Of a task: when it has failed a TaskError as JSON text, when it is complete why its value could not be kept. */
  readonly error?: string
  /** how many indexes were used for chunks: the index of the next one */
  readonly nextIndex: number
  /** when it will be removed: the end of its ttl, or of its retention */
  readonly expiresAt: number
  /** origin `task` */
  readonly task?: StoredTask
}

/** A job as it is looked up, without what only its handler needs. */
export interface Job extends JobRecord {
  /** JSON text: the result in a terminal state, else the latest progress value */
  readonly output?: Buffer
  /** of a task, in order */
  readonly attempts?: readonly TaskAttempt[]
}

/** A job with its input, for the handler and for completion messages. */
export interface JobWithInput extends Job, Pick<NewJob, 'input' | 's3Config'> {}

/** A yielded value as it is stored and shown: JSON text, under an index that the job never uses twice. */
export interface StoredChunk {
  readonly index: number
  readonly json: Buffer
}
