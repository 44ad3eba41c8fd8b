// From a task path to the function (tasks.md N3, A5), and whether it may be one (X2 to X4). Owns nothing.

import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findExport } from '../../loader.mjs'
import { fileThatDefines } from './definition.mjs'
import { LoadFailure, notAllowed, NotFound } from './errors.mjs'
import { checkPath, findAllowedFile, findFile, isInCodeRoot, splitPath, toPlace } from './paths.mjs'
import { shared } from './shared.mjs'

/** @typedef {import('./shared.mjs').Callable} Callable */

/**
 * The function of a task that somebody else has named.
 * @param {string} path
 * @returns {Promise<Callable>}
 * @throws {AsyncException} `not_allowed` (tasks.md X2 to X4); NotFound, LoadFailure
 */
export async function loadAllowed(path) {
  checkPath(path)
  const value = await load(path, findAllowedFile(path))
  if (typeof value !== 'function') throw notAllowed(`${path} is not a function`)
  if (shared().tasks.get(path) === value) return value
  const file = fileThatDefines(value)
  if (file === undefined || !isInCodeRoot(file)) throw notAllowed(`${path} is not defined in the code root`)
  return value
}

/**
 * The function of a task that the program itself has named (tasks.md A5).
 * @param {string} path
 * @returns {Promise<any>}
 * @throws {RangeError} when there is no dot; what the module throws; an Error with code ERR_MODULE_NOT_FOUND; a ReferenceError
 */
export async function importAndGetTask(path) {
  if (!path.includes('.')) throw new RangeError(`${path} is not a task path, which has a dot`)
  try {
    return await load(path, findFile(path))
  } catch (error) {
    throw error instanceof NotFound || error instanceof LoadFailure ? error.cause : error
  }
}

/**
 * Where an undecorated function is found again: as an export of a CommonJS module that is loaded (tasks.md N2).
 * @param {Callable} fn
 * @returns {import('./shared.mjs').Place}
 */
export function placeOfExport(fn) {
  for (const { filename, exports } of ownModules()) {
    const names = ownNames(exports).filter((name) => readFrom(exports, name) === fn)
    const name = names.includes(fn.name) ? fn.name : names[0]
    if (name !== undefined) return toPlace(filename, name)
  }
  const { name } = fn
  const refusal =
    'it is neither wrapped by task, nor an export of a loaded CommonJS module, and no path was given'
  return { path: `?.${name === '' ? '<anonymous>' : name}`, refusal }
}

/**
 * What `task` has made under this path, else the export of that name.
 * @param {string} path
 * @param {string} file
 */
async function load(path, file) {
  const { tasks } = shared()
  const known = tasks.get(path)
  if (known !== undefined) return known
  const exports = await loadModule(file)
  const [, name] = splitPath(path)
  const value = tasks.get(path) ?? findExport(exports, name).value
  if (value === undefined) throw new NotFound(new ReferenceError(`${path}: ${file} has no export ${name}`))
  return value
}

/** @param {string} file */
async function loadModule(file) {
  const loading = import(pathToFileURL(file).href).catch((error) => Promise.reject(new LoadFailure(error)))
  if (!isMain(file)) return loading
  const exports = await Promise.race([loading, pause(mainPatienceMs)])
  if (exports !== undefined) return exports
  throw new NotFound(
    new Error(
      `${file} still awaits something at its top level: only what task has made there can be executed`,
    ),
  )
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

// Packages often load their parts when an export is read.
function ownModules() {
  return Object.values(require.cache)
    .filter((each) => each !== undefined)
    .filter(({ filename }) => !filename.includes(`${sep}node_modules${sep}`))
}

/** @param {any} exports */
function ownNames(exports) {
  const holds = (typeof exports === 'object' && exports !== null) || typeof exports === 'function'
  return holds ? Object.keys(exports) : []
}

// What compilers make of exports are getters, which may throw.
/** @param {any} exports @param {string} name */
function readFrom(exports, name) {
  try {
    return exports[name]
  } catch {
    return undefined
  }
}

const require = createRequire(import.meta.url)
const mainPatienceMs = 1000
const { setTimeout } = globalThis // the program may replace it later
