// Jobs as those who ask for them see them: the HTTP routes.

import type { Job, JobRecord, NewJob } from './model/job.ts'
import type { ChunkPage, JobCounts, Retried, Submitted, SubmitTerms } from './model/store.ts'

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
  /**
   * Calls back after every change of a job, new chunks and progress included, with the job as it is then.
   * A job that its ttl has ended comes once more as TIMED_OUT; undefined: it is removed.
   * @returns ends that
   */
  watch: (id: string, listener: (job: Job | undefined) => void) => () => void
  /** aborted when the server begins to drain: held requests are answered */
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
