// A clock that stands still until a test moves it.

import type { Clock } from '../../src/jobs/delivery/deliverer.ts'

/** Time in a test's hands. */
export interface ManualClock extends Clock {
  /** Moves on, and calls what has waited for that. */
  readonly pass: (ms: number) => void
  /** how many wait */
  readonly waiting: () => number
}

export function manualClock(): ManualClock {
  let now = 1_000_000
  const waiters = new Set<{ readonly at: number; readonly callback: () => void }>()
  return {
    now: () => now,
    after: (ms, callback) => {
      const waiter = { at: now + ms, callback }
      waiters.add(waiter)
      return () => waiters.delete(waiter)
    },
    pass: (ms) => {
      now += ms
      const due = [...waiters].filter(({ at }) => at <= now)
      for (const waiter of due.toSorted((one, other) => one.at - other.at))
        if (waiters.delete(waiter)) waiter.callback()
    },
    waiting: () => waiters.size,
  }
}
