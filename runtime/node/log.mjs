// What this runtime adds to the function's log: records of its own. The function's console needs nothing from it. Owns
// nothing.

import { writeSync } from 'node:fs'

/**
 * Writes one record of the runtime itself, whatever the function has made of process.stderr (yandex.md G-8).
 * @param {string} text
 */
export function report(text) {
  try {
    write(2, `${text.replaceAll(/\r?\n/g, '\r')}\n`)
  } catch {
    // nobody listens
  }
}

// The function may replace it later.
const write = writeSync
