// The end of an asynchronous invocation → the message that its target gets (yandex.md M-13, M-14). Owns nothing.

import { isUtf8 } from 'node:buffer'
import { toAsyncError } from './asyncError.ts'
import type { Work } from '../model/job.ts'

/** The message of an invocation that has returned: its result as JSON text. A queue takes no empty message: `null` for no result. */
export function toSuccessMessage({ output }: Pick<Work, 'output'>): string {
  const text = output?.toString() ?? ''
  return text === '' ? 'null' : text
}

/** The message of an invocation whose last attempt has failed, or that was stopped. */
export function toFailureMessage(job: Pick<Work, 'id' | 'input' | 'state' | 'error'>): string {
  const { id: requestId, input } = job
  const error = toAsyncError(job)
  return isUtf8(input)
    ? JSON.stringify({ requestId, request: input.toString(), error })
    : JSON.stringify({ requestId, request: input.toString('base64'), isBase64Encoded: true, error })
}
