// What a handler's behaviour means for its job (jobs.md §10.3 to §10.5 with §13). Knows no wire: chunks go to whoever runs it.

import { release, type as system } from 'node:os'
import { describeThrown, isError, textOf } from '../outcome.mjs'
import { NotJson, toJson } from './json.mjs'
import { write } from './log.mjs'

/**
 * How a job has ended.
 * @typedef {object} End
 * @property {Buffer | undefined} [json] the output; absent: there is none at all
 * @property {string} [error] why the job has failed; absent: it has not
 * @property {boolean} [refresh] whether the instance is to be replaced (jobs.md W-12)
 * @property {boolean} [streamed] whether the handler gave chunks: the output is theirs
 */

/**
 * What a job is run on.
 * @typedef {object} Terms
 * @property {AbortSignal} signal
 * @property {string} instance name of the instance, for error texts (jobs.md W-10)
 * @property {(iterator: { next: () => any }) => Promise<IteratorResult<unknown> | undefined> | IteratorResult<unknown>} next
 * takes the next step of a stream when it may go on; undefined: it is to stop
 * @property {(json: Buffer) => Promise<void> | void} send takes a chunk
 */

/**
 * What the program has settled for all jobs.
 * @typedef {object} Habits
 * @property {Function} handler
 * @property {boolean} refreshes
 * @property {boolean} debugs
 */

/**
 * Calls the handler. Never rejects.
 * @param {Habits} habits
 * @param {Record<string, unknown>} job
 * @param {Terms} terms
 * @returns {Promise<End>}
 */
export async function runHandler(habits, job, terms) {
  const { id } = job
  const end = await run(habits, job, id, terms)
  if (end.error !== undefined && !terms.signal.aborted) write('ERROR', end.error, id)
  return habits.refreshes ? { ...end, refresh: true } : end
}

/**
 * @param {Habits} habits
 * @param {Record<string, unknown>} job the handler's own: it may change it
 * @param {unknown} id
 * @param {Terms} terms
 * @returns {Promise<End>}
 */
async function run({ handler, debugs }, job, id, terms) {
  try {
    const value = await Reflect.apply(handler, undefined, [job, { signal: terms.signal }])
    const iterator = toIterator(value)
    return iterator === undefined ? toEnd(value, id, debugs) : await stream(iterator, id, terms)
  } catch (error) {
    return { error: toErrorText(error, terms.instance) }
  }
}

// jobs.md NODE-3
/** @param {any} value */
function toIterator(value) {
  if (typeof value !== 'object' || value === null) return undefined
  if (typeof value[Symbol.asyncIterator] === 'function') return value[Symbol.asyncIterator]()
  return typeof value.next === 'function' && typeof value[Symbol.iterator] === 'function' ? value : undefined
}

// jobs.md §10.4
/**
 * @param {unknown} value
 * @param {unknown} id
 * @param {boolean} debugs
 * @returns {End}
 */
function toEnd(value, id, debugs) {
  const { error, refreshWorker, ...rest } = isPlain(value) ? value : {}
  const refresh = refreshWorker ? { refresh: true } : {}
  if (error) return { ...refresh, error: toText(error), ...outputBeside(rest, id) }
  try {
    if (isPlain(value))
      return { ...refresh, ...toOutput(debugs ? { ...rest, rp_debugger: measured() } : rest) }
    if (debugs) write('INFO', `rp_debugger: ${stringify(measured())}`, id)
    return { json: toJson(value) }
  } catch (cause) {
    if (!(cause instanceof NotJson)) throw cause
    return { ...refresh, error: `the handler returned a value that JSON cannot hold: ${cause.message}` }
  }
}

/** @param {object} rest @returns {{ json?: Buffer }} */
function toOutput(rest) {
  return Object.keys(rest).length === 0 ? {} : { json: toJson(rest) }
}

/**
 * @param {object} rest
 * @param {unknown} id
 */
function outputBeside(rest, id) {
  try {
    return toOutput(rest)
  } catch (error) {
    write(
      'WARN',
      `beside its error the handler returned what JSON cannot hold: ${describeThrown(error).message}`,
      id,
    )
    return {}
  }
}

// jobs.md §10.5
/**
 * @param {any} iterator
 * @param {unknown} id
 * @param {Terms} terms
 * @returns {Promise<End>}
 */
async function stream(iterator, id, { next, send }) {
  let exhausted = false
  let index = 0
  try {
    for (; ; index += 1) {
      const step = await next(iterator)
      exhausted = step?.done === true
      if (step === undefined || exhausted) return { streamed: true }
      const chunk = await step.value
      const error = isPlain(chunk) && Object.hasOwn(chunk, 'error') ? chunk['error'] : undefined
      if (error) return { streamed: true, error: toText(error) }
      await send(toJson(chunk))
    }
  } catch (error) {
    return { streamed: true, error: toStreamError(error, index) }
  } finally {
    if (!exhausted) await close(iterator, id)
  }
}

/**
 * @param {unknown} error
 * @param {number} index
 */
function toStreamError(error, index) {
  if (error instanceof NotJson)
    return `the handler yielded a value that JSON cannot hold, chunk ${index}: ${error.message}`
  const { message, stack } = describeThrown(error)
  return `handler: ${message} \ntraceback: ${stack}` // jobs.md NODE-6
}

// So that the `finally` blocks of a generator run, whatever has ended its stream. The first reason counts.
/**
 * @param {any} iterator
 * @param {unknown} id
 */
async function close(iterator, id) {
  try {
    await iterator.return?.()
  } catch (error) {
    write('WARN', `the generator failed while it was closed: ${describeThrown(error).message}`, id)
  }
}

/** An object that a literal could have made. @param {unknown} value @returns {value is Record<string, unknown>} */
function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null // that of any realm
}

/** @param {unknown} error */
function toText(error) {
  if (!isError(error)) return textOf(error)
  const { message, type } = describeThrown(error)
  return message || type
}

// jobs.md W-10, NODE-6
/**
 * @param {unknown} error
 * @param {string} instance
 */
function toErrorText(error, instance) {
  const { type: error_type, message: error_message, stack: error_traceback } = describeThrown(error)
  return stringify({
    error_type,
    error_message,
    error_traceback,
    hostname: process.env['RUNPOD_POD_HOSTNAME'] ?? 'unknown',
    worker_id: process.env['RUNPOD_POD_ID'] ?? instance,
    runpod_version: runpodVersion,
  })
}

// Node.js has no modules that measure; the form is that of the Python twin.
function measured() {
  const system_info = {
    os: `${system()} ${release()}`,
    processor: process.arch,
    node_version: process.versions.node,
    runpod: runpodVersion,
  }
  return { system_info, timestamps: [] }
}

// The level that scripts find here (jobs.md W-5).
const runpodVersion = '1.12.0'

// The program may replace it later.
const { stringify } = JSON
