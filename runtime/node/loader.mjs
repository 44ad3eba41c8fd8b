// The function that a handler string names (yandex.md §1).

import { join, parse, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { offerModules } from './sdk/modules.mjs'

/** @typedef {Extract<import('../../src/wire/frames.ts').FrameToInstance, { type: 'load' }>} LoadFrame */
/** @typedef {(event: unknown, context: unknown) => unknown} Handler */

/**
 * Loads the module and finds the handler in it (yandex.md H-1 to H-6, H-17).
 * @param {LoadFrame} frame
 * @returns {Promise<Handler>}
 */
export async function loadHandler(frame) {
  const { root, module, name, file } = frame
  if (file === undefined) throw new Error(`Cannot find module '${join(root, module || 'index')}'`)
  offerModules(['fnbox/tasks'], 'auto')
  const path = module === '' ? withoutExtension(relative(root, file)) : module
  const exports = await import(pathToFileURL(file).href)
  const { value, owner } = findExport(exports, name)
  if (value === undefined)
    throw loadError('HandlerNotFound', `Can't find handler function ${name} in ${path}`)
  if (typeof value !== 'function') throw loadError('HandlerNotCallable', `${path}.${name} must be function`)
  return (event, context) => Reflect.apply(value, owner, [event, context])
}

/**
 * The named export, else the property of that name on the default export (yandex.md H-6), which then is `this`. What
 * compilers make of `export default` in CommonJS has its default export one level deeper.
 * @param {Record<string, any>} exports
 * @param {string} name
 * @returns {{ value: any, owner: any }} undefined where there is none
 */
export function findExport(exports, name) {
  const named = exports[name]
  const owner = exports['default']
  const compiled = name === 'default' && typeof named === 'object'
  if (named !== undefined && !compiled) return { value: named, owner: undefined }
  return { value: owner?.[name] ?? named, owner }
}

/** @param {string} path */
function withoutExtension(path) {
  const { dir, name } = parse(path)
  return join(dir, name)
}

/**
 * @param {string} name
 * @param {string} message
 */
function loadError(name, message) {
  return Object.assign(new Error(message), { name })
}
