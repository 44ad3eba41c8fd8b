// Whether this program runs below fnbox: the runtime of the instance is in the same process and serves it. A symbol and no
// import, so that an installed copy of this package finds it, too.

/**
 * @typedef {object} Host
 * @property {(program: import('./program.mjs').Program) => Promise<void>} serve settles when the instance has stopped
 * @property {(jobId: unknown, json: Buffer) => boolean} progress whether such a job runs
 */

/** Where the runtime leaves its host. */
export const hostKey = Symbol.for('fnbox.serverless.host')

/** @returns {Host | undefined} undefined outside of fnbox */
export function findHost() {
  return Reflect.get(globalThis, hostKey)
}
