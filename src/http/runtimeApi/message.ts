// The message of a task (tasks.md §5), which is kept as it is: only its shape is looked at, and which function it names. Owns nothing.

import { isJsonObject, parseJson } from '../../json/json.ts'
import { Refusal } from './errors.ts'

/**
 * The task path in a message, which may have NaN, Infinity and numbers beyond double precision in it.
 * @throws Refusal bad_request that says what is wrong with the message
 */
export function readTaskPath(json: string): string {
  if (!json.isWellFormed()) throw bad('must be text that UTF-8 can hold') // or it would not be kept as it is
  const message = parseJson(json) ?? parseJson(withoutConstants(json))
  if (message === undefined) throw bad('must be JSON text')
  if (!isJsonObject(message)) throw bad('must be the JSON text of an object')
  const { task_path: path, args, kwargs } = message
  if (typeof path !== 'string') throw bad('must have a task_path that is a string')
  if (!Array.isArray(args)) throw bad('must have args that are a list')
  if (!isJsonObject(kwargs)) throw bad('must have kwargs that are an object')
  return path.toWellFormed()
}

// What Python writes for numbers that JSON does not have becomes null. In one pass, string by string.
function withoutConstants(json: string): string {
  const parts: string[] = []
  for (let at = 0; at < json.length;) {
    const quote = json.indexOf('"', at)
    const from = quote === -1 ? json.length : quote
    const to = endOfString(json, from)
    parts.push(json.slice(at, from).replaceAll(constants, 'null'), json.slice(from, to))
    at = to
  }
  return parts.join('')
}

function endOfString(json: string, from: number): number {
  let at = from + 1
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}

function bad(problem: string): Refusal {
  return new Refusal('bad_request', `message ${problem}`)
}

const constants = /-?Infinity|NaN/g
