// `task`, `taskSns` and `run`: functions that are dispatched when they are called (tasks.md §3.1, §3.2 with N1). Owns nothing.

import { isUnderFnbox } from './engine.mjs'
import { AsyncException, warnOnce } from './errors.mjs'
import { placeOfExport } from './loading.mjs'
import { callerFile, checkPath, toPlace } from './paths.mjs'
import { ASYNC_CLASSES, noteOrigin, toCapture } from './responses.mjs'
import { shared } from './shared.mjs'
import { toGivenText } from './text.mjs'

/** @typedef {import('./shared.mjs').Callable} Callable */
/** @typedef {import('./shared.mjs').Place} Place */
/** @typedef {import('../tasks.d.mts').TaskOptions} TaskOptions */

/**
 * @param {...any} given the function and options, or options alone for a decorator
 * @returns {any}
 */
export function task(...given) {
  const file = callerFile()
  const [first, second] = given
  if (typeof first === 'function') return wrap(first, second ?? {}, file)
  return (/** @type {Callable} */ fn) => wrap(fn, first ?? {}, file)
}

/**
 * @param {...any} given as for `task`
 * @returns {any}
 */
export function taskSns(...given) {
  const [first, second] = given
  const options = { ...(typeof first === 'function' ? second : first), service: 'sns' }
  return typeof first === 'function' ? task(first, options) : task(options)
}

/**
 * @param {any} fn decorated or not
 * @param {any} [args]
 * @param {any} [kwargs]
 * @param {TaskOptions} [options]
 * @returns {Promise<any>} a response object
 */
export async function run(fn, args = [], kwargs = {}, options = {}) {
  if (typeof fn !== 'function') throw new TypeError('run needs a function')
  if (!Array.isArray(args)) throw new TypeError('args is not an array')
  if (!isPlain(kwargs)) throw new TypeError('kwargs is not a plain object')
  const service = options.service ?? 'lambda'
  if (!Object.hasOwn(ASYNC_CLASSES, service)) throw new TypeError(`${service} is not a service of tasks`)
  const place = options.path === undefined ? placeOf(fn) : { path: options.path }
  return dispatch({ place, args, kwargs, options: { ...options, service }, target: fn })
}

/**
 * @param {any} fn
 * @returns {string}
 */
export function getFuncTaskPath(fn) {
  return placeOf(fn).path
}

/**
 * @param {Callable} fn
 * @param {TaskOptions} options
 * @param {string | undefined} file
 */
function wrap(fn, options, file) {
  const { service = 'lambda', path } = options
  const sync = shared().places.has(fn) ? Reflect.get(fn, 'sync') : fn // what was wrapped before
  const place = path === undefined ? toPlace(file, fn.name) : { path }
  /** @this {unknown} @param {...unknown} args */
  async function wrapper(...args) {
    const known = Object.hasOwn(ASYNC_CLASSES, service)
    if (!known) warnOnce(`${service} is not a service of tasks: ${place.path} runs in place`)
    if (known && isUnderFnbox())
      return dispatch({ place, args, kwargs: {}, options: { ...options, service }, target: fn })
    toGivenText(args, { taskPath: place.path }) // only checked (tasks.md W2)
    return Reflect.apply(sync, this, args)
  }
  Object.defineProperties(wrapper, {
    name: { value: fn.name, configurable: true },
    length: { value: fn.length, configurable: true },
    service: { value: service, enumerable: true },
    sync: { value: sync, enumerable: true },
    taskPath: { value: place.path, enumerable: true },
  })
  // What is outside of the code root must not stand in for a file of it.
  if (place.refusal === undefined && place.outside === undefined) shared().tasks.set(place.path, wrapper)
  shared().places.set(wrapper, place)
  return wrapper
}

/** @param {Callable} fn */
function placeOf(fn) {
  return shared().places.get(fn) ?? placeOfExport(fn)
}

/**
 * @param {object} call
 * @param {Place} call.place
 * @param {readonly unknown[]} call.args
 * @param {Record<string, unknown>} call.kwargs
 * @param {TaskOptions & { service: string }} call.options
 * @param {Callable} call.target
 */
async function dispatch({ place, args, kwargs, options, target }) {
  const { service, captureResponse, delaySeconds } = options
  checkPlace(place)
  const capture = toCapture(captureResponse)
  const Response = ASYNC_CLASSES[service]
  const response = new Response({
    lambdaFunctionName: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? null,
    awsRegion: process.env['AWS_REGION'] ?? null,
    captureResponse: capture !== 'off',
    ...(delaySeconds === undefined ? {} : { delaySeconds }),
  })
  noteOrigin(response, { target, capture })
  return response.send(place.path, args, kwargs)
}

// tasks.md P3
/** @param {Place} place */
function checkPlace({ path, refusal, outside }) {
  const reason = refusal ?? (isUnderFnbox() ? outside : undefined)
  if (reason !== undefined)
    throw new AsyncException(`${path}: ${reason}`, { code: 'not_importable', taskPath: path })
  try {
    checkPath(path)
  } catch (error) {
    const { message } = /** @type {Error} */ (error) // it throws nothing else
    throw new AsyncException(message, { code: 'not_importable', taskPath: path })
  }
}

/** @param {any} value */
function isPlain(value) {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
