// What a script imports as `fnbox/serverless` (jobs.md §13): under fnbox it serves, elsewhere it runs one test job. Owns the list of
// fitness checks.

import { describeThrown } from '../outcome.mjs'
import { NotJson, toJson } from './handling.mjs'
import { runTestJob, takeFlags } from './local.mjs'
import { write } from './log.mjs'
import { findHost, Program } from './program.mjs'

/**
 * Registers the handler and serves jobs (jobs.md NODE-2). Settles when the instance has stopped.
 * @type {typeof import('./serverless.d.mts').start}
 * @throws {TypeError} when there is no handler; Error when it was called before
 */
export async function start(config) {
  const flags = takeFlags()
  const program = new Program(config, checks, flags.rp_debugger === true)
  const host = findHost()
  if (host === undefined || flags.test_input !== undefined)
    return runTestJob(program, flags, host === undefined)
  await host.serve(program)
}

/**
 * Shows a value as the state of a running job (jobs.md W-14). Never throws: a value that cannot be shown is logged.
 * @type {typeof import('./serverless.d.mts').progressUpdate}
 */
export function progressUpdate(job, value) {
  let id
  try {
    id = /** @type {{ id?: unknown } | undefined} */ (job)?.id
    const json = toJson(value)
    const host = findHost()
    if (host === undefined) write('INFO', `progress: ${json.toString()}`, id)
    else if (!host.progress(id, json)) write('WARN', 'progress of a job that does not run is ignored', id)
  } catch (error) {
    const what = error instanceof NotJson ? 'progress that JSON cannot hold' : 'progress'
    write('WARN', `${what} is ignored: ${describeThrown(error).message}`, id)
  }
}

/**
 * Adds a check that must pass before the instance takes its first job (jobs.md W-16).
 * @type {typeof import('./serverless.d.mts').registerFitnessCheck}
 * @throws {TypeError} when it cannot be called
 */
export function registerFitnessCheck(check) {
  if (typeof check !== 'function') throw new TypeError('a fitness check must be a function')
  checks.push(check)
  return check
}

/** @type {(() => unknown)[]} */
const checks = []
