// The message of a task (tasks.md §5), which is kept as it is: only its shape is looked at, and whose task it is. Owns nothing.

/** What is needed of a message. */
export interface MessageHead {
  /** dotted text */
  readonly path: string
}

/** A message that is none; the text says why, to follow "message". */
export class MessageProblem extends Error {
  override readonly name = 'MessageProblem'
}

/**
 * Reads a message, which may have NaN, Infinity and numbers beyond double precision in it.
 * @throws MessageProblem
 */
export function readMessage(json: string): MessageHead {
  // A text with half of a surrogate pair would not come back from the store as it was.
  if (!json.isWellFormed()) throw new MessageProblem('must be text that UTF-8 can hold')
  const message = parse(json)
  if (!isObject(message)) throw new MessageProblem('must be the JSON text of an object')
  const { task_path: path, args, kwargs } = message
  if (typeof path !== 'string') throw new MessageProblem('must have a task_path that is a string')
  if (!Array.isArray(args)) throw new MessageProblem('must have args that are a list')
  if (!isObject(kwargs)) throw new MessageProblem('must have kwargs that are an object')
  return { path: path.toWellFormed() }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return parseLeniently(json)
  }
}

function parseLeniently(json: string): unknown {
  try {
    return JSON.parse(withoutConstants(json))
  } catch {
    throw new MessageProblem('must be JSON text') // the parser's own words quote the arguments
  }
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const constants = /-?Infinity|NaN/g
