// The calls that were sent ahead to one instance and have not begun (PROTOCOL.md, "Calls sent ahead"). Owns them, their
// permits, and which of the latest calls were short.

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
  /** one bit for each of the latest calls: whether it was short */
  #short = 0
  #behindLong = false

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
    if (this.#permits === undefined || this.#recalling || this.#behindLong || !this.#isQuick) return 0
    const room = mostAhead * slots - this.#calls.length
    return room >= fewestTogether || this.#calls.length === 0 ? room : 0
  }

  /** Gives calls their permits; to be called before their frames are sent. @throws the system's error */
  add(calls: readonly Call[]): void {
    this.#permits?.add(calls.length)
    this.#calls.push(...calls)
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
    // No more than these: a call whose start was inferred may still be on its way to the instance, and needs its permit.
    const count = this.#permits.takeBack(this.#calls.length)
    if (count > 0) this.#recalling = true
    return this.#calls.splice(this.#calls.length - count)
  }

  /** How many of the latest calls that seem to have begun have not, since their frames had not reached the instance. */
  takeBackBegun(most: number): number {
    return this.#permits?.takeBack(most) ?? 0
  }

  /** The instance has forgotten the calls that were taken back. */
  recalled(): void {
    this.#recalling = false
  }

  /** A call has begun. */
  noteBegun(now: number): void {
    this.#begunAt = now
    this.#behindLong = false
  }

  /** A call has ended. */
  noteEnded(now: number): void {
    const isShort = now - this.#begunAt < shortMs
    this.#short = ((this.#short << 1) | (isShort ? 1 : 0)) & latest
  }

  /** Sends nothing ahead any more; what was sent is to be recalled before. */
  stop(): void {
    this.#permits = undefined
    clearTimeout(this.#longTimer)
  }

  // Now and then a short call takes long, on a busy machine above all.
  get #isQuick(): boolean {
    let count = 0
    for (let bits = this.#short; bits !== 0; bits &= bits - 1) count++
    return count >= enoughShort
  }

  #look(): void {
    this.#longTimer = undefined
    if (this.#calls.length === 0) return
    const leftMs = this.#begunAt + longMs - performance.now()
    if (leftMs > 0) this.#longTimer = setTimeout(() => this.#look(), leftMs)
    else {
      this.#behindLong = true
      this.#onLong()
    }
  }
}

// How many calls are sent ahead for each slot: two hide the way there and back, and a read of the channel often ends several.
const mostAhead = 4

// So many leave together, at the cost of one system call, unless the instance would have none.
const fewestTogether = 3

// Calls are sent ahead while six of the latest eight took less than this.
const shortMs = 2
const latest = 0b1111_1111
const enoughShort = 6

// A call that takes longer than this holds up those behind it.
const longMs = 5
