// Which events of an invocation carry a task (tasks.md §9). Small, since instances load it that never see one. Pure values.

import { commands } from './commands.mjs'

/** @typedef {{ message: any, allowed: string } | { refused: string }} Route the message, and the command that it may have */

/**
 * @param {any} event
 * @returns {Route | undefined} undefined: the handler gets it
 */
export function routeOf(event) {
  if (typeof event !== 'object' || event === null || event.httpMethod) return undefined
  if (event.command) return routeOfCommand(event)
  if (event.raw_command) return { refused: 'raw_command is never executed' }
  const message = messageOf(event)
  return message?.command ? routeOfTopic(message) : undefined
}

/** @param {any} event @returns {Route} */
function routeOfCommand(event) {
  const { command } = event
  if (command === commands.lambda) return { message: event, allowed: command }
  const message = command === commands.sns ? messageOf(event) : undefined
  return message === undefined
    ? { refused: `${String(command)} is not a command of tasks` }
    : routeOfTopic(message)
}

/** @param {any} message @returns {Route} */
function routeOfTopic(message) {
  const { command } = message
  return command === undefined || command === commands.sns
    ? { message, allowed: commands.sns }
    : { refused: `${String(command)} is not the command of a topic` }
}

/** The message of the first record. @param {any} event */
function messageOf(event) {
  try {
    const message = parse(event.Records[0].Sns.Message)
    return typeof message === 'object' && message !== null ? message : undefined
  } catch {
    return undefined // not a topic's
  }
}

// The function may replace it later.
const { parse } = JSON
