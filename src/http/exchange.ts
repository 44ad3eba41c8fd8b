// One HTTP exchange: Node's request and response as an endpoint uses them, and how replies are written. Owns the response.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { isAscii, lastHeader, type HttpReply, type HttpReplyHead } from '../event/http.ts'
import { readBody, readHead, type RequestHead } from './readRequest.ts'

/** What an exchange tells its endpoint of the client. */
export interface ExchangeListener {
  /** the client disconnected before its reply was written */
  onGone: () => void
  /** the client can take more of a streamed reply */
  onDrain: () => void
}

/** One request and its reply. */
export interface Exchange {
  readonly head: RequestHead
  /** whether the client disconnected before its reply was written */
  readonly isGone: boolean
  /** set before anything is awaited */
  listener: ExchangeListener | undefined
  /**
   * Reads the body, once: at once when it has arrived with the head, else as a promise.
   * @throws Fault request_too_large beyond `limit` bytes, invalid_request when it breaks off
   */
  readBody: (limit: number) => Buffer | Promise<Buffer>
  reply: (reply: HttpReply) => void
  /** Starts a streamed reply. */
  start: (head: HttpReplyHead) => void
  /** Sends a part of it. @returns false: the socket's buffer is full; `onDrain` follows */
  write: (bytes: Buffer) => boolean
  end: () => void
  /** Cuts the connection, so that the client sees that the reply is incomplete. */
  abort: () => void
}

/** An exchange over a connection of this server. */
export class HttpExchange implements Exchange {
  readonly head: RequestHead
  listener: ExchangeListener | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #server: { readonly isDraining: boolean }

  /** @param server while it drains, each reply closes its connection */
  constructor(request: IncomingMessage, response: ServerResponse, server: { readonly isDraining: boolean }) {
    this.head = readHead(request)
    this.#request = request
    this.#response = response
    this.#server = server
    response.on('close', () => {
      if (!response.writableFinished) this.listener?.onGone()
    })
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  readBody(limit: number): Buffer | Promise<Buffer> {
    return readBody(this.#request, this.head, limit, () => this.#response.writeContinue())
  }

  reply(reply: HttpReply): void {
    writeReply(this.#response, reply, this.#server.isDraining)
  }

  start(head: HttpReplyHead): void {
    writeHead(this.#response, head, this.#server.isDraining)
    this.#response.on('drain', () => this.listener?.onDrain())
  }

  write(bytes: Buffer): boolean {
    return this.#response.destroyed || this.#response.write(bytes)
  }

  end(): void {
    end(this.#response)
  }

  abort(): void {
    cutOff(this.#response)
  }
}

/** A signal that is aborted when the client disconnects before its reply was written. */
export function clientOf(response: ServerResponse): AbortSignal {
  const client = new AbortController()
  if (response.destroyed) client.abort()
  response.on('close', () => {
    if (!response.writableFinished) client.abort()
  })
  return client.signal
}

/** Sends a whole reply. @param close whether it is the last one on its connection */
export function writeReply(response: ServerResponse, reply: HttpReply, close: boolean): void {
  if (response.headersSent || response.destroyed) return
  const { req: request } = response
  const unread = !request.complete && hasBody(request) && !hasRead(request)
  const length = contentLength(request, reply)
  writeHead(response, reply, close || unread, length)
  if (!unread) return end(response, reply.body)
  response.write(reply.body)
  void endWhenRead(request, response)
}

/** Sends the head of a streamed reply. */
export function writeHead(
  response: ServerResponse,
  head: HttpReplyHead,
  close: boolean,
  length?: number,
): void {
  const flat: string[] = []
  for (const [name, value] of head.headers) if (!isFraming(name)) flat.push(name, toLatin1(value))
  if (length !== undefined) flat.push('Content-Length', String(length))
  if (close) flat.push('Connection', 'close')
  response.writeHead(head.status, flat)
}

/** Ends a reply, with its last part if there is one. A client that reads nothing for a minute is disconnected. */
export function end(response: ServerResponse, bytes?: Buffer): void {
  const { socket } = response
  // Node joins a text with the head: one write for both.
  if (bytes !== undefined && bytes.length <= longestJoined) response.end(bytes.toString('latin1'), 'latin1')
  else response.end(bytes)
  if (socket !== null && socket.writableLength > 0) socket.setTimeout(stalledMs) // Node clears it when the reply was sent
}

/** Sends a part of a streamed reply; settles when there is room for more, or the client has disconnected. */
export async function writeChunk(response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed || response.write(bytes)) return
  await new Promise<void>((settle) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      settle()
    }
    response.on('drain', done).on('close', done)
  })
}

/** Cuts a streamed reply after what was sent of it: the client sees that it is incomplete. */
export function cutOff(response: ServerResponse): void {
  const { socket } = response
  if (socket === null) return
  // Without chunks only a reset shows that a reply is incomplete (HTTP/1.0).
  if (!response.chunkedEncoding) return void socket.resetAndDestroy()
  socket.destroySoon()
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

// The whole body was read, though the parser has not yet reached its end.
function hasRead({ readableDidRead, readableLength, headers }: IncomingMessage): boolean {
  return readableDidRead && readableLength === 0 && headers['transfer-encoding'] === undefined
}

// A function may name the length that a GET would have; it counts for HEAD alone (yandex.md R-12).
function contentLength(
  { method }: IncomingMessage,
  { status, headers, body }: HttpReply,
): number | undefined {
  if (status === 204 || status === 304) return undefined
  const declared = method === 'HEAD' && body.length === 0 ? lastHeader(headers, 'content-length') : undefined
  return declared === undefined ? body.length : Number(declared)
}

// A connection that is closed while the client still sends is reset, and the client may lose the reply. So the rest of the
// body is read and discarded, for up to two seconds.
async function endWhenRead(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  await finished(request, { signal: AbortSignal.timeout(lingerMs), writable: false }).catch(() => {})
  end(response)
}

// Node writes header values as Latin-1: so the bytes are those of UTF-8.
function toLatin1(value: string): string {
  return isAscii(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
}

// The server frames the message: Node throws at a Trailer that no chunk follows.
function isFraming(name: string): boolean {
  return (name.length === 14 || name.length === 7) && framing.test(name)
}

const framing = /^(content-length|trailer)$/i

// Copying more bytes costs more than a second part of a write.
const longestJoined = 16 * 1024

const lingerMs = 2000

// How long the rest of a reply may wait for its reader without a byte being read.
const stalledMs = 60_000
