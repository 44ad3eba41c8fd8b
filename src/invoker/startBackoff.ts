// Starts that failed one after another: how long to pause before the next one, and what to tell those who wait.

import type { Fault } from '../errors.ts'

/** The memory of failed starts in a row. Cleared by the first invocation that comes back. */
export class Trouble {
  #times = 0
  #fault: Fault | undefined
  #resumeAt = 0

  /**
   * Notes a start that came to nothing.
   * @returns milliseconds until the next one makes sense
   */
  note(fault: Fault): number {
    this.#fault = fault
    this.#times++
    const pause = this.#pause()
    this.#resumeAt = performance.now() + pause
    return pause
  }

  /** The pause is over. Timers and clocks differ by a millisecond, so it is the timer that says so. */
  resume(): void {
    this.#resumeAt = 0
  }

  clear(): void {
    this.#times = 0
    this.#fault = undefined
    this.#resumeAt = 0
  }

  /** The last fault since the last success. */
  get fault(): Fault | undefined {
    return this.#fault
  }

  get pausing(): boolean {
    return performance.now() < this.#resumeAt
  }

  /** Whether it makes no sense to wait for the next start. One that merely ended while idle may well come back. */
  get hopeless(): boolean {
    return this.pausing && (this.#failedToLoad || this.#times > patience)
  }

  get #failedToLoad(): boolean {
    return (
      this.#fault !== undefined && this.#fault.code !== 'process_exit' && this.#fault.code !== 'out_of_memory'
    )
  }

  // A process that served well and then ended is replaced at once, the first time.
  #pause(): number {
    const doublings = this.#failedToLoad ? this.#times - 1 : this.#times - 2
    return doublings < 0 ? 0 : Math.min(firstPauseMs * 2 ** doublings, longestPauseMs)
  }
}

const firstPauseMs = 200
const longestPauseMs = 30_000

// Processes in a row that may end while idle before those who wait are told.
const patience = 4
