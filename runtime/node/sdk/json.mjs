// Values of a program as JSON (jobs.md NODE-7).

import { describeThrown, toJson as toDefinedJson } from '../outcome.mjs'

/** JSON cannot hold a value; the message names its type. */
export class NotJson extends Error {}

/**
 * A value as JSON; `undefined` is what None is in Python (jobs.md NODE-5).
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
