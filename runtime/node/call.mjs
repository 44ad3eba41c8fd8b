// One invocation: from its `invoke` frame to the frame that ends it. Owns whether it is over, and the window of its stream.

import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { isGeneratorObject } from 'node:util/types'
import { Cancellation, Context, httpPayload } from './context.mjs'
import { toChunk, toJson, toUserError } from './outcome.mjs'

/** A running invocation. The first ending counts; whatever comes later is ignored. */
export class Call {
  /** whether its ending frame was sent, or is about to be */
  over = false
  /** @readonly */ #channel
  /** @readonly */ #frame
  /** @readonly */ #body
  /** @readonly */ #cancellation
  #unacknowledged = 0
  /** @type {(() => void) | undefined} wakes the stream that waits for the window or for a reason to stop */
  #wake
  /** @readonly */ #onOver

  /**
   * @param {import('./channel.mjs').Channel} channel
   * @param {any} frame the `invoke` frame
   * @param {Buffer} body
   * @param {() => void} onOver
   */
  constructor(channel, frame, body, onOver) {
    this.#channel = channel
    this.#frame = frame
    this.#body = body
    this.#cancellation = new Cancellation(frame.deadlineMs)
    this.#onOver = onOver
  }

  /**
   * Calls the handler and sends what it gives. Never rejects.
   * @param {(event: unknown, context: Context) => unknown} handler
   * @param {import('./context.mjs').Identity} identity
   */
  async run(handler, identity) {
    try {
      const event = this.#firstArgument()
      const payload = () => (this.#frame.mode === 'http' ? httpPayload(event) : Buffer.alloc(0))
      const given = handler(event, new Context(identity, this.#frame, this.#cancellation, payload))
      const isPromise = isThenable(given)
      const value = isPromise ? await given : given
      if (isGeneratorObject(value)) await this.#stream(/** @type {Generator | AsyncGenerator} */ (value))
      else if (value === undefined && !isPromise) await this.#end({ type: 'threw', error: noResult })
      else await this.#return(value)
    } catch (error) {
      await this.fail(error)
    }
  }

  /**
   * Ends the invocation with an error of the function.
   * @param {unknown} error
   */
  async fail(error) {
    await this.#end({ type: 'threw', error: toUserError(error) })
  }

  /** @param {string} reason */
  cancel(reason) {
    this.#cancellation.cancel(reason)
    this.#wake?.()
  }

  /** @param {number} bytes */
  credit(bytes) {
    this.#unacknowledged -= bytes
    this.#wake?.()
  }

  // yandex.md M-6 to M-8
  #firstArgument() {
    const text = this.#body.toString()
    if (this.#frame.mode === 'http') return parse(text)
    try {
      return parse(text)
    } catch {
      return { payload: text }
    }
  }

  /** @param {unknown} value */
  async #return(value) {
    if (value === undefined) return this.#end({ type: 'returned', undefined: true })
    const json = toJson(value)
    if (json.length > this.#frame.responseLimit) return this.#end({ type: 'oversized', size: json.length })
    return this.#end({ type: 'returned' }, json)
  }

  /** @param {Generator | AsyncGenerator} generator */
  async #stream(generator) {
    try {
      for (;;) {
        while (this.#unacknowledged >= chunkWindow && !this.#stopped) await this.#unlessWoken()
        if (this.#stopped) break
        const step = await this.#unlessWoken(generator.next())
        if (step === undefined || step.done) break
        this.#sendChunk(await step.value)
        await nextTurn() // lets frames in, even when the generator never waits for anything (PROTOCOL.md, promise 4)
      }
    } finally {
      await generator.return(undefined)
    }
    await this.#end({ type: 'ended' })
  }

  /**
   * Waits for a step of the generator, or for the first reason to look again. A generator that waits cannot be stopped,
   * only told (PROTOCOL.md, promise 6): its step is then left alone.
   * @param {IteratorResult<unknown> | Promise<IteratorResult<unknown>>} [step]
   * @returns {Promise<IteratorResult<unknown> | undefined>}
   */
  #unlessWoken(step) {
    return new Promise((resolve, reject) => {
      this.#wake = () => (step === undefined || this.#stopped) && resolve(undefined)
      if (step !== undefined) Promise.resolve(step).then(resolve, reject)
      if (this.#stopped) resolve(undefined)
    })
  }

  get #stopped() {
    return this.over || this.#cancellation.cancelled
  }

  /** @param {unknown} value */
  #sendChunk(value) {
    if (this.#stopped) return
    const { kind, body } = toChunk(value)
    this.#channel.send({ type: 'chunk', id: this.#frame.id, kind }, body)
    this.#unacknowledged += body.length
  }

  /**
   * @param {{ type: string, [member: string]: unknown }} ending
   * @param {Buffer} [body]
   */
  async #end(ending, body) {
    if (this.over) return
    this.over = true
    this.#wake?.()
    this.#cancellation.end()
    await outputWritten()
    this.#channel.send({ ...ending, id: this.#frame.id }, body)
    this.#onOver()
  }
}

/** @param {any} value */
function isThenable(value) {
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return holds && typeof value.then === 'function'
}

// PROTOCOL.md, promise 3. A pipe whose reader is slow keeps what was written in this process. The function may have put
// anything in place of its streams.
async function outputWritten() {
  try {
    const unwritten = [process.stdout, process.stderr].filter(
      (each) => each.writable && each.writableLength > 0,
    )
    if (unwritten.length > 0) await Promise.all(unwritten.map(written))
  } catch {
    // then there is nothing to wait for
  }
}

// An empty write is done after all others; 'drain' comes only after a write that was refused.
/** @param {NodeJS.WriteStream} stream */
function written(stream) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, outputPatienceMs)
    write.call(stream, '', 'utf8', () => {
      clearTimeout(timer)
      resolve(undefined)
    })
  })
}

// yandex.md F-8
const noResult = {
  errorMessage: 'Non-async entry point should provide a result. Return a value or use async function instead',
  errorType: 'Error',
}

const chunkWindow = 262_144

// The supervisor always reads; only a stream that the function has broken takes longer.
const outputPatienceMs = 1000

// The function may replace these later.
const { parse } = JSON
const { setTimeout, clearTimeout } = globalThis
// oxlint-disable-next-line typescript/unbound-method -- called with a stream
const { write } = Writable.prototype
