// What the engine of jobs asks of a store. Several runners, in one container or many, may share one: everything about a job is in the
// store. Every store passes test/jobs/store/contract.ts.

import type {
  EndState,
  Job,
  JobRecord,
  JobState,
  NewJob,
  StoredChunk,
  TaskError,
  TaskTerms,
  JobWithInput,
} from './job.ts'

/**
 * Keeps jobs. Every method may reject with a StoreError when the store cannot be written or read; nothing has changed then, unless the
 * disk has failed under what was written already. The store gives the time: leases, ttl and due times are compared by its clock.
 */
export interface JobStore {
  /** Opens the store; creates it when it is first written. @throws StoreError */
  start: () => Promise<void>
  /** Closes it, with all that was promised on stable storage. May be called twice, or before `start`. */
  stop: () => Promise<void>
  /** Epoch milliseconds by the store's clock. */
  now: () => number
  /** Reports every change of a job, whichever runner made it. Changes that follow each other at once may come as one. */
  readonly onChange: (listener: ChangeListener) => void

  /** Puts a job at the end of the queue. On stable storage before it settles (jobs.md DUR-1). */
  submit: (job: NewJob, terms: SubmitTerms) => Promise<Submitted>
  find: (id: string) => Promise<Job | undefined>
  /** A job that was removed within the last 60 s, without its output. */
  findRemoved: (id: string) => Promise<Job | undefined>
  /** Jobs in the queue and in progress, and what was counted since the store was created (jobs.md CTL-7); origins run and sync. */
  count: () => Promise<JobCounts>

  /**
   * Reserves jobs at the head of the queue that are due and not reserved. They stay IN_QUEUE.
   * The queue is in order of due time, which of a job is that of its submission (tasks.md L3), then of arrival.
   * A reservation, and the attempt that `begin` makes of it, last for `leaseMs` unless they are renewed.
   */
  claim: (runner: string, terms: ClaimTerms) => Promise<readonly JobWithInput[]>
  /** Releases reservations that were not begun: others may claim the jobs. */
  release: (ids: readonly string[], runner: string) => Promise<void>
  /** Prolongs these of the runner's jobs; its others lapse. @returns ids that it has lost: removed, ended or taken over by others */
  renew: (runner: string, ids: readonly string[], leaseMs: number) => Promise<readonly string[]>
  /**
   * IN_QUEUE → IN_PROGRESS, attempt + 1. Written before it settles, so that a restart knows of the attempt.
   * @returns the job; undefined when the runner does not hold the reservation any more
   */
  begin: (id: string, runner: string, instance: string) => Promise<JobRecord | undefined>

  /**
   * Adds chunks of an attempt.
   * @param from index of the first
   * @returns false when this is not the running attempt any more: nothing was added
   */
  append: (attempt: AttemptKey, from: number, chunks: readonly Buffer[]) => Promise<boolean>
  /** Keeps the latest progress value of an attempt, JSON text. @returns false when this is not the running attempt: it is dropped */
  progress: (attempt: AttemptKey, json: Buffer) => Promise<boolean>
  /**
   * Ends the running attempt. Result and chunks are on stable storage before it settles (jobs.md DUR-2).
   * @returns the job; undefined when it was not the running attempt any more: nothing has changed (jobs.md C-4)
   */
  finish: (attempt: AttemptKey, end: AttemptEnd) => Promise<JobRecord | undefined>
  /**
   * IN_PROGRESS → IN_QUEUE at its old place, which is the front: jobs before it were claimed before it. The attempt's chunks are
   * deleted, its indexes stay used (jobs.md STR-10).
   * @returns the job; undefined when it was not the running attempt any more
   */
  requeue: (attempt: AttemptKey, terms: RequeueTerms) => Promise<JobRecord | undefined>

  /**
   * A job that is not terminal becomes CANCELLED. Here and in what follows there are no tasks.
   * @returns the job as it is now; undefined when there is none
   */
  cancel: (id: string) => Promise<JobRecord | undefined>
  /** FAILED or TIMED_OUT → IN_QUEUE at the end; output, error, chunks, counters and pending deliveries are cleared (jobs.md CTL-5). */
  retry: (id: string, terms: Pick<SubmitTerms, 'queueLimit'>) => Promise<Retried>
  /** Every job in the queue becomes CANCELLED. @returns how many (jobs.md CTL-6) */
  purge: () => Promise<number>
  /** Sets how long a job is kept, from now if it has ended (jobs.md A-14). @returns the job; undefined when there is none */
  keepFor: (id: string, ms: number) => Promise<JobRecord | undefined>

  /** Chunks from an index on, in order: at least one if there is one, and then as many as fit into `maxBytes`. */
  chunks: (id: string, from: number, maxBytes: number) => Promise<ChunkPage>
  /** The same for chunks that were not delivered yet. */
  undelivered: (id: string, maxBytes: number) => Promise<ChunkPage>
  markDelivered: (id: string, indexes: readonly number[]) => Promise<void>

  /**
   * Applies what time does: jobs past their ttl end (TIMED_OUT) and are removed, those past their retention are removed, attempts
   * whose lease has lapsed are queued again at the front or, when `attempts` of them were lost, FAILED (jobs.md C-5, DUR-4; a task has
   * its own terms). Of the tasks that have ended the newest `tasksKept` stay (tasks.md K1).
   * @returns the next time at which something is due; undefined when nothing is left
   */
  sweep: (terms: SweepTerms) => Promise<number | undefined>

  /** Reserves completion messages that are due now, at most `limit`. */
  dueDeliveries: (limit: number, leaseMs: number) => Promise<readonly Delivery[]>
  /** Ends a delivery (`retryMs` undefined), or has it tried again after a time. */
  settleDelivery: (delivery: string, retryMs: number | undefined) => Promise<void>
}

/** A change of a job: enough to decide whether to look it up. */
export interface Change {
  readonly id: string
  readonly state: JobState
  readonly nextIndex: number
  /** orders the changes of this job */
  readonly revision: number
  /** `find` gives it no more; `findRemoved` does, for 60 s */
  readonly removed: boolean
  /** whether its end is told to a receiver */
  readonly notify: boolean
  /** when time next does something to it, which is when the store should be swept; epoch milliseconds */
  readonly dueAt: number
}

/** Takes changes of jobs. */
export interface ChangeListener {
  readonly changed: (change: Change) => void
  /** Changes may have been missed. @returns ids of jobs whose state is reported again */
  readonly missed: () => Iterable<string>
}

/** Names an attempt and its holder: what any other attempt or runner writes is dropped (jobs.md C-4). */
export interface AttemptKey {
  readonly id: string
  readonly runner: string
  readonly attempt: number
}

/** What a submit is subject to. */
export interface SubmitTerms {
  /** most jobs that may wait; for a task: most tasks that may not have ended */
  readonly queueLimit: number
  /** what makes it a task; its origin is `task` */
  readonly task?: TaskTerms
  /** reserves it for a runner at once, unless an older job is due */
  readonly reserve?: { readonly runner: string; readonly leaseMs: number }
  /** it runs already, on an instance, as its first attempt; it takes the place of an earlier job of its id */
  readonly begun?: { readonly runner: string; readonly instance: string; readonly leaseMs: number }
  /** jobs.md REQ-6 */
  readonly idempotency?: {
    readonly key: string
    /** equal for requests that are equal as JSON */
    readonly digest: string
    readonly keptMs: number
  }
}

export type Submitted =
  /** `reserved`: for the runner that the terms name */
  | { readonly type: 'accepted'; readonly job: JobRecord; readonly reserved?: boolean }
  /** the key was used before: this is its job; `job` is undefined when its result has expired (jobs.md REQ-7) */
  | {
      readonly type: 'known'
      readonly id: string
      readonly state: JobState
      readonly job: JobRecord | undefined
    }
  /** the key was used for a different request, or the id for a job that is still there */
  | { readonly type: 'conflict' }
  | { readonly type: 'full' }

/** Which jobs a runner reserves. */
export interface ClaimTerms {
  readonly leaseMs: number
  readonly limit: number
  /** most tasks among them */
  readonly tasks: number
}

export type Retried =
  | { readonly type: 'queued'; readonly job: JobRecord }
  | { readonly type: 'refused'; readonly job: JobRecord }
  | { readonly type: 'full' }
  | { readonly type: 'unknown' }

/** How an attempt ends its job. */
export interface AttemptEnd {
  readonly state: EndState
  /** JSON text; `chunks`: the list of all chunks of the attempt, composed when it is read */
  readonly output?: Buffer | 'chunks'
  readonly error?: string
  readonly executionMs: number
}

/** Why and when a job runs again. */
export interface RequeueTerms {
  /** counted in `retries` */
  readonly isRetry: boolean
  /** milliseconds from now before which it is not claimed; a task is due then */
  readonly pauseMs?: number
  /** of a task: why the attempt has failed */
  readonly error?: TaskError
}

export interface SweepTerms {
  readonly attempts: number
  readonly tasksKept?: number
}

export interface JobCounts {
  readonly inQueue: number
  readonly inProgress: number
  readonly completed: number
  readonly failed: number
  readonly retried: number
}

export interface ChunkPage {
  readonly chunks: readonly StoredChunk[]
  /** whether there are more now */
  readonly more: boolean
}

/** A message about a job's end. The store makes one, in the same transaction, whenever a job with `notify` ends. */
export interface Delivery {
  readonly id: string
  /** the job as it was at its end, without `s3Config` */
  readonly job: JobWithInput
  /** attempts so far */
  readonly attempts: number
}

/** The store cannot be written or read; the message says why. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}
