// One attempt of a task that the engine has delivered (tasks.md §12, H3; ../../../PROTOCOL.md, "Tasks"). Owns nothing.

import { commands } from './commands.mjs'
import { AsyncException, LoadFailure, notAllowed, NotFound } from './errors.mjs'
import { loadAllowed } from './loading.mjs'
import { callTarget, failed, toOutcome } from './outcome.mjs'
import { shared } from './shared.mjs'

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/**
 * Never rejects.
 * @param {any} delivery the body of the invocation
 * @param {number} limit most characters of a result
 * @returns {Promise<{ outcome: Outcome, reload: boolean }>} `reload`: a module was not loaded, and never will be in this process
 */
export async function attempt(delivery, limit) {
  const { id, attempt: number, capture } = delivery
  let call
  try {
    call = await toCall(delivery)
  } catch (error) {
    return { outcome: toRefusal(error), reload: error instanceof LoadFailure }
  }
  const { path, target, args, kwargs } = call
  const running = { id, attempt: number, capture, limit }
  const { running: all, current } = shared()
  all.add(running)
  try {
    const value = await current.run(running, callTarget, target, args, kwargs)
    return { outcome: toOutcome(value, { path, capture, limit }), reload: false }
  } catch (error) {
    return { outcome: failed(error), reload: false }
  } finally {
    all.delete(running)
  }
}

/** @param {any} delivery */
async function toCall({ message, service }) {
  const { task_path: path, args, kwargs, command } = toMessage(message)
  if (command !== Reflect.get(commands, service))
    throw notAllowed(`${String(command)} is not the command of ${service}`)
  return { path, target: await loadAllowed(path), args, kwargs }
}

// Whoever dispatches need not be this package.
/** @param {string} text */
function toMessage(text) {
  try {
    const message = JSON.parse(text)
    if (Array.isArray(message.args) && typeof message.kwargs === 'object' && message.kwargs !== null)
      return message
  } catch {
    // said below
  }
  throw notAllowed('the message is not that of a task')
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
