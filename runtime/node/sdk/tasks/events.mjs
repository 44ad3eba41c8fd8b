// What is done for an event that carries a task, instead of the handler (tasks.md §9). Owns nothing.

import { AsyncException, notAllowed } from './errors.mjs'
import { checkMessage, perform, prepare } from './messages.mjs'

/**
 * Executes the task; its value is that of the invocation.
 * @param {import('./routing.mjs').Route} route
 * @throws what the task throws, and an error of name TaskNotAllowed (tasks.md X5)
 */
export async function follow(route) {
  if ('refused' in route) throw toTaskNotAllowed(notAllowed(route.refused))
  const { message, allowed } = route
  checkMessage(message)
  const target = await prepare(message, { limited: true, allowed: [allowed] }).catch((error) => {
    const isRefused = error instanceof AsyncException && error.code === 'not_allowed'
    throw isRefused ? toTaskNotAllowed(error) : error
  })
  return perform(message, target)
}

/** @param {AsyncException} error */
function toTaskNotAllowed({ message }) {
  return Object.assign(new Error(message), { name: 'TaskNotAllowed' })
}
