// The second argument of a handler (yandex.md §9). Owns the cancellation of one invocation and the timer of its deadline.

/** @typedef {import('../../src/wire/frames.ts').FunctionIdentity} Identity */
/** @typedef {Extract<import('../../src/wire/frames.ts').FrameToInstance, { type: 'invoke' }>} InvokeFrame */

/** The second argument of a handler: its enumerable members are the data of yandex.md C-1 (C-3). */
// oxlint-disable-next-line typescript/no-extraneous-class -- its methods are made for each context, see below
export class Context {
  /**
   * @param {Identity} identity
   * @param {InvokeFrame} frame
   * @param {number} deadlineMs epoch milliseconds
   * @param {Cancellation} cancellation
   * @param {unknown} event
   */
  constructor(identity, frame, deadlineMs, cancellation, event) {
    const { id, version, folderId, logGroup, memoryMb } = identity
    const { id: requestId, mode, token } = frame
    this.requestId = requestId
    this.awsRequestId = requestId
    this.functionName = id
    this.invokedFunctionArn = id
    this.functionVersion = version
    if (folderId !== undefined) this.functionFolderId = folderId
    this.memoryLimitInMB = String(memoryMb)
    this.deadlineMs = deadlineMs
    this.logGroupName = logGroup
    if (token !== undefined) this.token = token
    // Bound to nothing, so that the function may take them out of the context. One by one takes half the time of all at once.
    define(this, 'getRemainingTimeInMillis', { value: () => Math.max(0, deadlineMs - now()) })
    define(this, 'getPayload', { value: payloadReader(mode, event) })
    define(this, 'signal', { get: () => cancellation.signal })
  }
}

// A closure of its own: V8 keeps that of the accessor `signal` with the shape of the object, and the event would stay with it until the
// next full collection.
/**
 * @param {InvokeFrame['mode']} mode
 * @param {unknown} event
 */
function payloadReader(mode, event) {
  return () => (mode === 'http' ? httpPayload(event) : Buffer.alloc(0))
}

/** Aborts `context.signal`; costs nothing until the function asks for that signal (yandex.md C-5). */
export class Cancellation {
  /** @readonly */ #deadlineMs
  /** @type {AbortController | undefined} */
  #controller
  /** @type {DOMException | undefined} */
  #reason
  /** @type {NodeJS.Timeout | undefined} */
  #timer
  #over = false

  /** @param {number} [deadlineMs] epoch milliseconds; without it only the supervisor cancels */
  constructor(deadlineMs) {
    this.#deadlineMs = deadlineMs
  }

  get signal() {
    this.#controller ??= this.#start(new AbortController())
    return this.#controller.signal
  }

  /** Whether the caller no longer waits for the answer. */
  get cancelled() {
    return this.#reason !== undefined
  }

  /** The first reason counts. @param {string} reason one of PROTOCOL.md */
  cancel(reason) {
    if (this.#over) return
    this.#reason ??= new DOMException(...(reasons[reason] ?? cancelled))
    this.#controller?.abort(this.#reason)
  }

  /** The invocation is over: the signal aborts no more. */
  end() {
    this.#over = true
    clearTimer(this.#timer)
  }

  /** @param {AbortController} controller */
  #start(controller) {
    if (this.#reason !== undefined) controller.abort(this.#reason)
    else if (!this.#over && this.#deadlineMs !== undefined) {
      const delay = Math.min(Math.max(0, this.#deadlineMs - now()), longestTimer)
      this.#timer = setTimer(() => this.cancel('deadline'), delay).unref()
    }
    return controller
  }
}

/**
 * The body of an HTTP event by its content type (yandex.md C-4).
 * @param {any} event the function may have changed it
 */
function httpPayload(event) {
  const body = Buffer.from(String(event.body ?? ''), event.isBase64Encoded ? 'base64' : 'utf8')
  const [type = ''] = String(event.headers?.['Content-Type'] ?? '').split(';')
  switch (type.trim().toLowerCase()) {
    case 'application/json':
      return body.length === 0 ? {} : parse(body.toString())
    case 'application/x-www-form-urlencoded':
      return toFields(new URLSearchParams(body.toString()))
    default:
      return body
  }
}

/** @param {URLSearchParams} form */
function toFields(form) {
  const names = [...new Set(form.keys())]
  return Object.fromEntries(
    names.map((name) => {
      const values = form.getAll(name)
      return [name, values.length === 1 ? values[0] : values]
    }),
  )
}

/** @type {[message: string, name: string]} */
const cancelled = ['The invocation was cancelled', 'AbortError']

/** @type {Readonly<Record<string, [message: string, name: string]>>} */
const reasons = {
  cancelled,
  deadline: ['The deadline of the invocation has passed', 'TimeoutError'],
  disconnected: ['The client has disconnected', 'AbortError'],
}

// The function may replace these later.
const { parse } = JSON
const { now } = Date
const { defineProperty: define } = Object
const setTimer = setTimeout
const clearTimer = clearTimeout

const longestTimer = 2 ** 31 - 1
