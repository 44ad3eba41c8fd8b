// What a function or script imports as `fnbox/tasks` (tasks.md, rule N): functions that another call executes later, on an instance of
// the same container; outside of fnbox at once. Owns the records of tasks that ran outside of fnbox.

import { randomUUID } from 'node:crypto'
import { toAsciiJson, toTaskError } from '../outcome.mjs'
import { ask, isUnderFnbox, TaskError } from './tasks/client.mjs'
import { callerFile, isTaskPath, placeOf } from './tasks/paths.mjs'
import { currentTask, registry } from './tasks/registry.mjs'

/** @typedef {import('./tasks/registry.mjs').Callable} Callable */

/**
 * The members of a record that are read here (tasks.md H2).
 * @typedef {object} Record
 * @property {string} task_path
 * @property {import('./tasks.d.mts').TaskState} state
 * @property {string | null} [response_text]
 * @property {string | null} [progress_text]
 * @property {{ type: string, message: string } | null} [error]
 * @property {readonly { outcome?: string | null }[]} attempts
 */

export { TaskError } from './tasks/client.mjs'

/**
 * Makes a function a task.
 * @param {Callable} fn
 * @param {import('./tasks.d.mts').TaskOptions} [options]
 * @returns {any} the function that dispatches
 * @throws {TypeError | RangeError} when an argument cannot be used
 */
export function task(fn, options = {}) {
  if (typeof fn !== 'function') throw new TypeError('task() needs a function')
  checkOptions(options)
  const place = options.path === undefined ? placeOf(callerFile(), fn.name) : { path: options.path }
  /** @param {...unknown} args */
  const dispatching = (...args) => dispatch(fn, place, args, options)
  const { functions, originals } = registry()
  // A function outside of the code root must not stand in for one of a file inside.
  if (place.problem === undefined && place.isOutside !== true) functions.set(place.path, fn)
  originals.set(dispatching, fn)
  return Object.defineProperty(dispatching, 'name', { value: fn.name, configurable: true })
}

/** The task with this id, which need not exist. @param {string} id */
export function getTask(id) {
  return new TaskHandle(id)
}

/**
 * Shows a value as the progress of the running task (tasks.md U1).
 * @param {unknown} value
 * @returns {Promise<boolean>} false where there is no task that could show it
 * @throws {TaskError} when it cannot be kept
 */
export async function progress(value) {
  const running = currentTask()
  if (running === undefined || !isUnderFnbox()) return false
  const { id, attempt, limit } = running
  const text = toText(value)
  if (text.length > limit)
    throw new TaskError(
      'payload_too_large',
      `the progress value has ${text.length} characters; --task-result-limit allows ${limit}`,
    )
  const terms = { expected: ['not_found', 'conflict'] } // another attempt runs now
  return (await ask('POST', `${toUrl(id)}/progress`, { attempt, value_text: text }, terms)) !== undefined
}

/** A task that was dispatched. */
export class TaskHandle {
  /** @param {string} id */
  constructor(id) {
    this.id = id
  }

  /**
   * What is known of the task.
   * @returns {Promise<{ state: import('./tasks.d.mts').TaskState, progress: unknown } | null>} null: it is unknown, or its record has expired
   */
  async status() {
    const record = await findRecord(this.id)
    return record === undefined ? null : { state: record.state, progress: toValue(record.progress_text) }
  }

  /**
   * Waits for the value of the task, at most `wait` seconds; 0 looks once (tasks.md C2).
   * @param {{ wait?: number }} [options]
   * @returns {Promise<any>}
   * @throws {TaskError} when the task has failed, or is not complete in time
   */
  async result({ wait = Infinity } = {}) {
    const { id } = this
    const deadline = performance.now() + wait * 1000
    for (;;) {
      const left = Math.max(0, deadline - performance.now()) / 1000
      const record = await findRecord(id, Math.min(left, longestPollSeconds))
      if (record === undefined)
        throw new TaskError('not_found', `there is no task ${id}, or its result has expired`, { taskId: id })
      if (record.state === 'complete') return toValue(record.response_text)
      if (record.state === 'failed') throw failureOf(id, record)
      if (performance.now() >= deadline)
        throw new TaskError('wait_timeout', `the task ${id} has not ended within ${wait} s`, { taskId: id })
      await new Promise((resolve) => setTimeout(resolve, pauseMs)) // an engine that stops answers at once
    }
  }
}

/**
 * @param {Callable} fn
 * @param {import('./tasks/paths.mjs').Place} place
 * @param {readonly unknown[]} args
 * @param {import('./tasks.d.mts').TaskOptions} options
 */
async function dispatch(fn, { path, problem, isOutside }, args, { delay = 0, attempts, timeout }) {
  const outside = isOutside && isUnderFnbox() ? 'its file is outside of the code root' : undefined
  const reason = problem ?? outside
  if (reason !== undefined) throw new TaskError('not_importable', `${path} is not importable: ${reason}`)
  const id = randomUUID()
  const call = { task_path: path, capture_response: true, response_id: id, args, kwargs: {} }
  const message = toText({ ...call, command: 'zappa.asynchronous.route_lambda_task' })
  if (message.length > longestMessage)
    throw new TaskError(
      'payload_too_large',
      `the call of ${path} has ${message.length} characters; the limit is ${longestMessage}`,
    )
  if (isUnderFnbox()) {
    const terms = { service: 'lambda', capture: 'on', delay_seconds: delay }
    const limits = { max_attempts: attempts, timeout_seconds: timeout }
    await ask('POST', '/v1/tasks', { id, ...terms, ...limits, message }, { isIdempotent: true })
  } else keepLocal(id, await execute(fn, path, JSON.parse(message).args))
  return new TaskHandle(id)
}

// Outside of fnbox: one attempt, here and now (tasks.md W3).
/**
 * @param {Callable} fn
 * @param {string} path
 * @param {readonly unknown[]} args
 * @returns {Promise<Record>}
 */
async function execute(fn, path, args) {
  const record = { task_path: path, attempts: [{}] }
  try {
    return { ...record, state: 'complete', response_text: toAsciiJson(await fn(...args)) }
  } catch (error) {
    return { ...record, state: 'failed', error: toTaskError(error) }
  }
}

/**
 * @param {string} id
 * @param {Record} record
 */
function keepLocal(id, record) {
  local.set(id, { record, expiresAt: now() + retentionMs })
  const [oldest = ''] = local.keys()
  if (local.size > mostKept) local.delete(oldest)
}

/**
 * @param {string} id
 * @param {number} [waitSeconds] how long it may take until the task is final
 * @returns {Promise<Record | undefined>}
 */
async function findRecord(id, waitSeconds = 0) {
  if (!possibleId.test(id)) return undefined
  if (isUnderFnbox()) {
    const query = waitSeconds > 0 ? `?wait=${Number(waitSeconds.toFixed(3))}` : ''
    return ask('GET', toUrl(id) + query, undefined, { waitSeconds, expected: ['not_found'] })
  }
  const kept = local.get(id)
  return kept !== undefined && kept.expiresAt > now() ? kept.record : undefined
}

/** @param {string} id */
function toUrl(id) {
  return `/v1/tasks/${encodeURIComponent(id)}`
}

/**
 * @param {string} id
 * @param {Record} record
 */
function failureOf(id, { task_path: path, error, attempts }) {
  const { type: errorType = 'Error', message: errorMessage = '' } = error ?? {}
  return new TaskError('task_failed', `${path}: ${errorType}: ${errorMessage}`, {
    taskId: id,
    errorType,
    errorMessage,
    attempts: attempts.filter(({ outcome }) => outcome !== 'interrupted').length,
  })
}

/** @param {unknown} value @throws {TaskError} when JSON cannot hold it */
function toText(value) {
  try {
    return toAsciiJson(value)
  } catch (cause) {
    throw new TaskError('not_serializable', toTaskError(cause).message, { cause })
  }
}

/** @param {string | null | undefined} text @returns {unknown} */
function toValue(text) {
  return text === undefined || text === null ? null : parse(text) // an instance of Node.js has written it
}

/** @param {import('./tasks.d.mts').TaskOptions} options */
function checkOptions({ path, delay = 0, attempts = 1, timeout = 1 }) {
  if (path !== undefined && !isTaskPath(path))
    throw new RangeError(`path is ${JSON.stringify(path)}; it must be dotted names, as lib.mail.send`)
  if (!isWithin(delay, 0, longestSeconds))
    throw new RangeError(
      `delay is ${String(delay)}; it must be a number of seconds from 0 to ${longestSeconds}`,
    )
  if (!isWithin(attempts, 1, mostAttempts) || !Number.isInteger(attempts))
    throw new RangeError(
      `attempts is ${String(attempts)}; it must be a whole number from 1 to ${mostAttempts}`,
    )
  if (!isWithin(timeout, 0.001, longestSeconds))
    throw new RangeError(
      `timeout is ${String(timeout)}; it must be a number of seconds up to ${longestSeconds}`,
    )
}

/**
 * @param {unknown} value
 * @param {number} least
 * @param {number} most
 */
function isWithin(value, least, most) {
  return typeof value === 'number' && value >= least && value <= most
}

/** @type {Map<string, { record: Record, expiresAt: number }>} in the order in which they came */
const local = new Map()
const retentionMs = 600_000
const mostKept = 1000

const possibleId = /^[\w.-]{1,128}$/ // tasks.md H1
const longestMessage = 256_000 // tasks.md S1
const longestSeconds = 604_800
const mostAttempts = 100
const longestPollSeconds = 30
const pauseMs = 100

// The program may replace these later.
const { parse } = JSON
const { setTimeout } = globalThis
const { now } = Date
