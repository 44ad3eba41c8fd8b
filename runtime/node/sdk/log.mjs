// Lines of `fnbox/serverless` on the standard output, in the form of jobs.md W-18. Owns the level below which there are none.

import { textOf } from '../outcome.mjs'

/** @typedef {'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'} Level */

/**
 * Writes one line.
 * @param {Level} weight
 * @param {string} message
 * @param {unknown} [id] of the job that it is about
 */
export function write(weight, message, id) {
  if (level === 'NOTSET' || levels.indexOf(weight) < levels.indexOf(level)) return
  const text = shorten(message)
  const of = id === undefined ? undefined : textOf(id)
  const line = process.env['RUNPOD_ENDPOINT_ID']
    ? JSON.stringify({ requestId: of ?? null, message: text, level: weight })
    : `${weight.padEnd(7)}| ${of === undefined ? '' : `${of} | `}${text}`
  process.stdout.write(`${line}\n`)
}

/**
 * @param {string} wanted name or number of a level
 * @returns {boolean} false when there is no such level
 */
export function setLevel(wanted) {
  const found = levels[Number(wanted)] ?? levels.find((each) => each === wanted.toUpperCase())
  if (found !== undefined) level = found
  return found !== undefined
}

/** @param {string} text */
function shorten(text) {
  const excess = text.length - longestText
  const half = longestText / 2
  return excess <= 0
    ? text
    : `${text.slice(0, half)}\n...TRUNCATED ${excess} CHARACTERS...\n${text.slice(-half)}`
}

const levels = ['NOTSET', 'TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR'] // in rising order of weight
const longestText = 4096

let level = 'DEBUG'
setLevel(process.env['RUNPOD_LOG_LEVEL'] || process.env['RUNPOD_DEBUG_LEVEL'] || level)
