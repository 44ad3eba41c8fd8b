// The function's endpoint: a request becomes a call, and its outcome the reply.

import { asFault, Fault } from '../errors.ts'
import type { Events } from '../events.ts'
import { toEventParts } from '../event/httpEvent.ts'
import { toFaultReply, toThrownReply } from '../event/faultReply.ts'
import { lastHeader, type HttpReply } from '../event/http.ts'
import { chooseRequestId, chooseTraceId, route } from '../event/route.ts'
import { toReply, withPlatformHeaders, type Platform } from '../event/reply.ts'
import { toChunkBytes, toEmptyStreamReply, toStreamHead } from '../event/streamReply.ts'
import { Call, type Caller, type Outcome } from '../invocation.ts'
import type { Invoker } from '../invoker/invoker.ts'
import type { CallerMode, ChunkKind } from '../wire/frames.ts'
import type { AsyncEndpoint } from './asyncEndpoint.ts'
import { everyone, notAuthorized, toCredential, type Authorizer } from './auth/auth.ts'
import type { Exchange, ExchangeListener } from './exchange.ts'
import { requestTooLarge } from './readRequest.ts'

/** What the endpoint says of its function, and the limit of requests. */
export interface EndpointSettings extends Omit<Platform, 'requestId'> {
  /** most bytes of a request, counted as yandex.md L-1 says */
  readonly requestLimit: number
}

/** Answers requests by calling the function. */
export class FunctionEndpoint {
  readonly #invoker: Pick<Invoker, 'start'>
  readonly #settings: EndpointSettings
  readonly #authorizer: Authorizer
  readonly #events: Events
  readonly #async: AsyncEndpoint | undefined

  /** @param async takes asynchronous calls; undefined: they are turned off (yandex.md F-24) */
  constructor(
    invoker: Pick<Invoker, 'start'>,
    settings: EndpointSettings,
    authorizer: Authorizer,
    events: Events,
    async?: AsyncEndpoint,
  ) {
    this.#invoker = invoker
    this.#settings = settings
    this.#authorizer = authorizer
    this.#events = events
    this.#async = async
  }

  /** Answers one request, always. When nothing has to be waited for, the call has been started on return. */
  answer(exchange: Exchange): void {
    const requestId = chooseRequestId(exchange.head.headers)
    const caller = new HttpCaller(exchange, { ...this.#settings, requestId }, this.#events)
    try {
      if (this.#authorizer === everyone) this.#accept(caller)
      else void this.#authorize(caller)
    } catch (error) {
      caller.fail(asFault(error))
    }
  }

  // First of all, so that a stranger learns nothing of what is served (yandex.md F-25).
  async #authorize(caller: HttpCaller): Promise<void> {
    try {
      if (!(await this.#authorizer.accepts(toCredential(caller.exchange.head.headers)))) throw notAuthorized()
      this.#accept(caller)
    } catch (error) {
      caller.fail(asFault(error))
    }
  }

  #accept(caller: HttpCaller): void {
    const { exchange, requestId } = caller
    const { functionId, requestLimit } = this.#settings
    const mode = route(exchange.head, functionId)
    if (mode === 'async') return void this.#store(caller)
    caller.mode = mode
    const isOwnId =
      this.#async !== undefined && lastHeader(exchange.head.headers, 'x-request-id') === requestId
    const body = isOwnId ? undefined : exchange.readBody(requestLimit)
    if (Buffer.isBuffer(body)) this.#call(caller, body)
    else void this.#callLater(caller, body)
  }

  // An id that the client has chosen may be that of a stored call; one that was made here is not.
  async #callLater(caller: HttpCaller, body: Promise<Buffer> | undefined): Promise<void> {
    const { exchange, requestId } = caller
    try {
      if (body === undefined) await this.#async?.checkId(requestId)
      this.#call(caller, await (body ?? exchange.readBody(this.#settings.requestLimit)))
    } catch (error) {
      caller.fail(asFault(error))
    }
  }

  #call(caller: HttpCaller, body: Buffer): void {
    const { exchange, requestId: id, mode } = caller
    const { requestLimit } = this.#settings
    if (mode === 'raw') return this.#start(caller, new Call({ id, mode, payload: body }, caller))
    const ids = { requestId: id, traceId: chooseTraceId(exchange.head.headers, id) }
    const { json, text, size } = toEventParts({ ...exchange.head, body }, ids)
    if (size > requestLimit) throw requestTooLarge(requestLimit)
    this.#start(caller, new Call({ id, mode, payload: json, text }, caller))
  }

  #start(caller: HttpCaller, call: Call): void {
    caller.call = call
    if (caller.exchange.isGone) call.cancel()
    this.#invoker.start(call)
  }

  // The UUID of a stored call is the same in any case of its letters; it is answered as it is stored.
  async #store(caller: HttpCaller): Promise<void> {
    const { exchange } = caller
    const requestId = caller.requestId.toLowerCase()
    try {
      if (this.#async === undefined)
        throw new Fault('async_not_configured', 'Asynchronous invocation is not configured')
      const body = await exchange.readBody(this.#settings.requestLimit)
      const reply = await this.#async.accept(requestId, body)
      exchange.reply(withPlatformHeaders(reply, { ...this.#settings, requestId }))
    } catch (error) {
      caller.fail(asFault(error))
    }
  }
}

// The caller of one HTTP exchange. Owns whether its answer has begun (yandex.md K-11, K-12).
class HttpCaller implements Caller, ExchangeListener {
  readonly exchange: Exchange
  mode: CallerMode = 'http'
  call: Call | undefined
  readonly #platform: Platform
  readonly #events: Events
  #answer: 'none' | 'streamed' | 'failed' = 'none'

  constructor(exchange: Exchange, platform: Platform, events: Events) {
    this.exchange = exchange
    this.#platform = platform
    this.#events = events
    exchange.listener = this
  }

  get requestId(): string {
    return this.#platform.requestId
  }

  /** Answers with a fault of the request. */
  fail(fault: Fault): void {
    this.#events.emit('request-refused', { requestId: this.requestId, fault })
    this.exchange.reply(withPlatformHeaders(toFaultReply(fault), this.#platform))
  }

  onGone(): void {
    this.call?.cancel()
  }

  onDrain(): void {
    this.call?.resume()
  }

  onChunk(_call: Call, kind: ChunkKind, data: Buffer): boolean {
    switch (this.#answer) {
      case 'none':
        return this.#startStream(kind, data)
      case 'streamed':
        return this.exchange.write(toChunkBytes(kind, data))
      case 'failed':
        return true // the client has been told; what else the generator yields has no place to go
    }
  }

  onOutcome(_call: Call, outcome: Outcome): void {
    switch (this.#answer) {
      case 'none':
        return this.#reply(outcome)
      case 'streamed':
        return outcome.type === 'streamed' ? this.exchange.end() : this.exchange.abort() // yandex.md F-16
      case 'failed':
        return
    }
  }

  #reply(outcome: Outcome): void {
    try {
      this.exchange.reply(withPlatformHeaders(toOutcomeReply(outcome, this.mode), this.#platform))
    } catch (error) {
      this.fail(asFault(error))
    }
  }

  #startStream(kind: ChunkKind, data: Buffer): boolean {
    try {
      const { head, body } = toStreamHead(kind, data, this.mode)
      this.exchange.start(withPlatformHeaders(head, this.#platform))
      this.#answer = 'streamed'
      return body === undefined || this.exchange.write(body)
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      this.#answer = 'failed'
      this.fail(error)
      return true
    }
  }
}

/**
 * The answer to a call that did not stream anything.
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
