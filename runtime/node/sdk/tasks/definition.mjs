// In which file a function was written: JavaScript cannot tell, its debugger can. So a function that a module only passes on,
// as `export { execSync } from 'node:child_process'`, is not taken for its own (tasks.md X4). Owns what it was told.

import { Session } from 'node:inspector'
import { toFile } from './paths.mjs'

/**
 * @param {import('./shared.mjs').Callable} fn
 * @returns {string | undefined} absolute path; undefined for native, bound and generated ones
 */
export function fileThatDefines(fn) {
  if (!known.has(fn)) known.set(fn, ask(fn))
  return known.get(fn)
}

/** @param {import('./shared.mjs').Callable} fn */
function ask(fn) {
  const session = new Session()
  session.connect()
  try {
    /** @type {Map<string, string>} */
    const scripts = new Map()
    session.on('Debugger.scriptParsed', ({ params }) => scripts.set(params.scriptId, params.url))
    session.post('Debugger.enable') // tells of all scripts before it returns, as every `post` to one's own thread
    return toFile(scripts.get(scriptOf(session, fn) ?? ''))
  } finally {
    session.disconnect()
  }
}

/**
 * @param {Session} session
 * @param {import('./shared.mjs').Callable} fn
 * @returns {string | undefined}
 */
function scriptOf(session, fn) {
  let objectId = ''
  Reflect.set(globalThis, key, fn)
  try {
    session.post(
      'Runtime.evaluate',
      { expression: `globalThis[Symbol.for(${JSON.stringify(key.description)})]` },
      (_, found) => {
        objectId = found.result.objectId ?? ''
      },
    )
  } finally {
    Reflect.deleteProperty(globalThis, key)
  }
  /** @type {string | undefined} */
  let script
  session.post('Runtime.getProperties', { objectId, ownProperties: true }, (_, found) => {
    script = found.internalProperties?.find(({ name }) => name === '[[FunctionLocation]]')?.value?.value
      .scriptId
  })
  return script
}

/** @type {WeakMap<import('./shared.mjs').Callable, string | undefined>} */
const known = new WeakMap()

const key = Symbol.for('fnbox.tasks.asked')
