// One job of a script on the wire, from its `invoke` frame to the frame that ends it (../PROTOCOL.md; jobs.md §10). What a handler's
// behaviour means is decided in sdk/handling.mjs. Owns whether the job is over, its cancellation and its window.

import { setImmediate as nextTurn } from 'node:timers/promises'
import { Window } from './call.mjs'
import { Cancellation } from './context.mjs'
import { outputWritten } from './log.mjs'

/** @typedef {import('./sdk/handling.mjs').JobOutcome} JobOutcome */

/** A running job. */
export class Job {
  /** as the program knows it, which need not be the id of its frames @type {unknown} */
  id
  /** whether its ending frame was sent, or is about to be */
  over = false
  /** settles when it is over @type {Promise<void>} */
  ended = Promise.resolve()
  /** @readonly */ #channel
  /** @readonly */ #frame
  /** @readonly */ #cancellation = new Cancellation() // the supervisor keeps the limit of an attempt
  /** @readonly */ #window = new Window(() => this.#cancellation.cancelled)

  /**
   * @param {import('./channel.mjs').Channel} channel
   * @param {any} frame the `invoke` frame
   */
  constructor(channel, frame) {
    this.#channel = channel
    this.#frame = frame
  }

  /**
   * Runs the job in the program and sends its outcome.
   * @param {import('./sdk/program.mjs').Program} program
   * @param {Buffer} body the document of the job
   * @param {string} instance
   */
  run(program, body, instance) {
    this.ended = this.#run(program, body, instance)
  }

  /** Tells the handler, then the supervisor that it was told. @param {string} reason */
  cancel(reason) {
    if (this.over) return
    this.#cancellation.cancel(reason)
    this.#send({ type: 'cancelling' })
    this.#window.wake()
  }

  /** @param {number} bytes */
  credit(bytes) {
    this.#window.credit(bytes)
  }

  /** Sends the newest progress value. @param {Buffer} json */
  progress(json) {
    this.#send({ type: 'progress' }, json)
  }

  /**
   * @param {import('./sdk/program.mjs').Program} program
   * @param {Buffer} body
   * @param {string} instance
   */
  async #run(program, body, instance) {
    const document = parse(body.toString())
    this.id = document.id
    const outcome = await program.run(document, {
      signal: this.#cancellation.signal,
      instance,
      next: (iterator) => this.#window.next(iterator),
      send: (json) => this.#sendChunk(json),
    })
    this.over = true
    await outputWritten()
    try {
      this.#sendOutcome(outcome, program.aggregates)
    } catch (error) {
      const { message } = /** @type {Error} */ (error) // a limit of results above that of frames
      this.#sendOutcome({ ...outcome, json: undefined, error: message }, false)
    }
  }

  /** @param {Buffer} json */
  async #sendChunk(json) {
    if (this.#window.closed) return
    this.#send({ type: 'chunk', kind: 'json' }, json)
    this.#window.spend(json.length)
    await nextTurn() // lets frames and other jobs in, even when the generator never waits for anything
  }

  /**
   * @param {JobOutcome} outcome
   * @param {boolean} aggregates
   */
  #sendOutcome({ json, error, refresh, streamed }, aggregates) {
    const end = { ...(error !== undefined && { error: clip(error) }), ...(refresh && { refresh }) }
    const aggregate = aggregates && error === undefined
    if (streamed) this.#send({ type: 'ended', ...end, ...(aggregate && { aggregate }) })
    else if (json === undefined) this.#send({ type: 'returned', undefined: true, ...end })
    else if (json.length > this.#frame.responseLimit) this.#send({ type: 'oversized', size: json.length })
    else this.#send({ type: 'returned', ...end }, json)
  }

  /**
   * @param {{ type: string, [member: string]: unknown }} header
   * @param {Buffer} [body]
   */
  #send(header, body) {
    this.#channel.send({ ...header, id: this.#frame.id }, body)
  }
}

/** Shortens a text to what a frame can hold. @param {string} text */
function clip(text) {
  return text.length > longestError ? `${text.slice(0, longestError)}…` : text
}

const longestError = 1_000_000

// The program may replace it later.
const { parse } = JSON
