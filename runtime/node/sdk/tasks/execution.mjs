// One attempt of a task that the engine has delivered (tasks.md §12, H3; ../../../PROTOCOL.md, "Tasks"). Owns nothing.

import { AsyncException, LoadFailure, notAllowed, NotFound } from './errors.mjs'
import { loadAllowed } from './loading.mjs'
import { callTarget, failed, toOutcome } from './outcome.mjs'
import { commands } from './responses.mjs'
import { shared } from './shared.mjs'

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/**
 * Never rejects.
 * @param {any} delivery the body of the invocation
 * @param {number} limit most characters of a result
 * @returns {Promise<{ outcome: Outcome, reload: boolean }>} `reload`: a module was not loaded, and never will be in this process
 */
export async function attempt(delivery, limit) {
  const { id, attempt: number, capture, service } = delivery
  const message = JSON.parse(delivery.message)
  let target
  try {
    target = await findTarget(message, service)
  } catch (error) {
    return { outcome: toRefusal(error), reload: error instanceof LoadFailure }
  }
  const running = { id, attempt: number, capture }
  const { running: all, current } = shared()
  all.add(running)
  try {
    const value = await current.run(running, callTarget, target, message.args, message.kwargs)
    return { outcome: toOutcome(value, capture, limit), reload: false }
  } catch (error) {
    return { outcome: failed(error), reload: false }
  } finally {
    all.delete(running)
  }
}

/**
 * @param {any} message
 * @param {'lambda' | 'sns'} service
 */
async function findTarget({ task_path: path, command }, service) {
  if (command !== commands[service]) throw notAllowed(`${String(command)} is not the command of ${service}`)
  return loadAllowed(path)
}

// L5: a module's own error may be gone the next time.
/** @param {unknown} error @returns {Outcome} */
function toRefusal(error) {
  if (error instanceof LoadFailure) return failed(error.cause)
  const type =
    error instanceof NotFound
      ? 'TaskNotFound'
      : error instanceof AsyncException
        ? 'TaskNotAllowed'
        : undefined
  if (type === undefined) return failed(error)
  const { message } = /** @type {Error} */ (error) // both kinds are
  return { outcome: 'failed', retry: false, error: { type, message } }
}
