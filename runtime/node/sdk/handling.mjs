// What a handler's behaviour means for its job (jobs.md §10.3 to §10.5 with §13), independent of the wire.

import { release, type as system } from 'node:os'
import { describeThrown, isError, textOf, toJson as toDefinedJson } from '../outcome.mjs'
import { write } from './log.mjs'

/**
 * @typedef {object} JobOutcome
 * @property {Buffer | undefined} [json] the output; absent: there is none at all
 * @property {string} [error] why the job has failed; absent: it has not
 * @property {boolean} [refresh] whether the instance is to be replaced (jobs.md W-12)
 * @property {boolean} [streamed] whether the handler gave chunks: the output is theirs
 */

/**
 * What a job runs on.
 * @typedef {object} Terms
 * @property {AbortSignal} signal
 * @property {string} instance name of the instance, for error texts (jobs.md W-10)
 * @property {(iterator: { next: () => any }) => Promise<IteratorResult<unknown> | undefined> | IteratorResult<unknown>} next
 * the next step of a stream when it may go on; undefined: it is to stop
 * @property {(json: Buffer) => Promise<void> | void} send takes a chunk
 */

/** JSON cannot hold a value; the message names its type. */
export class NotJson extends Error {}

/**
 * A value as JSON; `undefined` is null (jobs.md NODE-5, NODE-7).
 * @param {unknown} value
 * @throws {NotJson}
 */
export function toJson(value) {
  try {
    return toDefinedJson(value === undefined ? null : value)
  } catch (error) {
    throw new NotJson(describeThrown(error).message)
  }
}

/**
 * Calls the handler. Never rejects.
 * @param {Function} handler
 * @param {Record<string, unknown>} job the handler's own: it may change it
 * @param {Terms} terms
 * @param {boolean} debugs
 * @returns {Promise<JobOutcome>}
 */
export async function runHandler(handler, job, terms, debugs) {
  const { id } = job
  const outcome = await run(handler, job, terms, debugs)
  if (outcome.error !== undefined && !terms.signal.aborted) write('ERROR', outcome.error, id)
  return outcome
}

/**
 * @param {Function} handler
 * @param {Record<string, unknown>} job
 * @param {Terms} terms
 * @param {boolean} debugs
 * @returns {Promise<JobOutcome>}
 */
async function run(handler, job, terms, debugs) {
  const { id } = job
  try {
    const value = await handler(job, { signal: terms.signal })
    const iterator = toIterator(value)
    return iterator === undefined ? toOutcome(value, id, debugs) : await stream(iterator, id, terms)
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
 * @returns {JobOutcome}
 */
function toOutcome(value, id, debugs) {
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
    const { message } = describeThrown(error)
    write('WARN', `beside its error the handler returned what JSON cannot hold: ${message}`, id)
    return {}
  }
}

// jobs.md §10.5
/**
 * @param {any} iterator
 * @param {unknown} id
 * @param {Terms} terms
 * @returns {Promise<JobOutcome>}
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

// The `finally` blocks of a generator run whatever has ended its stream.
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
  const os = `${system()} ${release()}`
  const system_info = {
    os,
    processor: process.arch,
    node_version: process.versions.node,
    runpod: runpodVersion,
  }
  return { system_info, timestamps: [] }
}

// The level of RunPod's API that scripts find here (jobs.md W-5).
const runpodVersion = '1.12.0'

const { stringify } = JSON // the program may replace it later
