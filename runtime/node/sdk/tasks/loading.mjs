// The function that a task path names, and whether it may be a task (tasks.md N3, X2 to X4).

import { realpathSync } from 'node:fs'
import { Session } from 'node:inspector'
import { isBuiltin } from 'node:module'
import { pathToFileURL } from 'node:url'
import { findExport } from '../../loader.mjs'
import { findFile, isInCodeRoot, isTaskPath, splitPath, toFile } from './paths.mjs'
import { registry } from './registry.mjs'

/** @typedef {import('./registry.mjs').Callable} Callable */

/** A path that names no task. */
export class TaskRejected extends Error {
  /**
   * @param {'TaskNotFound' | 'TaskNotAllowed'} name
   * @param {string} message
   */
  constructor(name, message) {
    super(message)
    this.name = name
  }
}

/** A module whose own code has thrown the `cause` while it was loaded. */
export class LoadFailure extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super('the module could not be loaded', { cause })
  }
}

/**
 * What `task` was given under this path, else the export of that name.
 * @param {string} path
 * @returns {Promise<Callable>}
 * @throws {TaskRejected | LoadFailure}
 */
export async function loadFunction(path) {
  const file = findAllowedFile(path)
  const { functions } = registry()
  const known = functions.get(path)
  if (known !== undefined) return known
  const exports = await loadModule(file)
  return functions.get(path) ?? findFunction(path, exports)
}

/** @param {string} path */
function findAllowedFile(path) {
  if (!isTaskPath(path))
    throw new TaskRejected('TaskNotAllowed', `${String(path)} is not a task path, which is dotted names`)
  const { stem } = splitPath(path)
  const file = findFile(stem)
  if (file === undefined)
    throw isBuiltin(stem)
      ? new TaskRejected('TaskNotAllowed', `${path}: ${stem} is a module of Node.js`)
      : new TaskRejected('TaskNotFound', `${path}: there is no file ${stem} in the code root`)
  if (!isInCodeRoot(file))
    throw new TaskRejected('TaskNotAllowed', `${path}: ${file} is outside of the code root`)
  return file
}

/** @param {string} file @returns {Promise<any>} */
async function loadModule(file) {
  const loading = import(pathToFileURL(file).href).catch((error) => Promise.reject(new LoadFailure(error)))
  if (!isMain(file)) return loading
  const exports = await Promise.race([loading, pause(mainTimeoutMs)])
  if (exports !== undefined) return exports
  const reason = 'still awaits something at its top level: only what task() was given there can be executed'
  throw new TaskRejected('TaskNotFound', `${file} ${reason}`)
}

// A program may await `start`, and then its module is never ready.
/** @param {string} file */
function isMain(file) {
  try {
    return realpathSync(process.argv[1] ?? '') === file
  } catch {
    return false
  }
}

/** @param {number} ms @returns {Promise<undefined>} */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms, undefined).unref())
}

/**
 * @param {string} path
 * @param {any} exports
 */
function findFunction(path, exports) {
  const { name } = splitPath(path)
  const { value } = findExport(exports, name)
  if (value === undefined) throw new TaskRejected('TaskNotFound', `${path}: its module has no export ${name}`)
  const fn = registry().originals.get(value) ?? value
  const file = typeof fn === 'function' ? definingFile(fn) : undefined
  if (file === undefined || !isInCodeRoot(file))
    throw new TaskRejected('TaskNotAllowed', `${path} is not a function that was written in the code root`)
  return fn
}

/**
 * The file in which a function was written. JavaScript cannot tell, its debugger can; so a function that a module only passes
 * on, as `export { execSync } from 'node:child_process'`, is no task (tasks.md X4).
 * @param {Callable} fn
 * @returns {string | undefined} absolute; undefined for native, bound and generated functions
 */
function definingFile(fn) {
  const session = new Session()
  session.connect()
  Reflect.set(globalThis, asked, fn)
  try {
    /** @type {Map<string | undefined, string>} */
    const urls = new Map()
    session.on('Debugger.scriptParsed', ({ params }) => urls.set(params.scriptId, params.url))
    session.post('Debugger.enable') // each `post` to one's own thread has its answers before it returns
    return toFile(urls.get(scriptOf(session)))
  } finally {
    Reflect.deleteProperty(globalThis, asked)
    session.disconnect()
  }
}

/** @param {Session} session @returns {string | undefined} */
function scriptOf(session) {
  let objectId = ''
  const expression = `globalThis[Symbol.for(${JSON.stringify(asked.description)})]`
  session.post('Runtime.evaluate', { expression }, (_, found) => {
    objectId = found.result.objectId ?? ''
  })
  /** @type {string | undefined} */
  let script
  session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_, found) => {
    script = found.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value
      .scriptId
  })
  return script
}

const asked = Symbol.for('fnbox.tasks.asked')
const mainTimeoutMs = 1000
const { setTimeout } = globalThis // the program may replace it later
