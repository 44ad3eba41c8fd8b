// Node's request → HttpRequest. The body is read separately, since many requests are rejected without it.

import type { IncomingMessage } from 'node:http'
import { getRawBody } from 'raw-body'
import { Fault } from '../errors.ts'
import { isAscii, lastHeader, type Header, type HttpRequest, type Peer } from '../event/http.ts'

/** A request without its body. */
export type RequestHead = Omit<HttpRequest, 'body'>

/** Reads a request without its body. */
export function readHead(request: IncomingMessage): RequestHead {
  const target = toOriginForm(toUtf8(request.url ?? '/'))
  const mark = target.indexOf('?')
  return {
    method: request.method ?? '',
    path: mark === -1 ? target : target.slice(0, mark),
    query: mark === -1 ? '' : target.slice(mark + 1),
    headers: readHeaders(request.rawHeaders),
    peer: readPeer(request),
    receivedAt: Date.now(),
  }
}

/**
 * The body, at most `limit` bytes: at once when it has arrived with the head, else as a promise.
 * @param sendContinue tells a client that has asked that it may send (yandex.md U-10)
 * @throws Fault request_too_large, already by the declared length; invalid_request when it breaks off, or without one Host
 */
export function readBody(
  request: IncomingMessage,
  { headers }: RequestHead,
  limit: number,
  sendContinue: () => void,
): Buffer | Promise<Buffer> {
  checkHost(request)
  const declared = lastHeader(headers, 'content-length') ?? null
  const length = Number(declared)
  if (length > limit) throw requestTooLarge(limit)
  if (lastHeader(headers, 'expect') !== undefined) sendContinue()
  else if (lastHeader(headers, 'transfer-encoding') === undefined) {
    if (length === 0) return emptyBody
    if (request.readableLength === length) return (request.read() ?? emptyBody) as Buffer // no encoding was set
  }
  return readLateBody(request, limit, declared)
}

async function readLateBody(request: IncomingMessage, limit: number, length: string | null): Promise<Buffer> {
  try {
    return await getRawBody(request, { limit, length })
  } catch (error) {
    if (error instanceof Error && 'type' in error && error.type === 'entity.too.large')
      throw requestTooLarge(limit)
    throw new Fault('invalid_request', 'Invalid request: the body broke off', { cause: error })
  }
}

/** The fault of a request beyond the limit (yandex.md F-27). */
export function requestTooLarge(limit: number): Fault {
  return new Fault('request_too_large', `request entity is larger than limits (${limit})`)
}

// RFC 9112 §3.2: with several Host headers a proxy in front may have read another one.
function checkHost({ httpVersion, rawHeaders }: IncomingMessage): void {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) if (rawHeaders[at]?.toLowerCase() === 'host') hosts++
  if (hosts > 1 || (hosts === 0 && httpVersion === '1.1'))
    throw new Fault('invalid_request', 'Invalid request: it must have one Host header')
}

function readHeaders(raw: readonly string[]): readonly Header[] {
  const headers: Header[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) headers.push([raw[at] ?? '', toUtf8(raw[at + 1] ?? '')])
  return headers
}

// Node hands over the bytes of header values and of the target as Latin-1.
function toUtf8(latin1: string): string {
  return isAscii(latin1) ? latin1 : Buffer.from(latin1, 'latin1').toString('utf8')
}

// A proxy may send the whole URL (RFC 9112 §3.2.2).
function toOriginForm(target: string): string {
  if (target.startsWith('/')) return target
  const authority = /^https?:\/\/[^/?#]*/i.exec(target)?.[0]
  if (authority === undefined) return target
  const rest = target.slice(authority.length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

function readPeer({ socket }: IncomingMessage): Peer {
  const { remoteAddress = '' } = socket
  const address = remoteAddress.startsWith('::')
    ? remoteAddress.replace(/^::ffff:(?=\d+\.)/i, '')
    : remoteAddress
  return { address, port: socket.remotePort ?? 0 }
}

const emptyBody = Buffer.alloc(0)
