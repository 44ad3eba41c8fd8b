// One HTTP exchange of the jobs API, the task route or the runtime API: what they share of reading requests and writing
// JSON replies and event streams. Owns the response.

import { isUtf8 } from 'node:buffer'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { RequestHandler } from 'express'
import type { z } from 'zod'
import { Fault } from '../errors.ts'
import type { Header, HttpReply } from '../event/http.ts'
import { parseJson } from '../json/json.ts'
import { clientOf, cutOff, end, writeChunk, writeHead, writeReply } from './exchange.ts'
import { readBody, readHead, type RequestHead } from './readRequest.ts'

/** What differs between APIs. */
export interface ApiTerms {
  /** aborted when each reply closes its connection; undefined: never */
  readonly draining?: AbortSignal | undefined
  /** Makes the reply to a request that fails, in the API's form. */
  readonly toErrorReply: (error: unknown) => HttpReply
}

/**
 * Makes an Express handler.
 * @param handle replies, or throws; `id` is that of the path, or ""
 */
export function apiHandler(
  { draining, toErrorReply }: ApiTerms,
  handle: (exchange: ApiExchange, id: string) => Promise<unknown>,
): RequestHandler {
  return (request, response) => {
    const exchange = new ApiExchange(request, response, draining)
    handle(exchange, String(request.params['id'] ?? '')).catch((error: unknown) =>
      exchange.send(toErrorReply(error)),
    )
  }
}

/** One request and its reply. */
export class ApiExchange {
  readonly head: RequestHead
  /** aborted when the client disconnects before its reply was written */
  readonly client: AbortSignal
  readonly #request: IncomingMessage
  readonly #response: ServerResponse
  readonly #draining: AbortSignal | undefined

  constructor(request: IncomingMessage, response: ServerResponse, draining: AbortSignal | undefined) {
    this.head = readHead(request)
    this.client = clientOf(response)
    this.#request = request
    this.#response = response
    this.#draining = draining
  }

  /** @throws MethodNotAllowed */
  checkMethod(allowed: readonly string[]): void {
    if (!allowed.includes(this.head.method)) throw new MethodNotAllowed(this.head.method, allowed)
  }

  /** Reads the body, once. @throws Fault request_too_large beyond `limit` bytes, invalid_request when it breaks off */
  async readBody(limit: number): Promise<Buffer> {
    return readBody(this.#request, this.head, limit, () => this.#response.writeContinue())
  }

  /** Reads the body and drops it, so that the connection can be used again. */
  discardBody(): void {
    this.#request.resume()
  }

  /** Sends a whole reply. @returns whether all of it was written to a connection that was still open */
  async send(reply: HttpReply): Promise<boolean> {
    const response = this.#response
    writeReply(response, reply, this.#isLast)
    if (!response.writableFinished && !response.closed)
      await new Promise<void>((settle) => {
        response.once('finish', () => settle()).once('close', () => settle())
      })
    return response.writableFinished
  }

  /** Sends JSON, as `send` does. */
  sendJson(json: Buffer | object, status = 200, headers: readonly Header[] = []): Promise<boolean> {
    return this.send(toJsonReply(json, status, headers))
  }

  /** Sends status 204. */
  sendNoContent(): Promise<boolean> {
    return this.send({ status: 204, headers: [noStore], body: Buffer.alloc(0) })
  }

  /** Starts an event stream. */
  startEvents(): void {
    writeHead(this.#response, { status: 200, headers: eventStreamHeaders }, this.#isLast)
  }

  /**
   * Sends a part of an event stream; settles when the client can take more, or has disconnected. A client that reads nothing
   * for a minute is disconnected.
   */
  async writeEvents(bytes: Buffer): Promise<void> {
    this.#response.socket?.setTimeout(stalledMs)
    await writeChunk(this.#response, bytes)
    this.#response.socket?.setTimeout(0)
  }

  endEvents(): void {
    end(this.#response)
  }

  /** Cuts an event stream, so that the client sees that it is incomplete. */
  cutEvents(): void {
    cutOff(this.#response)
  }

  get #isLast(): boolean {
    return this.#draining?.aborted === true
  }
}

/** A request with a method that its path does not support. */
class MethodNotAllowed extends Fault {
  readonly allowed: readonly string[]

  constructor(method: string, allowed: readonly string[]) {
    super('method_not_allowed', `${method} is not possible here; use ${allowed.join(' or ')}`)
    this.allowed = allowed
  }
}

/** The header `Allow` of a method that is not allowed; no header for any other error. */
export function allowHeader(error: unknown): readonly Header[] {
  return error instanceof MethodNotAllowed ? [['Allow', error.allowed.join(', ')]] : []
}

/** A reply with JSON, which no cache stores. */
export function toJsonReply(json: Buffer | object, status: number, headers: readonly Header[]): HttpReply {
  const body = Buffer.isBuffer(json) ? json : Buffer.from(JSON.stringify(json))
  return { status, headers: [['Content-Type', 'application/json'], noStore, ...headers], body }
}

/** Parses a JSON body. @throws what `toError` makes of the first problem, which names the field */
export function parseJsonBody<Schema extends z.ZodType>(
  body: Buffer,
  schema: Schema,
  toError: (problem: string) => Error,
): z.output<Schema> {
  if (!isUtf8(body)) throw toError('the body is not UTF-8; send JSON in UTF-8')
  const value = parseJson(body.toString())
  if (value === undefined) throw toError('the body is not JSON; send a JSON object')
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [{ path, message } = { path: [], message: 'the body is not valid' }] = parsed.error.issues
  throw toError(path.length === 0 ? message : `${path.join('.')} ${message}`)
}

export const noStore: Header = ['Cache-Control', 'no-store']

const eventStreamHeaders: readonly Header[] = [
  ['Content-Type', 'text/event-stream'],
  noStore,
  ['X-Accel-Buffering', 'no'], // proxies would delay events
]

const stalledMs = 60_000
