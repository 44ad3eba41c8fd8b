// HttpReply → Node's response.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { isAscii, lastHeader, type HttpReply, type HttpReplyHead } from '../event/http.ts'

/** Sends a whole answer. `close`: this is the last one on its connection. */
export function writeReply(response: ServerResponse, reply: HttpReply, close: boolean): void {
  if (response.headersSent || response.destroyed) return
  const { req: request } = response
  const unread = !request.complete && hasBody(request)
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
  for (const [name, value] of head.headers)
    if (!framing.has(name.toLowerCase())) flat.push(name, toLatin1(value))
  if (length !== undefined) flat.push('Content-Length', String(length))
  if (close) flat.push('Connection', 'close')
  response.writeHead(head.status, flat)
}

/** Ends an answer, with its last part if there is one. A client that takes nothing of it for long is cut off. */
export function end(response: ServerResponse, bytes?: Buffer): void {
  const { socket } = response
  // Node joins a text with the head: one write for both.
  if (bytes !== undefined && bytes.length <= mostJoined) response.end(bytes.toString('latin1'), 'latin1')
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

// How the message is framed is ours to say: Node refuses a Trailer that no chunk follows.
const framing: ReadonlySet<string> = new Set(['content-length', 'trailer'])

// Beyond so many bytes to copy them costs more than a second part of a write.
const mostJoined = 16 * 1024

const lingerMs = 2000

// How long the rest of an answer may wait for its reader without a byte being taken.
const stalledMs = 60_000
