// One invocation, from its `invoke` frame to its outcome frame. Owns whether it is over, and the window of its stream.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { isGeneratorObject } from 'node:util/types'
import { fromParts, toParts, toWhole } from './longBody.mjs'
import { Cancellation, Context } from './context.mjs'
import { outputWritten } from './log.mjs'
import { toChunk, toUserError } from './outcome.mjs'

/** A running invocation. The first outcome counts; later ones are ignored. */
export class Call {
  /** whether its outcome frame was sent, or is about to be */
  over = false
  /** @readonly */ #channel
  /** @readonly */ #frame
  /** @readonly */ #body
  /** @readonly */ #deadlineMs
  /** @readonly */ #cancellation
  /** of a stream @type {Window | undefined} */ #window
  /** @readonly */ #onOver

  /**
   * @param {import('./channel.mjs').Channel} channel
   * @param {any} frame the `invoke` frame
   * @param {Buffer} body
   * @param {(id: string) => void} onOver
   */
  constructor(channel, frame, body, onOver) {
    this.#channel = channel
    this.#frame = frame
    this.#body = body
    this.#deadlineMs = frame.deadlineMs ?? now() + frame.timeoutMs
    this.#cancellation = new Cancellation(this.#deadlineMs)
    this.#onOver = onOver
  }

  /**
   * Calls the handler and sends its outcome. Never throws.
   * @param {(event: unknown, context: Context) => unknown} handler
   * @param {import('./context.mjs').Identity} identity
   */
  run(handler, identity) {
    try {
      const event = this.#firstArgument()
      const context = new Context(identity, this.#frame, this.#deadlineMs, this.#cancellation, event)
      const given = handler(event, context)
      if (isThenable(given)) void this.#await(given)
      else if (isGeneratorObject(given)) void this.#stream(/** @type {Generator | AsyncGenerator} */ (given))
      else if (given === undefined) this.#end({ type: 'threw', id: this.#frame.id, error: noResult })
      else this.#return(given)
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * Ends the invocation with an error of the function.
   * @param {unknown} error
   */
  fail(error) {
    this.#end({ type: 'threw', id: this.#frame.id, error: toUserError(error) })
  }

  /** Tells the handler, then the supervisor that it was told. @param {string} reason */
  cancel(reason) {
    if (this.over) return
    this.#cancellation.cancel(reason)
    this.#channel.send({ type: 'cancelling', id: this.#frame.id })
    this.#window?.wake()
  }

  /** @param {number} bytes */
  credit(bytes) {
    this.#window?.credit(bytes)
  }

  // yandex.md M-6 to M-8
  #firstArgument() {
    if (this.#frame.mode === 'http') return fromParts(this.#body, this.#frame.text)
    const text = this.#body.toString()
    try {
      return parse(text)
    } catch {
      return { payload: text }
    }
  }

  /** @param {any} promised */
  async #await(promised) {
    try {
      const value = await promised
      if (isGeneratorObject(value)) await this.#stream(/** @type {Generator | AsyncGenerator} */ (value))
      else this.#return(value)
    } catch (error) {
      this.fail(error)
    }
  }

  /** @param {unknown} value */
  #return(value) {
    const { id, mode, responseLimit } = this.#frame
    if (value === undefined) return this.#end({ type: 'returned', id, undefined: true })
    const { json, text, size } = mode === 'http' ? toParts(value) : toWhole(value)
    if (size > responseLimit) return this.#end({ type: 'oversized', id, size })
    return text === undefined
      ? this.#end({ type: 'returned', id }, json)
      : this.#end({ type: 'returned', id, text: text.length }, json, text)
  }

  // Never rejects.
  /** @param {Generator | AsyncGenerator} generator */
  async #stream(generator) {
    const window = new Window(() => this.over || this.#cancellation.cancelled)
    this.#window = window
    try {
      try {
        for (;;) {
          const step = await window.next(generator)
          if (step === undefined || step.done) break
          this.#sendChunk(await step.value, window)
          await nextTurn() // lets frames in, even when the generator never waits for anything (PROTOCOL.md, promise 4)
        }
      } finally {
        await generator.return(undefined)
      }
      this.#end({ type: 'ended', id: this.#frame.id })
    } catch (error) {
      this.fail(error)
    }
  }

  /**
   * @param {unknown} value
   * @param {Window} window
   */
  #sendChunk(value, window) {
    if (window.closed) return
    const { kind, body } = toChunk(value)
    this.#channel.send({ type: 'chunk', id: this.#frame.id, kind }, body)
    window.spend(body.length)
  }

  /**
   * @param {{ type: string, id: string, [member: string]: unknown }} header of the outcome frame
   * @param {Buffer} [body]
   * @param {Buffer} [text]
   */
  #end(header, body, text) {
    if (this.over) return
    this.over = true
    this.#window?.wake()
    this.#cancellation.end()
    const written = outputWritten()
    if (written === undefined) this.#send(header, body, text)
    else void written.then(() => this.#send(header, body, text))
  }

  /**
   * @param {{ type: string, id: string }} header
   * @param {Buffer} [body]
   * @param {Buffer} [text]
   */
  #send(header, body, text) {
    this.#channel.send(header, body, text)
    this.#onOver(header.id)
  }
}

/** How far a stream may run ahead of its reader (PROTOCOL.md, promise 4). Owns what is without credit. */
export class Window {
  #spent = 0
  /** @type {(() => void) | undefined} wakes the stream that waits for room or for a reason to stop */
  #wake
  /** @readonly */ #isClosed

  /** @param {() => boolean} isClosed whether no more chunks are wanted; call `wake` when that changes */
  constructor(isClosed) {
    this.#isClosed = isClosed
  }

  get closed() {
    return this.#isClosed()
  }

  /** @param {number} length of a chunk that was sent */
  spend(length) {
    this.#spent += length + chunkOverhead
  }

  /** @param {number} bytes for which chunks counted that have left for the reader */
  credit(bytes) {
    this.#spent -= bytes
    this.wake()
  }

  wake() {
    this.#wake?.()
  }

  /**
   * Takes the next step of a generator when there is room for what it yields. One that waits for something cannot be
   * stopped, only told (PROTOCOL.md, promise 6): its step is then left alone.
   * @param {{ next: () => any }} generator
   * @returns {Promise<IteratorResult<unknown> | undefined>} undefined when it is to stop
   */
  async next(generator) {
    while (this.#spent >= chunkWindow && !this.closed) await this.#unlessWoken()
    return this.closed ? undefined : this.#unlessWoken(generator.next())
  }

  /**
   * Waits for a step, or for the first reason to look again.
   * @param {IteratorResult<unknown> | Promise<IteratorResult<unknown>>} [step]
   * @returns {Promise<IteratorResult<unknown> | undefined>}
   */
  #unlessWoken(step) {
    return new Promise((resolve, reject) => {
      this.#wake = () => (step === undefined || this.closed) && resolve(undefined)
      if (step !== undefined) Promise.resolve(step).then(resolve, reject)
      if (this.closed) resolve(undefined)
    })
  }
}

/** @param {any} value */
function isThenable(value) {
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return holds && typeof value.then === 'function'
}

// yandex.md F-8
const noResult = {
  errorMessage: 'Non-async entry point should provide a result. Return a value or use async function instead',
  errorType: 'Error',
}

const chunkWindow = 262_144
const chunkOverhead = 64

// The function may replace these later.
const { parse } = JSON
const { now } = Date
