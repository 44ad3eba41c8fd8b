// What differs between jobs of callers and tasks: how one is invoked, and what the end of an attempt means for it.

import type { Outcome } from '../../invocation.ts'
import type { InvocationMode } from '../../wire/frames.ts'
import type { JobWithInput } from '../model/job.ts'
import type { AttemptEnd, RequeueTerms } from '../model/store.ts'

/** What follows an attempt: the job ends, or is queued again. */
export type NextStep =
  | { readonly type: 'ends'; readonly end: Omit<AttemptEnd, 'executionMs'> }
  | { readonly type: 'again'; readonly terms: RequeueTerms }

/** One kind of jobs. */
export interface JobKind {
  readonly mode: InvocationMode
  /** most bytes of a result or a chunk */
  readonly resultLimit: (job: JobWithInput) => number
  /** whether a job waits while the function cannot be loaded; otherwise it fails */
  readonly waitsForLoad: boolean
  /** Makes the body of the invocation for an attempt, which must end by a time, epoch milliseconds. */
  readonly toPayload: (job: JobWithInput, attempt: number, deadlineMs: number) => Buffer
  /** Decides after an outcome; `instance`: "" if the attempt has never had one. */
  readonly afterOutcome: (outcome: Outcome, job: JobWithInput, instance: string) => NextStep
  /** Decides after the timeout of an attempt, whose handler is told then. Without it the instance is stopped at once, which is an outcome. */
  readonly afterTimeout?: (job: JobWithInput) => NextStep
}
