// The calls of an instance, and the order in which they start (../PROTOCOL.md, "Calls sent ahead"). Owns the calls that run, and
// those that were sent ahead and have not started.

import { AsyncLocalStorage } from 'node:async_hooks'
import { ProtocolError } from './channel.mjs'
import { bordersWritten } from './log.mjs'

const { readSync } = process.getBuiltinModule('node:fs') // an import would load all streams of files

/**
 * Calls by id. A call that was sent ahead starts when another one has ended.
 * @template Call
 */
export class Ahead {
  /** @type {Map<string, Call>} */ running = new Map()
  /** @type {{ frame: any, body: Buffer }[]} */ #kept = []
  /** @readonly */ #border
  /** @readonly */ #slots
  /** @readonly */ #start

  /**
   * @param {{ border?: string, concurrency: number }} frame the `load` frame
   * @param {(frame: any, body: Buffer) => void} start starts a call and adds it to `running`
   */
  constructor({ border, concurrency }, start) {
    this.#border = border === undefined ? undefined : Buffer.from(border, 'latin1')
    this.#slots = concurrency
    this.#start = start
  }

  /**
   * Starts a call, or keeps one that was sent ahead.
   * @param {any} frame the `invoke` frame
   * @param {Buffer} body it lies in a buffer that is used again
   */
  invoke(frame, body) {
    if (this.running.has(frame.id)) throw new ProtocolError('invoke came twice')
    if (!frame.ahead) return this.#start(frame, body)
    this.#kept.push({ frame, body: Buffer.from(body) })
    if (this.running.size < this.#slots) this.#startNext()
  }

  /** The outcome frame of a call was sent: starts the next one. @param {string} id */
  end(id) {
    this.running.delete(id)
    if (this.#kept.length > 0) inNoCall(() => this.#startNext())
  }

  /** Forgets all calls that have not started: the supervisor has taken them back. */
  forget() {
    this.#kept = []
  }

  // Without a permit the supervisor has taken the call back.
  #startNext() {
    const [next] = this.#kept
    if (next === undefined || !takePermit()) return
    this.#kept.shift()
    const written = this.#border === undefined ? undefined : bordersWritten(this.#border)
    if (written === undefined) this.#start(next.frame, next.body)
    else void written.then(() => this.#start(next.frame, next.body))
  }
}

function takePermit() {
  try {
    return readSync(permits, permit, 0, 1, null) === 1
  } catch {
    return false
  }
}

// The context of no call: what one has left in its own (`enterWith`) is not the next one's.
const inNoCall = AsyncLocalStorage.snapshot()

const permits = 4
const permit = Buffer.alloc(1)
