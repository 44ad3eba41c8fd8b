// Messages that are executed in place: `runMessage` and the two routes (tasks.md §3.3, §3.4). Owns nothing.

import { toTaskError } from '../../outcome.mjs'
import { commands } from './commands.mjs'
import { isUnderFnbox, putRecord } from './engine.mjs'
import { LoadFailure, notAllowed, NotFound, notSerializable } from './errors.mjs'
import { importAndGetTask, loadAllowed } from './loading.mjs'
import { keepLocal } from './records.mjs'
import { callTarget } from './outcome.mjs'
import { ASYNC_CLASSES } from './responses.mjs'
import { toText } from './text.mjs'

/**
 * One message, or service, path, args and kwargs.
 * @param {...any} given
 * @returns {Promise<any>} what the function gives
 * @throws what the function throws, too
 */
export async function runMessage(...given) {
  if (given.length > 1 || typeof given[0] === 'string') return runParts(given)
  const [message] = given
  checkMessage(message)
  return perform(message, await prepare(message))
}

/**
 * @param {any} event the message itself
 * @returns {Promise<any>}
 */
export async function routeLambdaTask(event) {
  checkMessage(event)
  return perform(event, await prepare(event, { allowed: lambdaOnly }))
}

/**
 * @param {any} event a topic's, with the message in its first record
 * @returns {Promise<any>}
 */
export async function routeSnsTask(event) {
  const message = JSON.parse(event['Records'][0]['Sns']['Message'])
  checkMessage(message)
  return perform(message, await prepare(message, { allowed: snsOnly }))
}

/**
 * Finds the function of a message.
 * @param {any} message
 * @param {object} [terms]
 * @param {boolean} [terms.limited] whether anybody may have written it (tasks.md M4)
 * @param {readonly string[]} [terms.allowed] commands that it may then have
 * @throws {AsyncException} `not_allowed`; what the module throws
 */
export async function prepare(message, { limited = isUnderFnbox(), allowed = allCommands } = {}) {
  const { task_path: path, command } = message
  if (!limited) return importAndGetTask(path)
  if (command !== undefined && !allowed.includes(command))
    throw notAllowed(`${String(command)} is not a command of tasks`)
  try {
    return await loadAllowed(path)
  } catch (error) {
    throw error instanceof NotFound || error instanceof LoadFailure ? error.cause : error
  }
}

/**
 * Calls the function of a message, and keeps its record if the message asks for it (tasks.md M3).
 * @param {any} message
 * @param {any} target
 * @returns {Promise<any>}
 */
export async function perform(
  { task_path: path, args, kwargs, capture_response: captures, response_id: id },
  target,
) {
  if (!captures) return callTarget(target, args, kwargs)
  const keep = isUnderFnbox() ? putRecord : keepHere
  await keep(id, { task_path: path, status: 'in progress' })
  const value = await callTarget(target, args, kwargs).catch(async (error) => {
    await keepFailure(keep, id, path, error)
    throw error
  })
  let text
  try {
    text = toText(value)
  } catch (error) {
    await keepFailure(keep, id, path, error)
    throw notSerializable(error, { responseId: id, taskPath: path })
  }
  await keep(id, { task_path: path, status: 'complete', response_text: text })
  return value
}

// Outside of fnbox.
/**
 * @param {string} id
 * @param {import('./records.mjs').OwnRecord} record
 */
async function keepHere(id, record) {
  keepLocal({ ...record, id, capture: 'on', attempts: [{}] })
}

// The error of the function is what the caller has to see, whether or not it can be kept.
/**
 * @param {(id: string, record: import('./records.mjs').OwnRecord) => Promise<void>} keep
 * @param {string} id
 * @param {string} path
 * @param {unknown} error
 */
async function keepFailure(keep, id, path, error) {
  try {
    await keep(id, { task_path: path, status: 'failed', error: toTaskError(error) })
  } catch {
    // it stays in progress, as in real Zappa
  }
}

/** @param {unknown[]} given */
function runParts(given) {
  const [service, path, args, kwargs] = given
  if (given.length !== 4) throw new TypeError('runMessage takes a message, or service, path, args and kwargs')
  if (!Object.hasOwn(ASYNC_CLASSES, String(service)))
    throw new RangeError(`${String(service)} is not a service of tasks`)
  const message = { task_path: path, args, kwargs }
  return prepare(message).then((target) => perform(message, target))
}

/**
 * @param {any} message
 * @throws {TypeError} that names what it lacks (tasks.md M1)
 */
export function checkMessage(message) {
  if (typeof message !== 'object' || message === null) throw new TypeError('a message is an object')
  const names = ['task_path', 'args', 'kwargs', ...(message.capture_response ? ['response_id'] : [])]
  const missing = names.find((name) => !(name in message))
  if (missing !== undefined) throw new TypeError(`a message needs ${missing}`)
}

const lambdaOnly = [commands.lambda]
const snsOnly = [commands.sns]
const allCommands = Object.values(commands)
