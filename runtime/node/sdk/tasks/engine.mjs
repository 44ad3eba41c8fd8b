// The client of the engine: HTTP/1.1 over the instance's own Unix socket (tasks.md §12). Owns the agents, which bound the
// number of connections and keep none.

import { AsyncException } from './errors.mjs'

/** Whether this process runs under fnbox (tasks.md W1); asked at every call. */
export function isUnderFnbox() {
  return Boolean(process.env['FNBOX_RUNTIME_API'])
}

/**
 * Hands a task over. Sent once more when the connection broke: the id makes it one task (tasks.md H1).
 * @param {{ id: string, service: string, capture: string, delay_seconds: number, message: string }} task
 */
export async function dispatch(task) {
  await ask('POST', '/v1/tasks', task, { sentAgain: true })
}

/**
 * @param {string} id
 * @param {number} waitSeconds 0 to 30: how long it may take until the task is final
 * @returns {Promise<import('./records.mjs').Record | undefined>} undefined when it is not known
 */
export async function findTask(id, waitSeconds) {
  const query = waitSeconds > 0 ? `?wait=${Number(waitSeconds.toFixed(3))}` : ''
  try {
    return await ask('GET', `/v1/tasks/${encodeURIComponent(id)}${query}`, undefined, { waitSeconds })
  } catch (error) {
    if (error instanceof AsyncException && error.code === 'not_found') return undefined
    throw error
  }
}

/**
 * @param {import('./shared.mjs').RunningTask} task
 * @param {string} text
 * @returns {Promise<boolean>} false when that attempt does not run any more
 */
export async function sendProgress({ id, attempt }, text) {
  try {
    await ask('POST', `/v1/tasks/${encodeURIComponent(id)}/progress`, { attempt, value_text: text })
    return true
  } catch (error) {
    if (error instanceof AsyncException && (error.code === 'not_found' || error.code === 'conflict'))
      return false
    throw error
  }
}

/**
 * Writes the record of a task that is executed here and now (tasks.md M3).
 * @param {string} id
 * @param {import('./records.mjs').OwnRecord} record
 */
export async function putRecord(id, record) {
  await ask('PUT', `/v1/tasks/${encodeURIComponent(id)}`, record)
}

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} document
 * @param {{ sentAgain?: boolean, waitSeconds?: number }} [terms]
 * @returns {Promise<any>} the answer's document
 * @throws {AsyncException}
 */
async function ask(method, path, document, { sentAgain = false, waitSeconds = 0 } = {}) {
  const body = document === undefined ? undefined : Buffer.from(stringify(document))
  const request = { method, path, body, waitSeconds }
  try {
    return toDocument(await exchange(request))
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    if (!sentAgain || !error.connected) throw unreachable(error.message)
  }
  try {
    return toDocument(await exchange(request))
  } catch (error) {
    throw error instanceof Broken ? unreachable(error.message) : error
  }
}

/**
 * @param {{ method: string, path: string, body: Buffer | undefined, waitSeconds: number }} request
 * @returns {Promise<{ status: number, text: string }>}
 * @throws {Broken}
 */
async function exchange({ method, path, body, waitSeconds }) {
  const http = await import('node:http') // not before it is needed
  const agent = (agents[waitSeconds > 0 ? 'waiting' : 'asking'] ??= new http.Agent({ maxSockets }))
  const headers =
    body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': body.length }
  const socketPath = addressOf(process.env['FNBOX_RUNTIME_API'] ?? '')
  return new Promise((resolve, reject) => {
    let connected = false
    /** @type {NodeJS.Timeout | undefined} */
    let timer
    const request = http.request({ socketPath, method, path, headers, agent })
    /** @param {string} reason */
    const fail = (reason) => {
      clearTimeout(timer)
      request.destroy()
      reject(new Broken(reason, connected))
    }
    request.on('socket', (socket) => {
      timer = setTimeout(fail, connectMs, `no connection within ${connectMs / 1000} s`)
      socket.once('connect', () => {
        connected = true
        clearTimeout(timer)
        timer = setTimeout(fail, answerMs + waitSeconds * 1000, 'no answer in time')
      })
    })
    request.on('error', ({ message }) => fail(message))
    request.on('response', (response) => {
      response.toArray().then(
        (parts) => {
          clearTimeout(timer)
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() })
        },
        ({ message }) => fail(message),
      )
    })
    request.end(body)
  })
}

/** @param {{ status: number, text: string }} answer */
function toDocument({ status, text }) {
  const document = status === 204 ? undefined : parsed(text)
  if (status < 300) return document
  const { code, message } = document?.error ?? {}
  if (status >= 500) throw unreachable(message ?? `status ${status}`)
  throw new AsyncException(String(message ?? `the engine has answered ${status}`), {
    code: typeof code === 'string' ? code : (codes[status] ?? 'bad_request'),
  })
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    throw unreachable('its answer is not JSON')
  }
}

/** @param {string} address */
function addressOf(address) {
  if (!address.startsWith('unix:/')) throw unreachable(`FNBOX_RUNTIME_API is ${address}, not unix:/…`)
  return address.slice('unix:'.length)
}

/** @param {string} reason */
function unreachable(reason) {
  return new AsyncException(`The task engine cannot be reached: ${reason}`, { code: 'engine_unreachable' })
}

/** A connection that gave no answer. */
class Broken extends Error {
  /**
   * @param {string} message
   * @param {boolean} connected whether the engine may have heard us
   */
  constructor(message, connected) {
    super(message)
    this.connected = connected
  }
}

// Those who wait must not keep others from asking; both together stay below the 64 connections of the engine.
/** @type {{ asking?: import('node:http').Agent, waiting?: import('node:http').Agent }} */
const agents = {}
const maxSockets = 24

const connectMs = 5000
const answerMs = 30_000

/** @type {Readonly<Record<number, string>>} */
const codes = { 404: 'not_found', 409: 'conflict', 413: 'payload_too_large', 429: 'queue_full' }

// The program may replace these later.
const { stringify } = JSON
const { setTimeout, clearTimeout } = globalThis
