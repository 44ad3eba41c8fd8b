// The pause between starts of instances that fail one after another. Owns the count of failures and the latest fault.

import type { Fault } from '../errors.ts'

/** Failed starts in a row. The first invocation that comes back ends them. */
export class StartBackoff {
  #failures = 0
  /** the last fault since the last success; to be read only */
  fault: Fault | undefined
  #resumeAt = 0

  /**
   * Counts a start that failed.
   * @returns milliseconds until the next one may start
   */
  noteFailure(fault: Fault): number {
    this.fault = fault
    this.#failures++
    const pause = this.#pause()
    this.#resumeAt = performance.now() + pause
    return pause
  }

  /** Ends the pause. The caller's timer decides: timers and clocks differ by a millisecond. */
  resume(): void {
    this.#resumeAt = 0
  }

  /** Forgets the failures, after a success. */
  clear(): void {
    this.#failures = 0
    this.fault = undefined
    this.#resumeAt = 0
  }

  get pausing(): boolean {
    return performance.now() < this.#resumeAt
  }

  /** Whether waiting calls should fail now. A process that merely ended while idle may well come back. */
  get hopeless(): boolean {
    return this.pausing && (this.#failedToLoad || this.#failures > mostIdleEnds)
  }

  get #failedToLoad(): boolean {
    return (
      this.fault !== undefined && this.fault.code !== 'process_exit' && this.fault.code !== 'out_of_memory'
    )
  }

  // A process that served well and then ended is replaced at once, the first time.
  #pause(): number {
    const doublings = this.#failedToLoad ? this.#failures - 1 : this.#failures - 2
    return doublings < 0 ? 0 : Math.min(firstPauseMs * 2 ** doublings, longestPauseMs)
  }
}

const firstPauseMs = 200
const longestPauseMs = 30_000

// Processes in a row that may end while idle before waiting calls fail.
const mostIdleEnds = 4
