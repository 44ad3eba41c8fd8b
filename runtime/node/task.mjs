// Tasks on the wire (../PROTOCOL.md, "Tasks"; tasks.md §12, §9): one attempt from its `invoke` frame to the frame that ends it,
// and the events that carry a task. What a task's behaviour means is decided in sdk/tasks/. Owns whether an attempt is over.

import { outputWritten } from './log.mjs'
import { toTaskError } from './outcome.mjs'

/** @typedef {import('./sdk/tasks/outcome.mjs').Outcome} Outcome */
/** @typedef {import('./loader.mjs').Handler} Handler */

/** A running attempt. The first ending counts; whatever comes later is ignored. */
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

  /** Executes it and sends what comes of it. Never rejects. */
  async run() {
    try {
      const { attempt } = await import('./sdk/tasks/execution.mjs') // functions start faster without it
      const { outcome, reload } = await attempt(parse(this.#body.toString()), this.#frame.responseLimit)
      await this.#end(outcome, reload)
    } catch (error) {
      await this.#fail(error, true) // what the runtime needs cannot be loaded: a new process may have better luck
    }
  }

  /**
   * Ends the attempt with an error of its own late work.
   * @param {unknown} error
   */
  fail(error) {
    return this.#fail(error, false)
  }

  /** A task has nothing that could be told; at its deadline the instance is ended (tasks.md L6). */
  cancel() {}

  /** It sends no chunks. */
  credit() {}

  /** @param {unknown} error @param {boolean} reload */
  #fail(error, reload) {
    return this.#end({ outcome: 'failed', retry: true, error: toTaskError(error) }, reload)
  }

  /**
   * @param {Outcome} outcome
   * @param {boolean} reload whether the module cannot be loaded in this process any more
   */
  async #end(outcome, reload) {
    if (this.over) return
    this.over = true
    await outputWritten()
    try {
      this.#send(outcome, reload)
    } catch (error) {
      const { message } = /** @type {Error} */ (error) // a limit of results above that of frames
      this.#send({ outcome: 'failed', retry: false, error: { type: 'ResultTooLarge', message } }, false)
    }
    this.#onOver()
  }

  /**
   * @param {Outcome} outcome
   * @param {boolean} reload
   */
  #send(outcome, reload) {
    const header = { type: 'returned', id: this.#frame.id, ...(reload ? { refresh: true } : {}) }
    const body = bytesOf(stringify(outcome))
    if (outcome.outcome === 'complete') return this.#channel.send(header, body)
    const { type, message } = outcome.error
    this.#channel.send({ ...header, error: `${type}: ${message}`.slice(0, longestError) }, body)
  }
}

/**
 * Puts events that carry a task before a handler (tasks.md §9).
 * @param {Handler} handler
 * @param {import('../../src/wire/frames.ts').TaskEvents} when
 * @returns {Promise<Handler>}
 */
export async function withTaskEvents(handler, when) {
  const { routeOf } = await import('./sdk/tasks/routing.mjs')
  return (event, context) => {
    const route = when === 'on' || isImported() ? routeOf(event) : undefined
    return route === undefined ? handler(event, context) : follow(route)
  }
}

// What the module of tasks has left where all of its copies meet (sdk/tasks/shared.mjs).
function isImported() {
  return Reflect.get(globalThis, Symbol.for('fnbox.tasks'))?.imported === true
}

/** @param {import('./sdk/tasks/routing.mjs').Route} route */
async function follow(route) {
  const events = await import('./sdk/tasks/events.mjs')
  return events.follow(route)
}

const longestError = 1000

// The function may replace these later.
const { parse, stringify } = JSON
const bytesOf = Buffer.from.bind(Buffer)
