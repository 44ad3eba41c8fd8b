// How a task's function is called, and what its end means (tasks.md A4, E1, L5). Owns nothing.

import { report } from '../../log.mjs'
import { toTaskError } from '../../outcome.mjs'
import { toText } from './text.mjs'

/** @typedef {import('./shared.mjs').Capture} Capture */
/** @typedef {import('../../outcome.mjs').TaskError} TaskError */
/** @typedef {{ path: string, capture: Capture, limit: number }} Terms `limit`: most characters of a result's text */

/**
 * @typedef {{ outcome: 'complete', response_text: string | null, response_omitted: string | null }
 *   | { outcome: 'failed', retry: boolean, error: TaskError }} Outcome tasks.md H3
 */

/**
 * Calls what a task path names, in place (tasks.md N1).
 * @param {any} target with `sync`, that is what is called
 * @param {readonly unknown[]} args
 * @param {Record<string, unknown>} kwargs
 */
export async function callTarget(target, args, kwargs) {
  const fn = typeof target.sync === 'function' ? target.sync : target
  return Object.keys(kwargs).length === 0 ? fn(...args) : fn(...args, kwargs)
}

/**
 * @param {unknown} value
 * @param {Terms} terms
 * @returns {Outcome}
 */
export function toOutcome(value, terms) {
  const { capture, limit } = terms
  if (capture === 'off') return complete(null)
  try {
    const text = toText(value)
    if (text.length <= limit) return complete(text)
    const message = `the result has ${text.length} characters, which is more than --task-result-limit allows (${limit})`
    return unkept(terms, { type: 'ResultTooLarge', message })
  } catch (error) {
    return unkept(terms, toTaskError(error))
  }
}

/**
 * @param {unknown} thrown
 * @returns {Outcome}
 */
export function failed(thrown, retry = true) {
  return { outcome: 'failed', retry, error: toTaskError(thrown) }
}

/** @param {string | null} text @param {string | null} [omitted] @returns {Outcome} */
function complete(text, omitted = null) {
  return { outcome: 'complete', response_text: text, response_omitted: omitted }
}

// Programs that never asked for a result keep working (tasks.md A4).
/** @param {Terms} terms @param {TaskError} error @returns {Outcome} */
function unkept({ path, capture }, error) {
  if (capture === 'on') return { outcome: 'failed', retry: false, error }
  const reason = `${error.type}: ${error.message}`
  report(`fnbox: the result of ${path} is not kept: ${reason}`)
  return complete(null, reason)
}
