// Where the runtime of an instance and every copy of this package in its process meet: a symbol and no import, so that an
// installed copy takes part, too. Owns the functions that are tasks, and the tasks that run.

import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * A task that this instance executes for the engine.
 * @typedef {object} RunningTask
 * @property {string} id
 * @property {number} attempt
 * @property {Capture} capture
 * @property {number} limit most characters of a progress value's text
 */

/** @typedef {import('../../../../src/jobs/model/job.ts').Capture} Capture */

/**
 * Where a function is found again.
 * @typedef {object} Place
 * @property {string} path dotted text `module.function`
 * @property {string} [refusal] why it cannot be found there
 * @property {string} [outside] the same, for a file that is no matter outside of fnbox
 */

/** @typedef {(...args: any[]) => unknown} Callable whatever the user has written */

/**
 * @typedef {object} Shared
 * @property {boolean} imported whether the function has imported `fnbox/tasks` (tasks.md §9)
 * @property {Map<string, Callable>} tasks what `task` has made, by path
 * @property {WeakMap<Callable, Place>} places of what `task` has made
 * @property {Set<RunningTask>} running
 * @property {AsyncLocalStorage<RunningTask>} current in whatever a task has started this is that task
 */

/** @returns {Shared} the one of this process */
export function shared() {
  const found = Reflect.get(globalThis, key)
  if (found !== undefined) return found
  /** @type {Shared} */
  const made = {
    imported: false,
    tasks: new Map(),
    places: new WeakMap(),
    running: new Set(),
    current: new AsyncLocalStorage(),
  }
  Object.defineProperty(globalThis, key, { value: made })
  return made
}

/** The task of the calling context, else the only one that runs (tasks.md U1). */
export function currentTask() {
  const { current, running } = shared()
  const [only] = running.size === 1 ? running : []
  return current.getStore() ?? only
}

const key = Symbol.for('fnbox.tasks')
