// What a script has registered with `start` (jobs.md NODE-2), and the runtime that serves it. Owns the number of jobs that the
// script wants to run at a time.

import { describeThrown } from '../outcome.mjs'
import { runHandler } from './handling.mjs'
import { write } from './log.mjs'

/**
 * The runtime of the instance, which is in the same process.
 * @typedef {object} Host
 * @property {(program: Program) => Promise<void>} serve settles when the instance has stopped
 * @property {(jobId: unknown, json: Buffer) => boolean} progress whether such a job runs
 */

/** Where the runtime leaves its host: a symbol and no import, so that an installed copy of this package finds it, too. */
export const hostKey = Symbol.for('fnbox.serverless.host')

/** @returns {Host | undefined} undefined outside of fnbox */
export function findHost() {
  return Reflect.get(globalThis, hostKey)
}

/** A program that takes jobs. */
export class Program {
  /** @readonly */ #config
  /** @readonly */ #debugs
  #slots = 1
  #warned = false

  /**
   * @param {any} config
   * @param {readonly (() => unknown)[]} checks run before the first job, in order
   * @param {boolean} debugs whether `--rp_debugger` was given (jobs.md §11)
   * @throws {TypeError} when there is no handler (jobs.md W-2)
   */
  constructor(config, checks, debugs) {
    if (typeof config?.handler !== 'function')
      throw new TypeError('start() needs { handler } with a function')
    for (const [snake, camel] of Object.entries(camelBySnake))
      if (snake in config) write('WARN', `${snake} has no effect in Node.js; it is spelt ${camel}`)
    this.#config = config
    this.#debugs = debugs
    this.checks = checks
    /** whether the output of a stream is the list of its chunks */
    this.aggregates = Boolean(config.returnAggregateStream)
  }

  /**
   * Runs one job. Never rejects.
   * @param {Record<string, unknown>} document
   * @param {import('./handling.mjs').Terms} terms
   * @returns {Promise<import('./handling.mjs').JobOutcome>}
   */
  async run(document, terms) {
    const given = jobKeys.filter((key) => Object.hasOwn(document, key)).map((key) => [key, document[key]])
    const outcome = await runHandler(this.#config.handler, Object.fromEntries(given), terms, this.#debugs)
    return this.#config.refreshWorker ? { ...outcome, refresh: true } : outcome
  }

  /** How many jobs it wants to run at a time from now on (jobs.md W-13); undefined: it leaves that to the container. */
  slots() {
    const { concurrencyModifier } = this.#config
    if (typeof concurrencyModifier !== 'function') return undefined
    try {
      const wanted = concurrencyModifier(this.#slots)
      if (Number.isSafeInteger(wanted) && wanted >= 1) this.#slots = wanted
      else {
        const shown = typeof wanted === 'number' ? wanted : `a value of type ${typeof wanted}`
        this.#warnOnce(`gave ${shown}, which is no whole number above 0`)
      }
    } catch (error) {
      this.#warnOnce(`threw ${describeThrown(error).message}`)
    }
    return this.#slots
  }

  /** @param {string} what */
  #warnOnce(what) {
    if (!this.#warned) write('WARN', `concurrencyModifier ${what}; concurrency stays ${this.#slots}`)
    this.#warned = true
  }
}

// jobs.md W-7
const jobKeys = ['id', 'input', 'webhook', 'policy', 's3Config']

const camelBySnake = {
  return_aggregate_stream: 'returnAggregateStream',
  refresh_worker: 'refreshWorker',
  concurrency_modifier: 'concurrencyModifier',
}
