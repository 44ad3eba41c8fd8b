// The calls that were sent ahead to one instance and have not begun (PROTOCOL.md, "Calls sent ahead"). Owns them, their
// permits, and how long calls usually take.

import type { Call } from '../invocation.ts'
import type { Permits } from '../wire/permits.ts'

/** Calls that an instance begins by itself, one after the other. */
export class CallsAhead {
  #permits: Permits | undefined
  readonly #onLong: () => void
  readonly #calls: Call[] = []
  #recalling = false
  #longTimer: NodeJS.Timeout | undefined
  #begunAt = 0
  /** how long calls take, by recent ones; in milliseconds */
  #usualMs = Infinity

  /**
   * @param permits undefined: nothing can be sent ahead
   * @param onLong the running call turns out to be long, so that those behind it may find another instance sooner
   */
  constructor(permits: Permits | undefined, onLong: () => void) {
    this.#permits = permits
    this.#onLong = onLong
  }

  /** How many more calls may be sent ahead now. */
  room(slots: number): number {
    const isQuick = this.#usualMs < shortMs && this.#permits !== undefined && !this.#recalling
    return isQuick ? mostAhead * slots - this.#calls.length : 0
  }

  /** Gives a call its permit; to be called before its frame is sent. @throws the system's error */
  add(call: Call): void {
    this.#permits?.add()
    this.#calls.push(call)
    this.#longTimer ??= setTimeout(() => this.#look(), longMs)
  }

  has(call: Call): boolean {
    return this.#calls.includes(call)
  }

  /** The call that has begun, since another one has ended; undefined when none was sent ahead. */
  shift(): Call | undefined {
    return this.#calls.shift()
  }

  /**
   * Takes back the calls that have not begun, in their order: the permits tell which.
   * @returns they will never begin here; when there are any, the instance is to be told
   */
  recall(): readonly Call[] {
    if (this.#calls.length === 0 || this.#permits === undefined) return []
    const count = this.#permits.takeBack(this.#calls.length)
    if (count > 0) this.#recalling = true
    return this.#calls.splice(this.#calls.length - count)
  }

  /** The instance has forgotten the calls that were taken back. */
  recalled(): void {
    this.#recalling = false
  }

  /** A call has begun. */
  noteBegun(now: number): void {
    this.#begunAt = now
  }

  /** A call has ended. */
  noteEnded(now: number): void {
    const ms = now - this.#begunAt
    this.#usualMs = this.#usualMs === Infinity ? ms : this.#usualMs + (ms - this.#usualMs) / 4
  }

  /** Sends nothing ahead any more; what was sent is to be recalled before. */
  stop(): void {
    this.#permits = undefined
    clearTimeout(this.#longTimer)
  }

  #look(): void {
    this.#longTimer = undefined
    if (this.#calls.length === 0) return
    const leftMs = this.#begunAt + longMs - performance.now()
    if (leftMs > 0) this.#longTimer = setTimeout(() => this.#look(), leftMs)
    else {
      this.#usualMs = longMs // some short ones have to show that it was an exception
      this.#onLong()
    }
  }
}

// How many calls are sent ahead for each slot: two hide the way there and back, and a read of the channel often ends several.
const mostAhead = 4

// Calls are sent ahead while they usually take less than this.
const shortMs = 2

// A call that takes longer than this holds up those behind it.
const longMs = 5
