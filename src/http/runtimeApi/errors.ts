// Errors of the runtime API (tasks.md H2): a table of codes, and their replies.

import { Fault, type FaultCode } from '../../errors.ts'
import type { HttpReply } from '../../event/http.ts'
import { allowHeader, toJsonReply } from '../apiExchange.ts'

/** Code → status. */
const statuses = {
  bad_request: 400,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  wait_deadlock: 409,
  payload_too_large: 413,
  queue_full: 429,
  internal: 500,
  stopping: 503,
  store_unavailable: 503,
} as const

/** An error that an instance gets; the message is for the function's author. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: keyof typeof statuses

  constructor(code: keyof typeof statuses, message: string, details?: ErrorOptions) {
    super(message, details)
    this.code = code
  }
}

/** An error as the API's; one without a code here is `internal`, with its cause. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  const code = error instanceof Fault ? codes[error.code] : undefined
  return error instanceof Fault && code !== undefined
    ? new ApiError(code, error.message)
    : new ApiError('internal', 'a bug of fnbox; its log says more', { cause: error })
}

/** The reply to a request that fails. */
export function toErrorReply(error: unknown): HttpReply {
  const { code, message } = asApiError(error)
  return toJsonReply({ error: { code, message } }, statuses[code], allowHeader(error))
}

const codes: Partial<Record<FaultCode, keyof typeof statuses>> = {
  invalid_request: 'bad_request',
  invalid_parameter: 'bad_request',
  method_not_allowed: 'method_not_allowed',
  request_too_large: 'payload_too_large',
  draining: 'stopping',
  store_unavailable: 'store_unavailable',
}
