// The time as what waits for it sees it, so that tests can have a time of their own. Owns nothing.

/** Tells the time, and calls when some of it has passed. */
export interface Clock {
  /** epoch milliseconds */
  readonly now: () => number
  /** Calls once, after so many milliseconds. @returns takes it back; may be called at any time */
  readonly after: (ms: number, callback: () => void) => () => void
}

/** The machine's clock. Its timers do not keep the program running. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
}
