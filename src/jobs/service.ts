// What the HTTP API asks of the engine of jobs.

import type { Job, JobRecord, NewJob } from './model/job.ts'
import type { Change, ChunkPage, JobCounts, Retried, Submitted, SubmitTerms } from './model/store.ts'

/** The engine of jobs. Every method may reject with a Fault, store_unavailable among others. */
export interface JobService {
  /** Stores a job, which then runs by itself. @throws Fault draining */
  submit: (job: NewJob, idempotency?: SubmitTerms['idempotency']) => Promise<Submitted>
  find: (id: string) => Promise<Job | undefined>
  /** Stops and ends a job that is not terminal. @returns the job as it is now */
  cancel: (id: string) => Promise<JobRecord | undefined>
  /** @throws Fault draining */
  retry: (id: string) => Promise<Retried>
  /** @returns how many queued jobs were cancelled */
  purge: () => Promise<number>
  /** see JobStore */
  keepFor: (id: string, ms: number) => Promise<Job | undefined>
  chunks: (id: string, from: number, maxBytes: number) => Promise<ChunkPage>
  undelivered: (id: string, maxBytes: number) => Promise<ChunkPage>
  markDelivered: (id: string, indexes: readonly number[]) => Promise<void>
  health: () => Promise<Health>
  /** A job that was removed a moment ago, for requests that wait for it (jobs.md C-5). */
  findRemoved: (id: string) => Promise<Job | undefined>
  /** Reports every change of a job, new chunks and progress included. @returns stops that */
  watch: (id: string, listener: (change: Change) => void) => () => void
  /** aborted when the server starts to drain: waiting requests are answered */
  readonly draining: AbortSignal
}

/** jobs.md CTL-7 to CTL-9 */
export interface Health {
  readonly jobs: JobCounts
  readonly instances: {
    readonly idle: number
    readonly running: number
    readonly initializing: number
    readonly unhealthy: number
  }
  readonly lastError?: string
}
