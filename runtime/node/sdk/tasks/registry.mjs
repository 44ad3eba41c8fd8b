// What all copies of this package in a process share with the runtime: a symbol and no import, so that an installed copy takes
// part, too. Owns the functions that are tasks, and the tasks that run.

import { AsyncLocalStorage } from 'node:async_hooks'

/** @typedef {(...args: any[]) => unknown} Callable what the user has written */
/** @typedef {{ id: string, attempt: number, limit: number }} RunningTask `limit`: most characters of a progress value's text */

/**
 * @typedef {object} Registry
 * @property {Map<string, Callable>} functions what was given to `task`, by path
 * @property {WeakMap<Callable, Callable>} originals what `task` has returned → what it was given
 * @property {Set<RunningTask>} running
 * @property {AsyncLocalStorage<RunningTask>} current the task in whose work code runs
 */

/** @returns {Registry} the one of this process */
export function registry() {
  const found = Reflect.get(globalThis, key)
  if (found !== undefined) return found
  /** @type {Registry} */
  const made = {
    functions: new Map(),
    originals: new WeakMap(),
    running: new Set(),
    current: new AsyncLocalStorage(),
  }
  Object.defineProperty(globalThis, key, { value: made })
  return made
}

/** The task of the calling context, else the only one that runs (tasks.md U1). */
export function currentTask() {
  const { current, running } = registry()
  const [only] = running.size === 1 ? running : []
  return current.getStore() ?? only
}

const key = Symbol.for('fnbox.tasks')
