// The end of an asynchronous invocation → the message that its target gets (yandex.md M-13, M-14).

import { isUtf8 } from 'node:buffer'
import { catalogue } from '../../errors.ts'
import { isJsonObject, parseJson, type JsonObject } from '../../json/json.ts'
import type { UserError } from '../../wire/frames.ts'
import type { Job, JobWithInput } from '../model/job.ts'

/** The message of an invocation that has returned: its result as JSON text. A queue takes no empty message: `null` for no result. */
export function toSuccessMessage({ output }: Pick<JobWithInput, 'output'>): string {
  const text = output?.toString() ?? ''
  return text === '' ? 'null' : text
}

/** The message of an invocation whose last attempt has failed, or that was stopped. */
export function toFailureMessage(job: Pick<JobWithInput, 'id' | 'input' | 'state' | 'error'>): string {
  const { id: requestId, input } = job
  const error = toAsyncError(job)
  return isUtf8(input)
    ? JSON.stringify({ requestId, request: input.toString(), error })
    : JSON.stringify({ requestId, request: input.toString('base64'), isBase64Encoded: true, error })
}

// What the handler threw, or why the invocation has no result.
function toAsyncError({ state, error }: Pick<Job, 'state' | 'error'>): UserError {
  if (state === 'CANCELLED') return { errorMessage: 'The invocation was cancelled', errorType: 'Cancelled' }
  if (state === 'TIMED_OUT') {
    const errorMessage = error ?? 'Execution timeout exceeded'
    return { errorMessage, errorType: catalogue.timeout.errorType }
  }
  const errorMessage = error ?? 'The invocation failed'
  return fromErrorText(errorMessage) ?? { errorMessage, errorType: catalogue.process_exit.errorType }
}

// A job keeps what its handler threw as a text (jobs.md FN-2). Undefined: a sentence of ours about a lost process.
function fromErrorText(text: string): UserError | undefined {
  const fields = parseJson(text)
  return isJsonObject(fields) ? (fromYandexForm(fields) ?? fromRunPodForm(fields)) : undefined
}

// Bash: the object itself.
function fromYandexForm({ errorMessage, errorType, stackTrace }: JsonObject): UserError | undefined {
  if (typeof errorMessage !== 'string' || typeof errorType !== 'string') return undefined
  return { errorMessage, errorType, ...(Array.isArray(stackTrace) ? { stackTrace } : {}) }
}

// Node.js and Python (jobs.md W-10, NODE-6): the frames of the stack are one text.
function fromRunPodForm(fields: JsonObject): UserError | undefined {
  const { error_type: type, error_message: errorMessage, error_traceback: traceback } = fields
  if (typeof type !== 'string' || typeof errorMessage !== 'string') return undefined
  const pythonType = /^<class '(.*)'>$/s.exec(type)?.[1]
  const stackTrace =
    typeof traceback === 'string' && traceback !== ''
      ? traceback.split(pythonType === undefined ? '\n' : pythonFrame)
      : undefined
  return { errorMessage, errorType: pythonType ?? type, ...(stackTrace === undefined ? {} : { stackTrace }) }
}

// Where the text of one frame ends and the next begins.
const pythonFrame = /(?=^ {2}File ")/m
