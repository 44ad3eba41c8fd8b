// What a script has registered with `start` (jobs.md NODE-2).

import { Concurrency } from './concurrency.mjs'
import { runHandler } from './handling.mjs'
import { write } from './log.mjs'

/**
 * A program that takes jobs.
 * @typedef {object} Program
 * @property {(document: Record<string, unknown>, terms: import('./handling.mjs').Terms) => Promise<import('./handling.mjs').End>} run
 * runs one job; never rejects
 * @property {boolean} aggregates whether the output of a stream is the list of its chunks
 * @property {() => number | undefined} slots how many jobs it wants to run at a time; undefined: it leaves that to the container
 * @property {readonly (() => unknown)[]} checks what has to hold before the first job, in order
 */

/**
 * Reads the parts of the config that have a meaning.
 * @param {any} config
 * @param {readonly (() => unknown)[]} checks
 * @param {boolean} debugs whether `--rp_debugger` was given (jobs.md §11)
 * @returns {Program}
 * @throws {TypeError} when there is no handler (jobs.md W-2)
 */
export function toProgram(config, checks, debugs) {
  const handler = config?.handler
  if (typeof handler !== 'function') throw new TypeError('start() needs { handler } with a function')
  warnOfSnakes(config)
  const habits = { handler, refreshes: Boolean(config.refreshWorker), debugs }
  const concurrency = new Concurrency(config.concurrencyModifier)
  return {
    run: (document, terms) => runHandler(habits, toJob(document), terms),
    aggregates: Boolean(config.returnAggregateStream),
    slots: () => concurrency.ask(),
    checks,
  }
}

/** @param {object} config */
function warnOfSnakes(config) {
  for (const [snake, camel] of Object.entries(snakes))
    if (snake in config) write('WARN', `${snake} has no effect in Node.js; it is spelt ${camel}`)
}

// jobs.md W-7
/** @param {Record<string, unknown>} document */
function toJob(document) {
  return Object.fromEntries(
    keys.filter((key) => Object.hasOwn(document, key)).map((key) => [key, document[key]]),
  )
}

const keys = ['id', 'input', 'webhook', 'policy', 's3Config']

const snakes = {
  return_aggregate_stream: 'returnAggregateStream',
  refresh_worker: 'refreshWorker',
  concurrency_modifier: 'concurrencyModifier',
}
