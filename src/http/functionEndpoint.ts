// The function's own door: a request becomes an invocation, its outcome the answer. Knows nothing of sockets.

import { asFault, Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import { toEventParts } from '../event/longBody.ts'
import { toFaultReply, toThrownReply, withPlatformHeaders, type Platform } from '../event/faultReply.ts'
import { lastHeader, type HttpReply, type HttpReplyHead, type HttpRequest } from '../event/http.ts'
import { chooseRequestId, chooseTraceId, route } from '../event/route.ts'
import { toReply } from '../event/reply.ts'
import { toChunkBytes, toEmptyStreamReply, toStreamHead } from '../event/streamReply.ts'
import type { Chunk, Invocation, Outcome } from '../invocation.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { CallerMode } from '../wire/frames.ts'
import type { AsyncDoor } from './asyncEndpoint.ts'
import { everyone, notAuthorized, toCredential, type Authorizer } from './auth/auth.ts'

/** What the door says of its function, and how much it lets in. */
export interface DoorSettings extends Omit<Platform, 'requestId'> {
  /** most bytes of a request, counted as yandex.md L-1 says */
  readonly requestLimit: number
}

/** One request and the way back to its caller. */
export interface Exchange {
  readonly head: Omit<HttpRequest, 'body'>
  /**
   * Reads the body, once.
   * @throws Fault request_too_large beyond `limit` bytes, invalid_request when it breaks off
   */
  readonly readBody: (limit: number) => Promise<Buffer>
  /** aborted when the caller has gone */
  readonly signal: AbortSignal
  readonly reply: (reply: HttpReply) => void
  /** Begins a streamed answer. */
  readonly start: (head: HttpReplyHead) => void
  /** Sends a part of it; settles when the caller can take more, or has gone. */
  readonly write: (bytes: Buffer) => Promise<void>
  readonly end: () => void
  /** Breaks the connection off, so that the caller sees that the answer is not whole. */
  readonly abort: () => void
}

/** Answers requests by invoking the function. */
export class Door {
  readonly #invoker: Pick<Invoker, 'invoke'>
  readonly #settings: DoorSettings
  readonly #authorizer: Authorizer
  readonly #events: Events
  readonly #async: AsyncDoor | undefined

  /** @param async takes asynchronous invocations; undefined: they are turned off (yandex.md F-24) */
  constructor(
    invoker: Pick<Invoker, 'invoke'>,
    settings: DoorSettings,
    authorizer: Authorizer,
    events: Events,
    async?: AsyncDoor,
  ) {
    this.#invoker = invoker
    this.#settings = settings
    this.#authorizer = authorizer
    this.#events = events
    this.#async = async
  }

  /** Answers one request, always. Never rejects. */
  async answer(exchange: Exchange): Promise<void> {
    const requestId = chooseRequestId(exchange.head.headers)
    const platform = { ...this.#settings, requestId }
    const refuse = (fault: Fault): void => {
      this.#events.emit('request-refused', { requestId, fault })
      exchange.reply(withPlatformHeaders(toFaultReply(fault), platform))
    }
    const stream = new StreamedAnswer(exchange, platform, refuse)
    try {
      await this.#authorize(exchange)
      const mode = route(exchange.head, this.#settings.functionId)
      if (mode === 'async') return await this.#store(exchange, requestId)
      await this.#checkId(exchange, requestId)
      const payload = await this.#readPayload(exchange, mode, requestId)
      const onChunk = (chunk: Chunk): Promise<void> => stream.send(chunk, mode)
      const outcome = await this.#invoker.invoke({
        requestId,
        mode,
        ...payload,
        signal: exchange.signal,
        onChunk,
      })
      if (stream.finish(outcome)) return
      exchange.reply(withPlatformHeaders(toOutcomeReply(outcome, mode), platform))
    } catch (error) {
      refuse(asFault(error))
    }
  }

  // First of all, so that a stranger learns nothing of what is served (yandex.md F-25).
  async #authorize({ head }: Exchange): Promise<void> {
    if (this.#authorizer === everyone) return
    if (!(await this.#authorizer.accepts(toCredential(head.headers)))) throw notAuthorized()
  }

  // The UUID of a stored invocation is the same in any case of its letters; it is answered as it is stored.
  async #store(exchange: Exchange, given: string): Promise<void> {
    if (this.#async === undefined)
      throw new Fault('async_not_configured', 'Asynchronous invocation is not configured')
    const requestId = given.toLowerCase()
    const reply = await this.#async.accept(requestId, await exchange.readBody(this.#settings.requestLimit))
    exchange.reply(withPlatformHeaders(reply, { ...this.#settings, requestId }))
  }

  // An id that we have made is nobody else's.
  async #checkId({ head }: Exchange, requestId: string): Promise<void> {
    if (lastHeader(head.headers, 'x-request-id') === requestId) await this.#async?.checkId(requestId)
  }

  async #readPayload(exchange: Exchange, mode: CallerMode, requestId: string): Promise<Payload> {
    const { head } = exchange
    const { requestLimit } = this.#settings
    const body = await exchange.readBody(requestLimit)
    if (mode === 'raw') return { payload: body }
    const ids = { requestId, traceId: chooseTraceId(head.headers, requestId) }
    const { json, text, size } = toEventParts({ ...head, body }, ids)
    if (size > requestLimit) throw requestTooLarge(requestLimit)
    return text === undefined ? { payload: json } : { payload: json, text }
  }
}

type Payload = Pick<Invocation, 'payload' | 'text'>

/** The fault of a request beyond the limit (yandex.md F-27). */
export function requestTooLarge(limit: number): Fault {
  return new Fault('request_too_large', `request entity is larger than limits (${limit})`)
}

/**
 * The answer to an invocation that did not stream anything.
 * @throws Fault malformed_response or forbidden_header
 */
function toOutcomeReply(outcome: Outcome, mode: CallerMode): HttpReply {
  switch (outcome.type) {
    case 'returned':
      return toReply(outcome.json, mode, outcome.text)
    case 'streamed':
      return toEmptyStreamReply()
    case 'threw':
      return toThrownReply(outcome.error)
    case 'failed':
      return toFaultReply(outcome.fault)
    default:
      return outcome satisfies never
  }
}

// The answer of a generator: begun by its first value (yandex.md K-11, K-12). Owns whether that has come.
class StreamedAnswer {
  readonly #exchange: Exchange
  readonly #platform: Platform
  readonly #refuse: (fault: Fault) => void
  #state: 'unbegun' | 'open' | 'refused' = 'unbegun'

  constructor(exchange: Exchange, platform: Platform, refuse: (fault: Fault) => void) {
    this.#exchange = exchange
    this.#platform = platform
    this.#refuse = refuse
  }

  async send({ kind, data }: Chunk, mode: CallerMode): Promise<void> {
    switch (this.#state) {
      case 'unbegun': {
        const first = this.#begin({ kind, data }, mode)
        return first === undefined ? undefined : this.#exchange.write(first)
      }
      case 'open':
        return this.#exchange.write(toChunkBytes(kind, data))
      case 'refused':
        return // the caller has been told; what else the generator yields has no place to go
    }
  }

  /** Ends the answer with the outcome; false when there is none to end. */
  finish(outcome: Outcome): boolean {
    if (this.#state === 'unbegun') return false
    if (this.#state === 'open' && outcome.type === 'streamed') this.#exchange.end()
    else if (this.#state === 'open') this.#exchange.abort() // yandex.md F-16
    return true
  }

  #begin({ kind, data }: Chunk, mode: CallerMode): Buffer | undefined {
    try {
      const { head, body } = toStreamHead(kind, data, mode)
      this.#exchange.start(withPlatformHeaders(head, this.#platform))
      this.#state = 'open'
      return body
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#state = 'refused'
      this.#refuse(error)
      return undefined
    }
  }
}
