// Errors → HttpReply: ours and the user's, in the bodies of yandex.md §8.

import { catalogue, type Fault, type FaultCode } from '../errors.ts'
import type { UserError } from '../wire/frames.ts'
import type { Header, HttpReply } from './http.ts'

/** The reply to a call that failed with a fault of the catalogue (yandex.md F-2 to F-29). */
export function toFaultReply(fault: Fault): HttpReply {
  const { code, errorType, message: errorMessage } = fault
  const { status, functionError } = fault.row
  return functionError
    ? toErrorReply(code, { errorMessage, errorType, ...fault.body })
    : toErrorReply(code, { errorCode: status, errorMessage, errorType })
}

/** The reply to a call whose handler threw (yandex.md F-1). */
export function toThrownReply(error: UserError): HttpReply {
  return toErrorReply('function_threw', error)
}

function toErrorReply(code: FaultCode, content: object): HttpReply {
  const { status, functionError } = catalogue[code]
  const headers: Header[] = [
    ['Content-Type', 'application/json'],
    ['X-Fnbox-Fault', code],
  ]
  if (functionError) headers.push(['X-Function-Error', 'true'])
  if (status === 429 || status === 503) headers.push(['Retry-After', retryAfterSeconds])
  return { status, headers, body: Buffer.from(JSON.stringify(content)) }
}

const retryAfterSeconds = '1'
