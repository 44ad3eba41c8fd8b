// One request to the jobs API and the way back to its client: Node's request and response as what the routes need of them.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { Fault, type FaultCode } from '../../errors.ts'
import type { Header, HttpRequest } from '../../event/http.ts'

import { readBody, readHead } from '../readRequest.ts'
import { breakOff, clientOf, end, writeChunk, writeHead, writeReply } from '../exchange.ts'

/** One request. */
export interface JobExchange {
  readonly head: Omit<HttpRequest, 'body'>
  /** aborted when the client has gone */
  readonly client: AbortSignal
  /** Reads the body, once. @throws Fault job_too_large beyond `limit` bytes, invalid_request when it breaks off */
  readonly readBody: (limit: number) => Promise<Buffer>
  /** Lets the body come in and throws it away, so that the connection can be used again. */
  readonly ignoreBody: () => void
  /** Answers with JSON. @returns whether all of it was written to a connection that was still open */
  readonly reply: (json: Buffer, status?: number, headers?: readonly Header[]) => Promise<boolean>
  /** Answers without a body, status 204. */
  readonly replyNothing: () => void
  /** Begins an event stream. */
  readonly start: () => void
  /** Sends a part of it; settles when the client can take more, or has gone. One that takes nothing for long is cut off. */
  readonly write: (bytes: Buffer) => Promise<void>
  readonly end: () => void
  /** Breaks the stream off, so that the client sees that it is not whole. */
  readonly abort: () => void
}

/** @param draining aborted when every answer is the last one on its connection */
export function toJobExchange(
  request: IncomingMessage,
  response: ServerResponse,
  draining: AbortSignal,
): JobExchange {
  const send = (status: number, headers: readonly Header[], body: Buffer): void =>
    writeReply(response, { status, headers, body }, draining.aborted)
  return {
    head: readHead(request),
    client: clientOf(response),
    readBody: (limit) => readJobBody(request, response, limit),
    ignoreBody: () => void request.resume(),
    reply: async (json, status = 200, headers = []) => {
      send(status, [['Content-Type', 'application/json'], noStore, ...headers], json)
      return hasLeft(response)
    },
    replyNothing: () => send(204, [noStore], Buffer.alloc(0)),
    start: () => writeHead(response, { status: 200, headers: streamHeaders }, draining.aborted),
    write: async (bytes) => {
      response.socket?.setTimeout(stalledMs)
      await writeChunk(response, bytes)
      response.socket?.setTimeout(0)
    },
    end: () => end(response),
    abort: () => breakOff(response),
  }
}

/** The answer to a request that is refused (jobs.md A-5). `methods`: those that its path takes. */
export async function replyFault(
  exchange: JobExchange,
  fault: Fault,
  methods: readonly string[],
): Promise<void> {
  const { code, message, row } = fault
  const headers: Header[] = [['X-Fnbox-Fault', code], ...(headersOf[code]?.(methods) ?? [])]
  if (row.status === 429 || row.status === 503) headers.push(['Retry-After', retryAfterSeconds])
  await exchange.reply(Buffer.from(JSON.stringify({ error: message })), row.status, headers)
}

async function readJobBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer> {
  try {
    return await readBody(request, limit, () => response.writeContinue())
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== 'request_too_large') throw error
    throw new Fault(
      'job_too_large',
      `the body is larger than the limit of ${limit} bytes; send a link to the data instead`,
    )
  }
}

async function hasLeft(response: ServerResponse): Promise<boolean> {
  if (!response.writableFinished && !response.closed)
    await new Promise<void>((settle) => {
      response.once('finish', () => settle()).once('close', () => settle())
    })
  return response.writableFinished
}

const headersOf: Partial<Record<FaultCode, (methods: readonly string[]) => readonly Header[]>> = {
  method_not_allowed: (methods) => [['Allow', methods.join(', ')]],
  unauthenticated: () => [['WWW-Authenticate', 'Bearer']],
}

const noStore: Header = ['Cache-Control', 'no-store']

const streamHeaders: readonly Header[] = [
  ['Content-Type', 'text/event-stream'],
  noStore,
  ['X-Accel-Buffering', 'no'], // proxies would hold events back
]

const retryAfterSeconds = '1'

// How long a client may take nothing of an event stream.
const stalledMs = 60_000
