// Jobs of callers, in a script or a function (jobs.md), and their asynchronous invocations (yandex.md §4). Pure.

import type { Outcome } from '../../invocation.ts'
import type { JobKind, NextStep } from './kind.ts'
import { toDocument } from '../model/jobJson.ts'
import type { Job, JobWithInput } from '../model/job.ts'
import { toEnd, type ResultTerms } from './jobResult.ts'

/** What holds for all of them. */
export interface JobKindTerms extends ResultTerms {
  /** most bytes of a result or a chunk */
  readonly resultLimit: (job: Job) => number
  /** automatic re-queues after a process that ended by itself (jobs.md DUR-5) */
  readonly reschedule: number
  /** re-queues of asynchronous invocations after any failure (jobs.md FN-6) */
  readonly asyncRetries: number
}

/** The kind of jobs. */
export function jobKind(terms: JobKindTerms): JobKind {
  const { isScript, resultLimit, reschedule, asyncRetries } = terms
  const retryOf = ({ origin, retries }: JobWithInput): NextStep | undefined => {
    if (origin !== 'async' || retries >= asyncRetries) return undefined
    return { type: 'again', terms: { isRetry: true, pauseMs: asyncIntervalMs } }
  }
  return {
    mode: isScript ? 'job' : 'raw',
    resultLimit,
    waitsForLoad: isScript,
    toPayload: (job) => (isScript ? toDocument(job) : job.input),
    afterOutcome: (outcome, job, instance) => {
      if (isLost(outcome) && job.retries < reschedule) return { type: 'again', terms: { isRetry: true } }
      const end = toEnd(outcome, terms, instance)
      return (end.state === 'COMPLETED' ? undefined : retryOf(job)) ?? { type: 'ends', end }
    },
    afterTimeout: (job) => {
      const error = `executionTimeout of ${job.executionTimeoutMs} ms exceeded`
      return retryOf(job) ?? { type: 'ends', end: { state: 'TIMED_OUT', error } }
    },
  }
}

function isLost(outcome: Outcome): boolean {
  return outcome.type === 'failed' && outcome.exit !== undefined
}

// yandex.md M-12
const asyncIntervalMs = 10_000
