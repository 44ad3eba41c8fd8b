// The platform's own part of replies: faults and the user's errors as HttpReply (yandex.md §8), and the headers of every reply.

import { catalogue, type Fault, type FaultCode } from '../errors.ts'
import type { UserError } from '../wire/frames.ts'
import { lastHeader, type Header, type HttpReply, type HttpReplyHead } from './http.ts'

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

/** What the platform's headers say. */
export interface Platform {
  readonly requestId: string
  readonly functionId: string
  readonly functionVersion: string
  /** whether --cors is on */
  readonly cors: boolean
}

/** Puts the platform's headers behind those of a reply, or of the head of a stream (yandex.md R-13, U-5). */
export function withPlatformHeaders<Reply extends HttpReplyHead>(reply: Reply, platform: Platform): Reply {
  const headers: Header[] = [
    ...reply.headers,
    ['X-Request-Id', platform.requestId],
    ['X-Function-Id', platform.functionId],
    ['X-Function-Version-Id', platform.functionVersion],
    ['X-Content-Type-Options', 'nosniff'],
  ]
  const mayAllowOrigin =
    platform.cors && lastHeader(reply.headers, 'access-control-allow-origin') === undefined
  if (mayAllowOrigin) headers.push(['Access-Control-Allow-Origin', '*'])
  return { ...reply, headers }
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
