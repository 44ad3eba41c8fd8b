// What the engine of jobs asks of a store. Several runners, in one container or many, may share one: nothing about a job is
// only in a runner's memory. Every engine passes test/jobs/store/contract.ts.

import type { EndState, Job, NewJob, StoredChunk, TaskError, TaskTerms, Work } from './job.ts'

/**
 * Keeps jobs. Every method may reject with a StoreError when the store cannot be written or read; nothing has changed then, unless the
 * disk has failed under what was written already.
 * Times (`now`) are epoch milliseconds and come from the caller.
 */
export interface JobStore {
  /** Opens the store; creates it when it is first written. @throws StoreError */
  start: () => Promise<void>
  /** Closes it. What was promised is on stable storage. May be called twice, or before `start`. */
  stop: () => Promise<void>
  /**
   * Calls back after every change of a job, with the job as it is then, also when another runner made it. Changes that follow each
   * other at once may come as one. A removed job comes as undefined; one that its ttl has removed comes as TIMED_OUT before.
   */
  readonly onChange: (listener: (id: string, job: Job | undefined) => void) => void

  /** Puts a job at the end of the queue. On stable storage before it settles (jobs.md DUR-1). */
  submit: (job: NewJob, terms: SubmitTerms, now: number) => Promise<Submitted>
  find: (id: string) => Promise<Job | undefined>
  /** Jobs in the queue and in progress, and what was counted since the store was created (jobs.md CTL-7); origins run and sync. */
  count: () => Promise<JobCounts>

  /**
   * Reserves the job at the head of the queue that nobody has reserved and that is not to wait (`requeue`). It stays IN_QUEUE.
   * The queue is in order of due time, which of a job is that of its submission (tasks.md L3).
   * The reservation, and the attempt that `begin` makes of it, last until `now + leaseMs` unless they are renewed.
   * @param withoutTasks passes them over
   */
  claim: (runner: string, leaseMs: number, now: number, withoutTasks?: boolean) => Promise<Work | undefined>
  /** Gives up reservations that were not begun: others may claim the jobs. */
  release: (ids: readonly string[], runner: string) => Promise<void>
  /** Prolongs these of the jobs that the runner holds; the others lapse. @returns ids of jobs that it has lost: removed, ended or taken over by others */
  renew: (runner: string, ids: readonly string[], leaseMs: number, now: number) => Promise<readonly string[]>
  /**
   * IN_QUEUE → IN_PROGRESS, attempt + 1. Written before it settles, so that a restart knows of the attempt.
   * @returns the job; undefined when the runner does not hold the reservation any more
   */
  begin: (
    id: string,
    runner: string,
    start: { instance: string; delayMs: number },
    now: number,
  ) => Promise<Job | undefined>

  /** Adds chunks of an attempt. @returns false when this is not the running attempt any more: nothing was added */
  append: (id: string, attempt: number, chunks: readonly Buffer[]) => Promise<boolean>
  /** Keeps the latest progress value of an attempt, JSON text. @returns false when this is not the running attempt: it is dropped */
  progress: (id: string, attempt: number, json: Buffer) => Promise<boolean>
  /**
   * Ends the running attempt. Result and chunks are on stable storage before it settles (jobs.md DUR-2).
   * @returns the job; undefined when it was not the running attempt any more: nothing has changed (jobs.md C-4)
   */
  finish: (id: string, attempt: number, end: AttemptEnd, now: number) => Promise<Job | undefined>
  /**
   * IN_PROGRESS → IN_QUEUE, where it was, which is the front: what was before it has been taken before it. The attempt's chunks are deleted, its indexes stay used (jobs.md STR-10).
   * @returns the job; undefined when it was not the running attempt any more
   */
  requeue: (id: string, attempt: number, terms: RequeueTerms, now: number) => Promise<Job | undefined>

  /**
   * A job that is not terminal becomes CANCELLED. Here and in what follows there are no tasks.
   * @returns the job as it is now; undefined when there is none
   */
  cancel: (id: string, now: number) => Promise<Job | undefined>
  /** FAILED or TIMED_OUT → IN_QUEUE at the end; output, error, chunks, counters and pending deliveries are cleared (jobs.md CTL-5). */
  retry: (id: string, terms: { queueLimit: number }, now: number) => Promise<Retried>
  /** Every job in the queue becomes CANCELLED. @returns how many (jobs.md CTL-6) */
  purge: (now: number) => Promise<number>
  /** jobs.md A-14. @returns the job; undefined when there is none */
  keepFor: (id: string, ms: number, now: number) => Promise<Job | undefined>

  /** Chunks from an index on, in order: at least one if there is one, and then as many as fit into `maxBytes`. */
  chunks: (id: string, from: number, maxBytes: number) => Promise<ChunkPage>
  /** The same for chunks that were not delivered yet. */
  undelivered: (id: string, maxBytes: number) => Promise<ChunkPage>
  markDelivered: (id: string, indexes: readonly number[]) => Promise<void>

  /**
   * What time does: jobs past their ttl end (TIMED_OUT, told to listeners and webhooks) and are removed, those past their retention
   * are removed, attempts whose lease has lapsed are queued again at the front or, when `attempts` of them were lost, FAILED
   * (jobs.md C-5, DUR-4; for a task its own terms count). Of the tasks that have ended the newest `tasksKept` stay (tasks.md K1).
   * @returns when it should be called next at the latest, which is also when jobs that wait (`requeue`) may be claimed;
   * undefined: when something has changed
   */
  sweep: (terms: { attempts: number; tasksKept?: number }, now: number) => Promise<number | undefined>

  /** Messages to be sent because jobs have ended, due now, at most `limit`; they are reserved like jobs are. */
  dueDeliveries: (runner: string, limit: number, leaseMs: number, now: number) => Promise<readonly Delivery[]>
  /** Ends a delivery (`retryAt` undefined), or has it tried again at a time. */
  settleDelivery: (delivery: string, retryAt: number | undefined) => Promise<void>
}

/** What a submit is subject to. */
export interface SubmitTerms {
  /** most jobs that may wait; for a task: most tasks that may not have ended */
  readonly queueLimit: number
  /** what makes it a task; its origin is `task` */
  readonly task?: TaskTerms
  /** it runs already, on an instance, as its first attempt; it takes the place of an earlier job of its id */
  readonly begun?: { readonly runner: string; readonly instance: string; readonly leaseMs: number }
  /** jobs.md REQ-6 */
  readonly idempotency?: {
    readonly key: string
    /** equal for requests that are equal as JSON */ readonly digest: string
    readonly keptMs: number
  }
}

export type Submitted =
  | { readonly type: 'accepted'; readonly job: Job }
  /** the key is known: this is its job; `job` is undefined when its result has expired (jobs.md REQ-7) */
  | { readonly type: 'known'; readonly id: string; readonly state: string; readonly job: Job | undefined }
  /** the key was used for a different request, or the id for a job that is still there */
  | { readonly type: 'conflict' }
  | { readonly type: 'full' }

export type Retried =
  | { readonly type: 'queued'; readonly job: Job }
  | { readonly type: 'refused'; readonly job: Job }
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
  /** milliseconds from the end of this attempt before which nobody may claim it; a task is due then */
  readonly pauseMs?: number
  /** of a task: why the attempt has failed */
  readonly error?: TaskError
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
  /** the job as it was at its end, with `output` composed and without `s3Config` */
  readonly job: Work
  /** tries so far */
  readonly tries: number
}

/** The store cannot be written or read; the message says why. */
export class StoreError extends Error {
  override readonly name = 'StoreError'
}
