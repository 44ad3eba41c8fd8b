// One HTTP exchange: Node's request and response as what an endpoint needs of them. Owns how the answer is sent, and how it
// is broken off.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { isAscii, lastHeader, type HttpReply, type HttpReplyHead } from '../event/http.ts'
import { readBody, readHead, takeBody, type RequestHead } from './readRequest.ts'

/** Who is told how the client does. */
export interface ExchangeListener {
  /** the client has gone before its answer was written */
  onGone: () => void
  /** it can take more of a streamed answer */
  onDrain: () => void
}

/** One request and the way back to its client. */
export interface Exchange {
  readonly head: RequestHead
  /** whether the client has gone before it got an answer */
  readonly isGone: boolean
  /** set before anything is awaited */
  listener: ExchangeListener | undefined
  /**
   * The body when it is here already, or when there is none; undefined: `readBody` waits for it.
   * @throws Fault as `readBody`
   */
  takeBody: (limit: number) => Buffer | undefined
  /**
   * Reads the body, once.
   * @throws Fault request_too_large beyond `limit` bytes, invalid_request when it breaks off
   */
  readBody: (limit: number) => Promise<Buffer>
  reply: (reply: HttpReply) => void
  /** Starts a streamed answer. */
  start: (head: HttpReplyHead) => void
  /** Sends a part of it. @returns false: the client has to take some of it first; then `onDrain` is called */
  write: (bytes: Buffer) => boolean
  end: () => void
  /** Breaks the connection off, so that the client sees that the answer is not whole. */
  abort: () => void
}

/** An exchange over a connection of this server. */
export class HttpExchange implements Exchange {
  readonly head: RequestHead
  listener: ExchangeListener | undefined
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #server: { readonly isDraining: boolean }

  /** @param server while it drains, each answer is the last one on its connection */
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

  takeBody(limit: number): Buffer | undefined {
    return takeBody(this.#request, this.head, limit)
  }

  readBody(limit: number): Promise<Buffer> {
    return readBody(this.#request, limit, () => this.#response.writeContinue())
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
    breakOff(this.#response)
  }
}

/** A signal that is aborted when the client goes before its answer was written. */
export function clientOf(response: ServerResponse): AbortSignal {
  const client = new AbortController()
  if (response.destroyed) client.abort() // it has gone before anything looked at its request
  response.on('close', () => {
    if (!response.writableFinished) client.abort()
  })
  return client.signal
}

/** Sends a whole answer. `close`: this is the last one on its connection. */
export function writeReply(response: ServerResponse, reply: HttpReply, close: boolean): void {
  if (response.headersSent || response.destroyed) return
  const { req: request } = response
  const unread = !request.complete && hasBody(request) && !hasTaken(request)
  const length = contentLength(request, reply)
  writeHead(response, reply, close || unread, length)
  if (!unread) return end(response, reply.body)
  response.write(reply.body)
  void endWhenRead(request, response)
}

/** Sends the head of a streamed answer. */
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

/** Ends an answer, with its last part if there is one. A client that takes nothing of it for long is cut off. */
export function end(response: ServerResponse, bytes?: Buffer): void {
  const { socket } = response
  // Node joins a text with the head: one write for both.
  if (bytes !== undefined && bytes.length <= longestJoined) response.end(bytes.toString('latin1'), 'latin1')
  else response.end(bytes)
  if (socket !== null && socket.writableLength > 0) socket.setTimeout(stalledMs) // Node takes it back when the answer has left
}

/** Sends a part of a streamed answer; settles when there is room for more, or the client has gone. */
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

/** Breaks a streamed answer off, behind what was sent of it: the client sees that it is not whole. */
export function breakOff(response: ServerResponse): void {
  const { socket } = response
  if (socket === null) return
  // Without chunks only a reset tells an end from a break (HTTP/1.0).
  if (!response.chunkedEncoding) return void socket.resetAndDestroy()
  socket.destroySoon()
  setTimeout(() => socket.destroy(), lingerMs).unref()
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

// The whole body was read before the parser has noticed its end.
function hasTaken({ readableDidRead, readableLength, headers }: IncomingMessage): boolean {
  return readableDidRead && readableLength === 0 && headers['transfer-encoding'] === undefined
}

// A function may name the length that a GET would have; it counts for HEAD alone (yandex.md R-12).
function contentLength(
  { method }: IncomingMessage,
  { status, headers, body }: HttpReply,
): number | undefined {
  if (status === 204 || status === 304) return undefined
  const own = method === 'HEAD' && body.length === 0 ? lastHeader(headers, 'content-length') : undefined
  return own === undefined ? body.length : Number(own)
}

// A connection that is closed while the client still sends is reset, and the client may lose the answer. So the rest is
// read and thrown away, for a while.
async function endWhenRead(request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  await finished(request, { signal: AbortSignal.timeout(lingerMs), writable: false }).catch(() => {})
  end(response)
}

// Node writes header values as Latin-1: this way the bytes are those of UTF-8.
function toLatin1(value: string): string {
  return isAscii(value) ? value : Buffer.from(value, 'utf8').toString('latin1')
}

// The server frames the message: Node refuses a Trailer that no chunk follows.
function isFraming(name: string): boolean {
  return (name.length === 14 || name.length === 7) && framing.test(name)
}

const framing = /^(content-length|trailer)$/i

// Beyond so many bytes to copy them costs more than a second part of a write.
const longestJoined = 16 * 1024

const lingerMs = 2000

// How long the rest of an answer may wait for its reader without a byte being taken.
const stalledMs = 60_000
