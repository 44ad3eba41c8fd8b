// Between task paths and files of the code root (tasks.md N2, X2, X3). Owns nothing.

import { realpathSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { isAbsolute, join, parse, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'
import { NotFound, notAllowed } from './errors.mjs'

/** @typedef {import('./shared.mjs').Place} Place */

/** The file of whoever called this package; undefined where it is not a file. */
export function callerFile() {
  const names = getCallSites(mostFrames, { sourceMap: false }).map(({ scriptName }) => toFile(scriptName))
  return names.find((name) => name !== undefined && !name.startsWith(ownFolder))
}

/**
 * Where a function of a file is found again (tasks.md N2).
 * @param {string | undefined} file absolute, symlinks resolved
 * @param {string} name of the function
 * @returns {Place}
 */
export function toPlace(file, name) {
  if (file === undefined) return { path: `?.${name}`, refusal: 'it was not made in a file' }
  const inside = relative(codeRoot(), file)
  const isOutside = !isInside(inside)
  const { dir, name: stem } = parse(isOutside ? parse(file).base : inside)
  const parts = [...(dir === '' ? [] : dir.split(sep)), stem]
  const path = [...parts, name].join('.')
  if (name === '') return { path, refusal: 'the function has no name' }
  if (!functionName.test(name))
    return { path, refusal: `${JSON.stringify(name)} is not the name of a function` }
  const odd = parts.find((part) => !filePart.test(part))
  if (odd !== undefined) return { path, refusal: `${JSON.stringify(odd)} cannot be part of a path` }
  return isOutside ? { path, outside: `${file} is outside of the code root` } : { path }
}

/**
 * @param {any} path
 * @throws {AsyncException} when it is not dotted names with at least one dot (tasks.md X2)
 */
export function checkPath(path) {
  const parts = typeof path === 'string' ? path.split('.') : []
  const name = parts.pop()
  const isPath =
    parts.length > 0 && parts.every((part) => filePart.test(part)) && functionName.test(name ?? '')
  if (!isPath) throw notAllowed(`${String(path)}: not a task path, which is dotted names`)
}

/**
 * The two halves of a path.
 * @param {string} path
 * @returns {[stem: string, name: string]} the file below the code root without its extension; name of the function
 */
export function splitPath(path) {
  const dot = path.lastIndexOf('.')
  return [path.slice(0, dot).replaceAll('.', sep), path.slice(dot + 1)]
}

/**
 * The file of a task below the code root; nothing is loaded (tasks.md N3).
 * @param {string} path
 * @returns {string} with symlinks resolved
 * @throws {NotFound}
 */
export function findFile(path) {
  const [stem] = splitPath(path)
  const file = fileOf(join(codeRoot(), stem))
  if (file === undefined) throw new NotFound(noModule(`${path}: there is no file ${stem} in the code root`))
  return realpathSync(file)
}

/**
 * The same for a path that anybody may have written (tasks.md X3).
 * @param {string} path
 * @returns {string}
 * @throws {AsyncException} `not_allowed` when it leads out of the code root, or to a module of Node.js; NotFound
 */
export function findAllowedFile(path) {
  const [stem] = splitPath(path)
  if (isBuiltin(stem) && fileOf(join(codeRoot(), stem)) === undefined)
    throw notAllowed(`${path}: ${stem} is a module of Node.js`)
  const file = findFile(path)
  if (!isInCodeRoot(file)) throw notAllowed(`${path}: ${file} is outside of the code root`)
  return file
}

/** Whether a file, symlinks resolved, lies in the code root. @param {string} file */
export function isInCodeRoot(file) {
  try {
    return isInside(relative(codeRoot(), realpathSync(file)))
  } catch {
    return false // code that was never in a file
  }
}

/** @param {string | undefined} name of a script: path or address @returns {string | undefined} */
export function toFile(name) {
  if (name?.startsWith('file:')) return fileURLToPath(name)
  return name !== undefined && isAbsolute(name) ? name : undefined
}

/** Absolute path of the function's code, symlinks resolved. */
function codeRoot() {
  return realpathSync(process.env['LAMBDA_TASK_ROOT'] || process.cwd())
}

/** @param {string} message */
function noModule(message) {
  return Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' })
}

/** @param {string} stem */
function fileOf(stem) {
  return extensions
    .map((each) => stem + each)
    .find((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
}

/** @param {string} path relative to the code root */
function isInside(path) {
  return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
}

const ownFolder = fileURLToPath(new URL('..', import.meta.url))
const mostFrames = 100

// N3 names the first three; the others are what a function may be written in as well (yandex.md H-4).
const extensions = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

// Files are often called `send-mail` or `2024`; a dot, a separator or a blank is never part of one.
const filePart = /^[\p{ID_Continue}$-]+$/u
const functionName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
