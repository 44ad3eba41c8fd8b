// Which events of an invocation carry a task, and what is done instead of the handler (tasks.md §9). Owns nothing.

import { AsyncException, notAllowed } from './errors.mjs'
import { messageOf, perform, prepare } from './messages.mjs'
import { commands } from './responses.mjs'

/** @typedef {{ message: () => any, allowed: readonly string[] } | { refused: string }} Route */

/**
 * @param {any} event
 * @returns {Route | undefined} undefined: the handler gets it
 */
export function routeOf(event) {
  if (typeof event !== 'object' || event === null || event.httpMethod) return undefined
  if (event.command) return routeOfCommand(event)
  if (event.raw_command) return { refused: 'raw_command is never executed' }
  const command = commandOfRecord(event)
  if (!command) return undefined
  if (command !== commands.sns) return { refused: `${String(command)} is not a command of a topic` }
  return topicRoute(event)
}

/**
 * Executes the task; its value is that of the invocation.
 * @param {Route} route
 * @throws what the task throws, and an error of name TaskNotAllowed (tasks.md X5)
 */
export async function follow(route) {
  if ('refused' in route) throw toTaskNotAllowed(notAllowed(route.refused))
  const message = route.message()
  const target = await prepare(message, { limited: true, allowed: route.allowed }).catch((error) => {
    const isRefused = error instanceof AsyncException && error.code === 'not_allowed'
    throw isRefused ? toTaskNotAllowed(error) : error
  })
  return perform(message, target)
}

/** @param {any} event @returns {Route} */
function routeOfCommand(event) {
  if (event.command === commands.lambda) return { message: () => event, allowed: [commands.lambda] }
  if (event.command === commands.sns && Array.isArray(event.Records)) return topicRoute(event)
  return { refused: `${String(event.command)} is not a command of tasks` }
}

/** @param {any} event @returns {Route} */
function topicRoute(event) {
  return { message: () => messageOf(event), allowed: [commands.sns] }
}

/** @param {any} event @returns {unknown} */
function commandOfRecord({ Records: records }) {
  try {
    return JSON.parse(records[0].Sns.Message).command
  } catch {
    return undefined // not a topic's
  }
}

/** @param {AsyncException} error */
function toTaskNotAllowed({ message }) {
  return Object.assign(new Error(message), { name: 'TaskNotAllowed' })
}
