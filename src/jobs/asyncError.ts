// The error of an asynchronous invocation, as it is kept in its job: the object of yandex.md F-30 as JSON text. Owns nothing.

import { catalogue } from '../errors.ts'
import type { UserError } from '../wire/frames.ts'
import type { Job } from './job.ts'

/** The text for the `error` of a job of origin `async` whose handler threw. */
export function toAsyncErrorText({ errorMessage, errorType, stackTrace }: UserError): string {
  return JSON.stringify({ errorMessage, errorType, ...(stackTrace === undefined ? {} : { stackTrace }) })
}

/** Why an asynchronous invocation has ended without a result: what its handler threw, or what became of it. */
export function toAsyncError({ state, error }: Pick<Job, 'state' | 'error'>): UserError {
  if (state === 'CANCELLED') return { errorMessage: 'The invocation was cancelled', errorType: 'Cancelled' }
  if (state === 'TIMED_OUT') {
    const errorMessage = error ?? 'Execution timeout exceeded'
    return { errorMessage, errorType: catalogue.timeout.errorType }
  }
  const errorMessage = error ?? 'The invocation failed'
  return fromErrorText(errorMessage) ?? { errorMessage, errorType: catalogue.process_exit.errorType }
}

// Undefined: a sentence of ours about a lost process.
function fromErrorText(text: string): UserError | undefined {
  const value = parse(text)
  if (typeof value !== 'object' || value === null) return undefined
  const { errorMessage, errorType, stackTrace }: Record<string, unknown> = { ...value }
  if (typeof errorMessage !== 'string' || typeof errorType !== 'string') return undefined
  return { errorMessage, errorType, ...(Array.isArray(stackTrace) ? { stackTrace } : {}) }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
