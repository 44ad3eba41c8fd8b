// Values as JSON text that is pure ASCII, as the engine keeps it (tasks.md N3). Pure values.

import { notSerializable } from './errors.mjs'

/**
 * `undefined` is null, as None is in Python; NaN and Infinity are null, as JSON.stringify has it.
 * @param {unknown} value
 * @throws the error of the language when JSON cannot hold it
 */
export function toText(value) {
  const text = stringify(value === undefined ? null : value)
  if (typeof text !== 'string') throw new TypeError(`Do not know how to serialize a ${typeof value}`)
  return text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * The same for what a program gives us.
 * @param {unknown} value
 * @param {import('../tasks.d.mts').AsyncExceptionAttributes} [attributes] of the error
 * @throws {AsyncSerializationError}
 */
export function toGivenText(value, attributes) {
  try {
    return toText(value)
  } catch (error) {
    throw notSerializable(error, attributes)
  }
}

// The program may replace it later.
const { stringify } = JSON
