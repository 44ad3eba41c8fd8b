// Answers to what Node's parser could not read, for which there is no request and no response (yandex.md F-23).

import type { ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Fault } from '../errors.ts'
import { toFaultReply } from '../event/faultReply.ts'
import type { HttpReply } from '../event/http.ts'

/**
 * Refuses what came in and closes the connection.
 * @param latest the last answer on the same connection: it must not be mixed up with this one
 * @param say the answer with status 400 that gives this reason
 */
export function refuseUnreadable(
  error: NodeJS.ErrnoException,
  socket: Duplex,
  latest: ServerResponse | undefined,
  say: (reason: string) => HttpReply = toInvalidRequest,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy()
  const reason = reasons[error.code ?? ''] ?? 'it is not HTTP/1.1'
  if (latest === undefined || latest.writableFinished) return refuse(socket, say(reason))
  // A request behind one that still runs: its caller gets the answer first.
  if (latest.req.complete) return void latest.once('finish', () => refuse(socket, say(reason)))
  // The body of the request itself; an answer that has begun was the last one.
  if (latest.headersSent) return void socket.end()
  refuse(socket, say(reason))
}

/** Refuses a CONNECT, which Node treats as the end of HTTP on its connection. */
export function refuseMethod(socket: Duplex): void {
  refuse(socket, toInvalidRequest('method CONNECT is not supported'))
}

function toInvalidRequest(reason: string): HttpReply {
  return toFaultReply(new Fault('invalid_request', `Invalid request: ${reason}`))
}

function refuse(socket: Duplex, { status, headers, body }: HttpReply): void {
  if (!socket.writable) return
  const lines = [...headers, ['Content-Length', String(body.length)], ['Connection', 'close']]
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body.toString()}`,
  )
}

const reasons: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'the header is too large',
  ERR_HTTP_REQUEST_TIMEOUT: 'it was not received in time',
  HPE_INVALID_METHOD: 'the method is not known',
  HPE_INVALID_CONTENT_LENGTH: 'the length of the body is not clear',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'the length of the body is not clear',
  HPE_INVALID_TRANSFER_ENCODING: 'the length of the body is not clear',
  HPE_INVALID_HEADER_TOKEN: 'a header has a character that is not allowed',
  HPE_INVALID_CHUNK_SIZE: 'a chunk of the body has no size',
}
