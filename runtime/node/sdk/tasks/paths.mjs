// Task paths, and the files of the code root that they name (tasks.md N2, X2, X3).

import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, parse, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'

/**
 * How another instance finds a function.
 * @typedef {object} Place
 * @property {string} path dotted text `folder.file.function`
 * @property {string} [problem] why the function cannot be found there
 * @property {boolean} [isOutside] whether its file is outside of the code root, which matters under fnbox only
 */

/** The file of the code that called this package; undefined where it is not a file. */
export function callerFile() {
  const files = getCallSites(mostFrames, { sourceMap: false }).map(({ scriptName }) => toFile(scriptName))
  return files.find((file) => file !== undefined && !file.startsWith(packageFolder))
}

/**
 * @param {string | undefined} file absolute, symlinks resolved
 * @param {string} name of the function
 * @returns {Place}
 */
export function placeOf(file, name) {
  if (file === undefined) return { path: `?.${name}`, problem: 'it was not made in a file' }
  const isOutside = !isInCodeRoot(file)
  const { dir, name: stem } = parse(isOutside ? parse(file).base : relative(codeRoot(), file))
  const path = [...dir.split(sep), stem, name].filter((part) => part !== '').join('.')
  if (name === '') return { path, problem: 'the function has no name' }
  const named = { path, isOutside }
  return isTaskPath(path) && !stem.includes('.') && !dir.includes('.')
    ? named
    : { ...named, problem: 'its file or its name cannot be part of a task path' }
}

/**
 * Whether a value is dotted names with at least one dot (tasks.md X2).
 * @param {any} path
 * @returns {path is string}
 */
export function isTaskPath(path) {
  const parts = typeof path === 'string' ? path.split('.') : []
  const name = parts.pop() ?? ''
  return parts.length > 0 && parts.every((part) => filePart.test(part)) && functionName.test(name)
}

/**
 * The two halves of a task path.
 * @param {string} path
 * @returns {{ stem: string, name: string }} the file below the code root without its extension; name of the function
 */
export function splitPath(path) {
  const dot = path.lastIndexOf('.')
  return { stem: path.slice(0, dot).replaceAll('.', sep), name: path.slice(dot + 1) }
}

/**
 * The file of a task (tasks.md N3), which need not be in the code root; nothing is loaded.
 * @param {string} stem
 * @returns {string | undefined} absolute, symlinks resolved; undefined when there is none
 */
export function findFile(stem) {
  const base = join(codeRoot(), stem)
  const file = extensions
    .map((extension) => base + extension)
    .find((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
  return file && realpathSync(file)
}

/** Whether a file, symlinks resolved, lies in the code root. @param {string} file */
export function isInCodeRoot(file) {
  try {
    const path = relative(codeRoot(), realpathSync(file))
    return path !== '' && path !== '..' && !path.startsWith(`..${sep}`) && !isAbsolute(path)
  } catch {
    return false // the code was never in a file
  }
}

/** @param {string | undefined} name of a script: path or URL @returns {string | undefined} */
export function toFile(name) {
  if (name?.startsWith('file:')) return fileURLToPath(name)
  return name !== undefined && isAbsolute(name) ? name : undefined
}

function codeRoot() {
  return realpathSync(process.env['LAMBDA_TASK_ROOT'] || process.cwd())
}

const packageFolder = fileURLToPath(new URL('..', import.meta.url))
const mostFrames = 100

// N3 names the first three; a function may be written in the others as well (yandex.md H-4).
const extensions = ['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts']

// Files are often called `send-mail` or `2024`; a dot, a separator or a blank is never part of one.
const filePart = /^[\p{ID_Continue}$-]+$/u
const functionName = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u
