// The calls that were sent ahead to one instance and have not begun (PROTOCOL.md, "Calls sent ahead"). Owns them, their
// permits, and which of the latest calls were short.

import type { Call, CallHolder } from '../invocation.ts'
import type { Channel } from '../wire/channel.ts'
import type { Permits } from '../wire/permits.ts'
import { toInvokeAhead } from './callFrames.ts'
import type { CallLimits, CallListener } from './instanceSpec.ts'

/** Calls that an instance begins by itself, one after the other. */
export class CallsAhead {
  #permits: Permits | undefined
  readonly #channel: Channel
  readonly #limits: CallLimits
  readonly #listener: Pick<CallListener, 'onReturned'>
  readonly #calls: Call[] = []
  #recalling = false
  #longTimer: NodeJS.Timeout | undefined
  #begunAt = 0
  /** how many calls ended lately, and a bit for each: whether it was short */
  #latest = 0
  #short = 0
  #behindLong = false

  /** @param permits undefined: nothing can be sent ahead */
  constructor(
    permits: Permits | undefined,
    channel: Channel,
    limits: CallLimits,
    listener: Pick<CallListener, 'onReturned'>,
  ) {
    this.#permits = permits
    this.#channel = channel
    this.#limits = limits
    this.#listener = listener
  }

  /** How many more calls may be sent ahead now. */
  room(slots: number): number {
    if (this.#permits === undefined || this.#recalling || this.#behindLong || !this.#isQuick) return 0
    return mostAhead * slots - this.#calls.length
  }

  /**
   * Sends calls ahead, each to begin when another one has ended. They stay queued until then.
   * @returns false when that is not possible after all
   */
  send(calls: readonly Call[], holder: CallHolder): boolean {
    try {
      this.#permits?.add(calls.length)
    } catch {
      this.stop() // the disk is full
      return false
    }
    this.#calls.push(...calls)
    this.#channel.together(() => {
      for (const call of calls) {
        call.holder = holder
        this.#channel.send(toInvokeAhead(call, this.#limits), call.payload, call.text)
      }
    })
    if (this.#channel.ended) this.giveBack()
    this.#longTimer ??= setTimeout(() => this.#look(), longMs)
    return true
  }

  /** The call that has begun, since another one has ended; undefined when none was sent ahead. */
  shift(): Call | undefined {
    return this.#calls.shift()
  }

  /** Gives back the calls that have not begun, and tells the instance to forget them. */
  giveBack(): void {
    this.#return(this.#recall())
  }

  /** The same when the process has gone: a write would lose what it has sent last and was not read yet. */
  giveBackSilently(): void {
    this.#return(this.#takeBack())
  }

  /** Takes one call back, and returns the others. @returns false: it is not here, or has started */
  withdraw(call: Call): boolean {
    if (!this.#calls.includes(call)) return false
    const back = this.#recall()
    this.#return(back.filter((each) => each !== call))
    return back.includes(call)
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
    this.#latest = Math.min(mostLatest, this.#latest + 1)
    this.#short = ((this.#short << 1) | (isShort ? 1 : 0)) & (2 ** mostLatest - 1)
  }

  /** Sends nothing ahead any more. May be called twice. */
  stop(): void {
    this.giveBack()
    this.#permits = undefined
    clearTimeout(this.#longTimer)
  }

  #recall(): readonly Call[] {
    const back = this.#takeBack()
    if (back.length > 0) this.#channel.send({ type: 'recall' })
    return back
  }

  // The permits tell which have not begun. No more than these: a call whose start was inferred may still be on its way to the
  // instance, and needs its permit.
  #takeBack(): readonly Call[] {
    if (this.#calls.length === 0 || this.#permits === undefined) return []
    const count = this.#permits.takeBack(this.#calls.length)
    if (count > 0) this.#recalling = true
    return this.#calls.splice(this.#calls.length - count)
  }

  #return(calls: readonly Call[]): void {
    if (calls.length > 0) this.#listener.onReturned(calls)
  }

  // Now and then a short call takes long, on a busy machine above all.
  get #isQuick(): boolean {
    let count = 0
    for (let bits = this.#short; bits !== 0; bits &= bits - 1) count++
    return count > 0 && count * 4 >= this.#latest * 3
  }

  #look(): void {
    this.#longTimer = undefined
    if (this.#calls.length === 0) return
    const leftMs = this.#begunAt + longMs - performance.now()
    if (leftMs > 0) this.#longTimer = setTimeout(() => this.#look(), leftMs)
    else {
      this.#behindLong = true
      this.giveBack()
    }
  }
}

// How many calls are sent ahead for each slot: two hide the way there and back, and a read of the channel often ends several.
const mostAhead = 4

// Calls are sent ahead while three quarters of the latest ones, at most eight, took less than this.
const shortMs = 2
const mostLatest = 8

// A call that takes longer than this delays those behind it.
const longMs = 5
