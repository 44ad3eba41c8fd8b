// One attempt of a task that the engine has delivered (tasks.md §12, H3; ../../../PROTOCOL.md, "Tasks").

import { toAsciiJson, toTaskError } from '../../outcome.mjs'
import { LoadFailure, loadFunction, TaskRejected } from './loading.mjs'
import { registry } from './registry.mjs'

/**
 * @typedef {{ outcome: 'complete', response_text: string, response_omitted: null }
 *   | { outcome: 'failed', retry: boolean, error: import('../../outcome.mjs').TaskError }} TaskOutcome
 */

/**
 * Executes an attempt. Never rejects.
 * @param {any} delivery the body of the invocation
 * @param {number} limit most characters of a result
 * @returns {Promise<{ outcome: TaskOutcome, reload?: boolean }>} `reload`: only a new process can load the module
 */
export async function executeAttempt({ id, attempt, service, message }, limit) {
  let call
  try {
    const { task_path: path, args } = readMessage(message, service)
    call = { fn: await loadFunction(path), args }
  } catch (error) {
    const isModule = error instanceof LoadFailure // its error may be gone the next time (tasks.md L5)
    return {
      outcome: failed(isModule ? error.cause : error, !(error instanceof TaskRejected)),
      reload: isModule,
    }
  }
  const task = { id, attempt, limit }
  const { running, current } = registry()
  running.add(task)
  try {
    const value = await current.run(task, async () => call.fn(...call.args))
    return { outcome: toOutcome(value, limit) }
  } catch (error) {
    return { outcome: failed(error, true) }
  } finally {
    running.delete(task)
  }
}

// A function may have posted the message itself.
/**
 * @param {string} text
 * @param {string} service
 */
function readMessage(text, service) {
  const { task_path, args, kwargs, command } = JSON.parse(text) // the engine accepts nothing but objects
  if (command !== `zappa.asynchronous.route_${service}_task`)
    throw new TaskRejected('TaskNotAllowed', `${String(command)} is not the command of service ${service}`)
  if (!Array.isArray(args) || Object.keys(kwargs).length > 0)
    throw new TaskRejected('TaskNotAllowed', 'tasks of Node.js have args, which is a list, and no kwargs')
  return { task_path, args }
}

/**
 * @param {unknown} value
 * @param {number} limit
 * @returns {TaskOutcome}
 */
function toOutcome(value, limit) {
  try {
    const text = toAsciiJson(value)
    if (text.length <= limit) return { outcome: 'complete', response_text: text, response_omitted: null }
    const message = `the result has ${text.length} characters; --task-result-limit allows ${limit}`
    return { outcome: 'failed', retry: false, error: { type: 'ResultTooLarge', message } }
  } catch (error) {
    return failed(error, false)
  }
}

/**
 * @param {unknown} thrown
 * @param {boolean} retry
 * @returns {TaskOutcome}
 */
function failed(thrown, retry) {
  const error = toTaskError(thrown)
  if (!(thrown instanceof TaskRejected)) return { outcome: 'failed', retry, error }
  return { outcome: 'failed', retry, error: { type: thrown.name, message: error.message } }
}
