// What every answer on the function's paths carries, whoever wrote it (yandex.md R-13, U-5).

import { lastHeader, type Header, type HttpReplyHead } from './http.ts'

/** What the platform says about itself in an answer. */
export interface Platform {
  readonly requestId: string
  readonly functionId: string
  readonly functionVersion: string
  /** whether --cors is on */
  readonly cors: boolean
}

/** The same reply, or head of a stream, with the platform's own headers behind those that it has. */
export function withPlatformHeaders<Reply extends HttpReplyHead>(reply: Reply, platform: Platform): Reply {
  const headers: Header[] = [
    ...reply.headers,
    ['X-Request-Id', platform.requestId],
    ['X-Function-Id', platform.functionId],
    ['X-Function-Version-Id', platform.functionVersion],
    ['X-Content-Type-Options', 'nosniff'],
  ]
  const mayAllowOrigin = platform.cors && lastHeader(reply.headers, allowOrigin) === undefined
  if (mayAllowOrigin) headers.push([allowOrigin, '*'])
  return { ...reply, headers }
}

const allowOrigin = 'Access-Control-Allow-Origin'
