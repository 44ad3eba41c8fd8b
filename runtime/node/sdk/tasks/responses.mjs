// What a dispatch gives back, and how a message is handed over (tasks.md §4, §5). Owns how a response was asked for.

import { randomUUID } from 'node:crypto'
import { commands } from './commands.mjs'
import { dispatch, isUnderFnbox } from './engine.mjs'
import { AsyncException, NotFound } from './errors.mjs'
import { execute } from './local.mjs'
import { checkPath, findAllowedFile } from './paths.mjs'
import { failureOf, findRecord, valueOf } from './records.mjs'
import { toGivenText } from './text.mjs'

/** Most characters of a message (tasks.md S1). */
export const LAMBDA_ASYNC_PAYLOAD_LIMIT = 256_000

/** The same for the other service. */
export const SNS_ASYNC_PAYLOAD_LIMIT = 256_000

/** @typedef {import('./shared.mjs').Capture} Capture */
/** @typedef {import('./shared.mjs').Callable} Callable */

/** What is known of a response besides its public members. @typedef {{ capture?: Capture, target?: Callable, sent?: boolean }} Origin */

/** A task that was handed over. */
export class LambdaAsyncResponse {
  /** @param {import('../tasks.d.mts').ResponseOptions} [options] */
  constructor({ lambdaFunctionName = null, awsRegion = null, captureResponse, delaySeconds } = {}) {
    checkDelay(delaySeconds)
    this.responseId = randomUUID()
    const capture = toCapture(captureResponse)
    this.captureResponse = capture !== 'off'
    this.lambdaFunctionName = lambdaFunctionName
    this.awsRegion = awsRegion
    /** opaque; there is nothing to do with it @type {object} */
    this.client = {}
    /** @type {true | string | undefined} */
    this.sent = undefined
    /** @type {{ StatusCode: number } | { MessageId: string } | undefined} */
    this.response = undefined
    Object.defineProperty(this, 'delaySeconds', { value: delaySeconds ?? 0, enumerable: false })
    noteOrigin(this, { capture })
  }

  /**
   * Hands over a call of the function at that path; outside of fnbox it is executed here and now (tasks.md C1).
   * @param {string} taskPath
   * @param {readonly unknown[]} args
   * @param {Record<string, unknown>} kwargs
   * @returns {Promise<this>}
   */
  async send(taskPath, args, kwargs) {
    if (isUnderFnbox()) checkImportable(taskPath)
    // oxlint-disable-next-line no-underscore-dangle -- the name that subclasses know (tasks.md C1)
    await this._send({
      task_path: taskPath,
      capture_response: this.captureResponse,
      response_id: this.captureResponse ? this.responseId : null,
      args,
      kwargs,
    })
    noteOrigin(this, { sent: true })
    return this
  }

  /** @param {import('../tasks.d.mts').TaskMessage} message without its command */
  async _send(message) {
    await handOver(
      this,
      'lambda',
      message,
      LAMBDA_ASYNC_PAYLOAD_LIMIT,
      'Payload too large for async Lambda call',
    )
    this.response = { StatusCode: 202 }
    this.sent = true
  }

  /**
   * Waits until the task is final (tasks.md C2).
   * @param {{ timeout?: number | null }} [options] seconds; 0 looks once
   * @returns {Promise<any>} its value; null where none is kept
   * @throws {AsyncException}
   */
  async wait({ timeout } = {}) {
    const { responseId } = this
    if (originOf(this).sent !== true)
      throw new AsyncException('The task was not sent', { code: 'not_sent', responseId })
    const until = typeof timeout === 'number' ? performance.now() + timeout * 1000 : Infinity
    for (;;) {
      const left = Math.max(0, until - performance.now()) / 1000
      const record = await findRecord(responseId, Math.min(left, longestSliceSeconds))
      if (record === undefined)
        throw new AsyncException('The task is not known any more', { code: 'not_found', responseId })
      if (record.status === 'failed') throw failureOf(record)
      if (record.status === 'complete') return valueOf(record)
      if (performance.now() >= until)
        throw new AsyncException(`The task has not ended within ${timeout} s`, {
          code: 'wait_timeout',
          responseId,
        })
      await pause() // an engine that stops answers at once
    }
  }
}

/** The same for the service that is named after topics. */
export class SnsAsyncResponse extends LambdaAsyncResponse {
  /** @param {import('../tasks.d.mts').ResponseOptions} [options] */
  constructor(options = {}) {
    super(options)
    const { arn, lambdaFunctionName, awsRegion } = options
    this.arn =
      arn || `arn:aws:sns:${awsRegion || 'local'}:000000000000:${lambdaFunctionName ?? null}-zappa-async`
  }

  /** @override @param {import('../tasks.d.mts').TaskMessage} message */
  async _send(message) {
    await handOver(this, 'sns', message, SNS_ASYNC_PAYLOAD_LIMIT, 'Payload too large for SNS')
    this.response = { MessageId: this.responseId }
    this.sent = this.responseId
  }
}

/** Read at every call, so that programs may put their own classes in. @type {Record<string, any>} */
export const ASYNC_CLASSES = { lambda: LambdaAsyncResponse, sns: SnsAsyncResponse }

/**
 * Whether a result is asked for (tasks.md O2).
 * @param {unknown} given
 * @returns {Capture}
 */
export function toCapture(given) {
  return given === undefined ? 'default' : given ? 'on' : 'off'
}

/**
 * Tells how a response was asked for, beyond what its class is called with (tasks.md O2, O5).
 * @param {object} response
 * @param {Origin} origin
 */
export function noteOrigin(response, origin) {
  origins.set(response, { ...origins.get(response), ...origin })
}

/** @param {object} response @returns {Origin} */
function originOf(response) {
  return origins.get(response) ?? {}
}

/** @param {string} path */
function checkImportable(path) {
  try {
    checkPath(path)
    findAllowedFile(path)
  } catch (error) {
    const isKnown = error instanceof AsyncException || error instanceof NotFound
    if (isKnown) throw new AsyncException(error.message, { code: 'not_importable', taskPath: path })
    throw error
  }
}

/**
 * @param {LambdaAsyncResponse} response
 * @param {'lambda' | 'sns'} service
 * @param {import('../tasks.d.mts').TaskMessage} message
 * @param {number} limit
 * @param {string} complaint
 */
async function handOver(response, service, message, limit, complaint) {
  const { responseId: id } = response
  const taskPath = message.task_path
  const text = toGivenText({ ...message, command: commands[service] }, { taskPath })
  if (text.length > limit) throw new AsyncException(complaint, { code: 'payload_too_large', taskPath })
  const { capture = 'default', target } = originOf(response)
  if (!isUnderFnbox()) return execute({ id, capture, target, text })
  const delay = Number(Reflect.get(response, 'delaySeconds') ?? 0)
  await dispatch({ id, service, capture, delay_seconds: delay, message: text })
}

/** @param {unknown} delay */
function checkDelay(delay) {
  const isGood =
    delay === undefined || (typeof delay === 'number' && delay >= 0 && delay <= longestDelaySeconds)
  if (!isGood)
    throw new RangeError(
      `delaySeconds is ${JSON.stringify(delay)}, not a number from 0 to ${longestDelaySeconds}`,
    )
}

function pause() {
  return new Promise((resolve) => setTimeout(resolve, pauseMs))
}

/** @type {WeakMap<object, Origin>} */
const origins = new WeakMap()

const longestSliceSeconds = 30
const longestDelaySeconds = 604_800
const pauseMs = 100

const { setTimeout } = globalThis // the program may replace it later
