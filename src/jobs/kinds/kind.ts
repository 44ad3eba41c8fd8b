// What jobs of one kind have of their own: how they are invoked, and what the end of an attempt means for them.

import type { Outcome } from '../../invocation.ts'
import type { InvocationMode } from '../../wire/frames.ts'
import type { Work } from '../model/job.ts'
import type { AttemptEnd, RequeueTerms } from '../model/store.ts'

/** How an attempt goes on when it is over: the job ends, or is queued again. */
export type Sequel =
  | { readonly type: 'ends'; readonly end: Omit<AttemptEnd, 'executionMs'> }
  | { readonly type: 'again'; readonly terms: RequeueTerms }

/** One kind of jobs. */
export interface JobKind {
  readonly mode: InvocationMode
  /** most bytes of a result or a chunk */
  readonly resultLimit: (job: Work) => number
  /** whether a job waits while the function cannot be loaded; otherwise it fails */
  readonly waitsForLoad: boolean
  /** What the instance is given for an attempt of a number that must end by a time, epoch milliseconds. */
  readonly toPayload: (job: Work, attempt: number, deadlineMs: number) => Buffer
  /** After an outcome that the handler or its process has come to by itself; `instance`: "" if it has never had one. */
  readonly follow: (outcome: Outcome, job: Work, instance: string) => Sequel
  /** After the time of an attempt, whose handler is told then. Without it the instance is ended at once, which is an outcome. */
  readonly followExpiry?: (job: Work) => Sequel
}
