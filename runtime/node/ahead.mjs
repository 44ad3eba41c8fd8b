// Calls that were sent ahead (../PROTOCOL.md, "Calls sent ahead"). Owns those that have not started.

import { bordersWritten } from './log.mjs'

const { readSync } = process.getBuiltinModule('node:fs') // an import would load all streams of files

/** The calls that wait for the end of another one, in order of arrival. */
export class Ahead {
  /** @type {{ frame: any, body: Buffer }[]} */ #kept = []
  /** @readonly */ #start
  /** @readonly */ #border

  /**
   * @param {string | undefined} border what divides the output of two calls
   * @param {(frame: any, body: Buffer) => void} start starts a call
   */
  constructor(border, start) {
    this.#border = border === undefined ? undefined : Buffer.from(border, 'latin1')
    this.#start = start
  }

  /**
   * Keeps a call until `startNext`.
   * @param {any} frame the `invoke` frame
   * @param {Buffer} body it is copied, since it lies in a buffer that is used again
   */
  keep(frame, body) {
    this.#kept.push({ frame, body: Buffer.from(body) })
  }

  /** Starts the next call, if there is one and the supervisor has not taken it back. */
  startNext() {
    if (this.#kept.length === 0 || !takePermit()) return
    const { frame, body } = /** @type {{ frame: any, body: Buffer }} */ (this.#kept.shift())
    const written = this.#border === undefined ? undefined : bordersWritten(this.#border)
    if (written === undefined) this.#start(frame, body)
    else void written.then(() => this.#start(frame, body))
  }

  /** Forgets all calls: they were taken back. */
  forget() {
    this.#kept = []
  }
}

function takePermit() {
  try {
    return readSync(permits, permit, 0, 1, null) === 1
  } catch {
    return false
  }
}

const permits = 4
const permit = Buffer.alloc(1)
