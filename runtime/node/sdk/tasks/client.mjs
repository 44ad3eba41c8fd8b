// The client of the runtime API: HTTP/1.1 over the instance's Unix socket (tasks.md §12). Owns the agents, which bound the number
// of connections and keep none.

import { once } from 'node:events'

/** A task that has failed, or cannot be dispatched or read. */
export class TaskError extends Error {
  /**
   * @param {import('../tasks.d.mts').TaskErrorCode | (string & {})} code
   * @param {string} message
   * @param {{ cause?: unknown, taskId?: string, errorType?: string, errorMessage?: string, attempts?: number }} [details]
   */
  constructor(code, message, { cause, ...details } = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    Object.assign(this, details)
  }
}

// Not a member of each error, where it would be printed once more.
Object.defineProperty(TaskError.prototype, 'name', { value: 'TaskError', writable: true, configurable: true })

/** Whether this process runs under fnbox (tasks.md W1); read at every call. */
export function isUnderFnbox() {
  return Boolean(process.env['FNBOX_RUNTIME_API'])
}

/**
 * Sends a request and reads its answer.
 * @param {string} method
 * @param {string} path
 * @param {object} [document] the body
 * @param {object} [terms]
 * @param {number} [terms.waitSeconds] how long the answer may be held back
 * @param {boolean} [terms.isIdempotent] whether to send it once more when the connection breaks (tasks.md H1)
 * @param {readonly string[]} [terms.expected] codes of errors for which the result is undefined
 * @returns {Promise<any>} the document of the answer
 * @throws {TaskError}
 */
export async function ask(method, path, document, terms = {}) {
  const { waitSeconds = 0, isIdempotent = false, expected = [] } = terms
  const body = document === undefined ? undefined : bytesOf(stringify(document))
  const request = { method, path, body, waitSeconds }
  try {
    return read(await exchange(request), expected)
  } catch (error) {
    const isRepeated = isIdempotent && error instanceof BrokenConnection && error.wasConnected
    if (!isRepeated) throw asTaskError(error)
  }
  return read(await exchange(request).catch((error) => Promise.reject(asTaskError(error))), expected)
}

/**
 * @param {{ method: string, path: string, body: Buffer | undefined, waitSeconds: number }} request
 * @returns {Promise<{ status: number, text: string }>}
 * @throws {BrokenConnection}
 */
async function exchange({ method, path, body, waitSeconds }) {
  const http = await import('node:http') // most functions never need it
  const agent = (agents[waitSeconds > 0 ? 'waiting' : 'asking'] ??= new http.Agent({ maxSockets }))
  const headers = body && { 'Content-Type': 'application/json', 'Content-Length': body.length }
  let isConnected = false
  const request = http.request({
    socketPath: socketPath(),
    method,
    path,
    agent,
    timeout: connectMs,
    ...(headers && { headers }),
  })
  request.on('socket', (socket) =>
    socket.once('connect', () => {
      isConnected = true
      request.setTimeout(answerMs + waitSeconds * 1000)
    }),
  )
  request.on('timeout', () =>
    request.destroy(new Error(isConnected ? 'no answer in time' : `no connection within ${connectMs} ms`)),
  )
  request.on('error', () => {}) // `once` below rejects
  request.end(body)
  try {
    const [response] = await once(request, 'response')
    return { status: response.statusCode, text: Buffer.concat(await response.toArray()).toString() }
  } catch (error) {
    throw new BrokenConnection(/** @type {Error} */ (error).message, isConnected)
  }
}

/**
 * @param {{ status: number, text: string }} answer
 * @param {readonly string[]} expected
 */
function read({ status, text }, expected) {
  const document = status === 204 ? {} : parsed(text)
  if (status < 300) return document
  const { code = 'bad_request', message = `status ${status}` } = document?.error ?? {}
  if (status >= 500) throw unreachable(message)
  if (!expected.includes(code)) throw new TaskError(String(code), String(message))
}

/** @param {string} text */
function parsed(text) {
  try {
    return parse(text)
  } catch {
    throw unreachable('its answer is not JSON')
  }
}

function socketPath() {
  const address = process.env['FNBOX_RUNTIME_API'] ?? ''
  if (!address.startsWith('unix:/')) throw unreachable(`FNBOX_RUNTIME_API is ${address}, not unix:/…`)
  return address.slice('unix:'.length)
}

/** @param {unknown} error */
function asTaskError(error) {
  return error instanceof BrokenConnection ? unreachable(error.message) : error
}

/** @param {string} reason */
function unreachable(reason) {
  return new TaskError('engine_unreachable', `The task engine cannot be reached: ${reason}`)
}

/** A connection that gave no answer. */
class BrokenConnection extends Error {
  /**
   * @param {string} message
   * @param {boolean} wasConnected whether the engine may have read the request
   */
  constructor(message, wasConnected) {
    super(message)
    this.wasConnected = wasConnected
  }
}

// Requests that wait must not hold up others; both together stay below the 64 connections of the engine.
/** @type {{ asking?: import('node:http').Agent, waiting?: import('node:http').Agent }} */
const agents = {}
const maxSockets = 24

const connectMs = 5000
const answerMs = 30_000

// The program may replace these later.
const { parse, stringify } = JSON
const bytesOf = Buffer.from.bind(Buffer)
