// What the runtime API answers when it does not do what it is asked (tasks.md H2): a table of codes. Owns nothing.

import { Fault, type FaultCode } from '../../errors.ts'
import type { Header, HttpReply } from '../../event/http.ts'

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

/** Why a request of an instance is refused. */
export type RefusalCode = keyof typeof statuses

/** A request of an instance is refused; the message is for the function's author. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly code: RefusalCode

  constructor(code: RefusalCode, message: string, details?: ErrorOptions) {
    super(message, details)
    this.code = code
  }
}

/** An error as a refusal; what is no fault of ours that has a code here is `internal`, with its cause. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const code = error instanceof Fault ? codes[error.code] : undefined
  if (!(error instanceof Fault) || code === undefined)
    return new Refusal('internal', 'a bug of fnbox; its log says more', { cause: error })
  return new Refusal(code, error.message)
}

/** The answer. */
export function toRefusalReply({ code, message }: Refusal, headers: readonly Header[] = []): HttpReply {
  const body = Buffer.from(JSON.stringify({ error: { code, message } }))
  return { status: statuses[code], headers: [['Content-Type', 'application/json'], ...headers], body }
}

const codes: Partial<Record<FaultCode, RefusalCode>> = {
  invalid_request: 'bad_request',
  invalid_parameter: 'bad_request',
  request_too_large: 'payload_too_large',
  draining: 'stopping',
  store_unavailable: 'store_unavailable',
}
