// What the handler gave or threw → what the frames say of it. Pure values; a thrown value belongs to the function, and
// everything that is read from it may itself throw.

import { fileURLToPath } from 'node:url'
import { isAnyArrayBuffer, isNativeError } from 'node:util/types'

/** @typedef {import('../../src/wire/frames.ts').ChunkKind} ChunkKind */
/** @typedef {import('../../src/wire/frames.ts').UserError} UserError */
/** @typedef {{ type: string, message: string, stack?: string }} TaskError */

/**
 * A value as JSON (yandex.md M-9).
 * @param {unknown} value
 * @throws the error of the language when the value cannot be written as JSON (yandex.md F-7)
 */
export function toJson(value) {
  const text = stringify(value)
  if (typeof text === 'string') return bytesOf(text)
  throw new TypeError(`Do not know how to serialize a ${typeof value}`)
}

/**
 * A value as JSON text that is pure ASCII, as the engine keeps it (tasks.md N3); `undefined` is null.
 * @param {unknown} value
 * @throws the error of the language when JSON cannot hold it
 */
export function toAsciiJson(value) {
  const text = stringify(value === undefined ? null : value)
  if (typeof text !== 'string') throw new TypeError(`Do not know how to serialize a ${typeof value}`)
  return text.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/**
 * A yielded value as a chunk (yandex.md K-10).
 * @param {unknown} value
 * @returns {{ kind: ChunkKind, body: Buffer }}
 * @throws the error of the language when the value cannot be written as JSON
 */
export function toChunk(value) {
  if (typeof value === 'string') return { kind: 'text', body: bytesOf(value) }
  // A copy: generators read on into the buffer that they have yielded, and it may leave only later.
  if (ArrayBuffer.isView(value))
    return { kind: 'bytes', body: bytesOf(bytesOf(value.buffer, value.byteOffset, value.byteLength)) }
  if (isAnyArrayBuffer(value)) return { kind: 'bytes', body: bytesOf(bytesOf(value)) }
  return { kind: 'json', body: value === undefined ? bytesOf('null') : toJson(value) }
}

/**
 * Describes whatever the function has thrown (yandex.md F-30). Never throws.
 * @param {unknown} thrown
 * @returns {UserError}
 */
export function toUserError(thrown) {
  if (!isError(thrown)) return { errorMessage: clip(textOf(thrown)), errorType: 'Error' }
  const errorMessage = textOf(read(thrown, 'message'))
  const name = read(thrown, 'name')
  const errorType = typeof name === 'string' && name !== '' ? name : 'Error'
  const stackTrace = toStackTrace(read(thrown, 'stack'), errorMessage)
  const error = { errorMessage: clip(errorMessage), errorType: clip(errorType) }
  return stackTrace.length === 0 ? error : { ...error, stackTrace }
}

/**
 * The same for the text of a job's error (jobs.md NODE-6). Never throws.
 * @param {unknown} thrown
 * @returns {{ type: string, message: string, stack: string }} the constructor's name; the stack without rows of the runtime
 */
export function describeThrown(thrown) {
  const isNothing = thrown === undefined || thrown === null
  const made = isNothing ? undefined : read(Object(thrown), 'constructor')
  const name = typeof made === 'function' ? read(made, 'name') : undefined
  const type = typeof name === 'string' && name !== '' ? clip(name) : isNothing ? String(thrown) : 'Object'
  if (!isError(thrown)) return { type, message: clip(textOf(thrown)), stack: '' }
  const stack = read(thrown, 'stack')
  const rows = typeof stack === 'string' ? stack.split('\n').filter((row) => !ofRuntime.test(row)) : []
  return { type, message: clip(textOf(read(thrown, 'message'))), stack: clip(rows.join('\n')) }
}

/**
 * The same for the record of a task (tasks.md E1). Never throws.
 * @param {unknown} thrown
 * @returns {TaskError}
 */
export function toTaskError(thrown) {
  const { type, message, stack } = describeThrown(thrown)
  return { type, message: message.slice(0, longestTaskMessage), ...(stack === '' ? {} : { stack }) }
}

/**
 * A string itself, else its JSON text, else whatever text the value has. Never throws.
 * @param {unknown} value
 */
export function textOf(value) {
  if (typeof value === 'string') return value
  for (const write of [stringify, String]) {
    try {
      const text = write(value)
      if (typeof text === 'string') return text
    } catch {
      // the next way
    }
  }
  return `an unprintable ${typeof value}`
}

/**
 * @param {unknown} value
 * @returns {value is object}
 */
export function isError(value) {
  try {
    return isNativeError(value) || value instanceof Error // the first knows those of other realms
  } catch {
    return false
  }
}

/**
 * @param {object} error
 * @param {string} key
 * @returns {unknown}
 */
function read(error, key) {
  try {
    return Reflect.get(error, key)
  } catch {
    return undefined
  }
}

/**
 * The rows of a stack that are the function's own.
 * @param {unknown} stack
 * @param {string} message
 */
function toStackTrace(stack, message) {
  if (typeof stack !== 'string') return []
  return rowsOf(stack, message)
    .slice(0, mostRows)
    .map(toFrame)
    .filter((frame) => !isForeign(frame.file))
}

/**
 * @param {string} stack
 * @param {string} message
 */
function rowsOf(stack, message) {
  const at = stack.indexOf(message)
  const start = stack.indexOf('\n', at === -1 ? 0 : at + message.length)
  const heading = stack.slice(0, Math.max(at, 0))
  const place = placeOfSyntaxError.exec(heading)
  const rows = start === -1 ? [] : stack.slice(start).split('\n')
  return [...(place === null ? [] : [`at ${place[0]}`]), ...rows]
    .map((row) => clip(row.trim()))
    .filter((row) => row !== '' && row !== ownRow)
}

/**
 * @param {string} row
 * @returns {{ function?: string, file?: string, line: number | string, column?: number }}
 */
function toFrame(row) {
  const [, name = '<anonymous>', file, line, column] = namedRow.exec(row) ?? anonymousRow.exec(row) ?? []
  if (file === undefined) return { line: row }
  return {
    function: name.replace(/^async /, ''),
    file: toPath(file),
    line: Number(line),
    column: Number(column ?? 1),
  }
}

/** @param {string} file */
function toPath(file) {
  try {
    return file.startsWith('file:') ? fileURLToPath(file) : file
  } catch {
    return file
  }
}

/** @param {string | undefined} file */
function isForeign(file) {
  return file !== undefined && (file.startsWith('node:') || file.startsWith(runtimeFolder))
}

/** Neither a message nor a row may fill a frame. @param {string} text */
function clip(text) {
  return text.length > longestText ? `${text.slice(0, longestText)}…` : text
}

const runtimeFolder = fileURLToPath(new URL('..', import.meta.url))
const longestText = 65_536
const longestTaskMessage = 8192
const mostRows = 200

// V8's own frame of a value that cannot be serialised, which this file has asked for.
const ownRow = 'at stringify (<anonymous>)'

const runtimePlace = RegExp.escape(runtimeFolder)
const ofRuntime = new RegExp(`^\\s+at .*(?:\\(|at |file://)(?:node:|${runtimePlace})`)

const namedRow = /^at (.*?) \((.+):(\d+):(\d+)\)$/
const anonymousRow = /^at (?:async )?()?(.+?):(\d+)(?::(\d+))?$/

// Above the message of a syntax error V8 shows where it is: `<file>:<line>`, the line itself, a caret.
const placeOfSyntaxError = /^(?:\/|file:).+:\d+$/m

// The function may replace these later.
const { stringify } = JSON
const bytesOf = Buffer.from.bind(Buffer)
