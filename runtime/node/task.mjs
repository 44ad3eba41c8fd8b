// One attempt of a task on the wire, from its `invoke` frame to the frame that ends it (../PROTOCOL.md, "Tasks"). Owns whether it
// is over.

import { outputWritten } from './log.mjs'
import { toTaskError } from './outcome.mjs'

/** @typedef {import('./sdk/tasks/execution.mjs').TaskOutcome} TaskOutcome */

/** A running attempt. The first outcome counts; later ones are ignored. */
export class Task {
  /** whether its ending frame was sent, or is about to be */
  over = false
  /** @readonly */ #channel
  /** @readonly */ #frame
  /** @readonly */ #body
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
    this.#onOver = onOver
  }

  /** Executes the attempt and sends its outcome. Never rejects. */
  async run() {
    try {
      const { executeAttempt } = await import('./sdk/tasks/execution.mjs') // functions start faster without it
      const delivery = parse(this.#body.toString())
      const { outcome, reload } = await executeAttempt(delivery, this.#frame.responseLimit)
      await this.#end(outcome, reload)
    } catch (error) {
      await this.#fail(error, true) // the runtime's own files cannot be loaded: a new process may have better luck
    }
  }

  /**
   * Ends the attempt with an error of its own late work.
   * @param {unknown} error
   */
  fail(error) {
    return this.#fail(error, false)
  }

  /** A task cannot be told; at its deadline the instance is ended (tasks.md L6). */
  cancel() {}

  credit() {} // a task sends no chunks

  /** @param {unknown} error @param {boolean} reload */
  #fail(error, reload) {
    return this.#end({ outcome: 'failed', retry: true, error: toTaskError(error) }, reload)
  }

  /**
   * @param {TaskOutcome} outcome
   * @param {boolean} [reload] whether only a new process can load the module
   */
  async #end(outcome, reload) {
    if (this.over) return
    this.over = true
    await outputWritten()
    try {
      this.#send(outcome, reload)
    } catch (error) {
      const { message } = /** @type {Error} */ (error) // a limit of results above that of frames
      this.#send({ outcome: 'failed', retry: false, error: { type: 'ResultTooLarge', message } })
    }
    this.#onOver()
  }

  /**
   * @param {TaskOutcome} outcome
   * @param {boolean} [reload]
   */
  #send(outcome, reload) {
    const header = { type: 'returned', id: this.#frame.id, ...(reload && { refresh: true }) }
    const body = bytesOf(stringify(outcome))
    if (outcome.outcome === 'complete') return this.#channel.send(header, body)
    const { type, message } = outcome.error
    this.#channel.send({ ...header, error: `${type}: ${message}`.slice(0, longestError) }, body)
  }
}

const longestError = 1000

// The function may replace these later.
const { parse, stringify } = JSON
const bytesOf = Buffer.from.bind(Buffer)
